package dev.pglambda.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Each expected token is written {@code KIND:text}, tokens are separated by {@code ' | '}. */
class SqlLexerTest {

  static Stream<Arguments> tokensInBothModes() {
    return Stream.of(
        // Identifiers
        arguments("select Foo_1$", "IDENTIFIER:select | IDENTIFIER:Foo_1$"),
        arguments("_a \u00e9\u0080x", "IDENTIFIER:_a | IDENTIFIER:\u00e9\u0080x"),
        arguments("\"A \"\"b\"\";\" c", "QUOTED_IDENTIFIER:\"A \"\"b\"\";\" | IDENTIFIER:c"),
        arguments("\"a\"\"b\"\"\"", "QUOTED_IDENTIFIER:\"a\"\"b\"\"\""),
        arguments("\"a\n--b\"c", "QUOTED_IDENTIFIER:\"a\n--b\" | IDENTIFIER:c"),
        arguments("u&\"d\\0061t\"\"\"x", "UNICODE_IDENTIFIER:u&\"d\\0061t\"\"\" | IDENTIFIER:x"),
        arguments(
            "U&\"a!0061\" /**/ uEscape --\n'!'x",
            "UNICODE_IDENTIFIER:U&\"a!0061\" /**/ uEscape --\n'!' | IDENTIFIER:x"),
        arguments("U&\"a\" uescapes", "UNICODE_IDENTIFIER:U&\"a\" | IDENTIFIER:uescapes"),
        arguments(
            "U&\"a\" uescape 'aa'",
            "UNICODE_IDENTIFIER:U&\"a\" | IDENTIFIER:uescape | STRING:'aa'"),
        arguments(
            "U&\"a\" uescape '+'", "UNICODE_IDENTIFIER:U&\"a\" | IDENTIFIER:uescape | STRING:'+'"),
        arguments(
            "U&\"a\" uescape '!'\n'x'",
            "UNICODE_IDENTIFIER:U&\"a\" | IDENTIFIER:uescape | STRING:'!'\n'x'"),
        arguments("U& \"a\"", "IDENTIFIER:U | OPERATOR:& | QUOTED_IDENTIFIER:\"a\""),
        arguments("\"a", "ERROR:\"a"),
        arguments("a \"b\"\"", "IDENTIFIER:a | ERROR:\"b\"\""),
        // Strings without backslashes
        arguments("'a''b' c", "STRING:'a''b' | IDENTIFIER:c"),
        arguments("''", "STRING:''"),
        arguments("'/*' -- '", "STRING:'/*'"),
        arguments("'a", "ERROR:'a"),
        arguments("'a''", "ERROR:'a''"),
        arguments("n'a' N'b''c'", "NATIONAL_STRING:n'a' | NATIONAL_STRING:N'b''c'"),
        arguments("nn'a'", "IDENTIFIER:nn | STRING:'a'"),
        arguments("b'01' X'1F'", "BIT_STRING:b'01' | HEX_STRING:X'1F'"),
        arguments("b'01''10'", "BIT_STRING:b'01' | STRING:'10'"),
        arguments("b'01'\n'10'", "BIT_STRING:b'01'\n'10'"),
        arguments("x'01", "ERROR:x'01"),
        // Continued strings: a newline is needed, and only -- comments may stand between
        arguments("'a'\n'b'", "STRING:'a'\n'b'"),
        arguments("'a' \t\f\r 'b'", "STRING:'a' \t\f\r 'b'"),
        arguments("'a' 'b'", "STRING:'a' | STRING:'b'"),
        arguments("'a' --'x\n -- 'y\n 'b' c", "STRING:'a' --'x\n -- 'y\n 'b' | IDENTIFIER:c"),
        arguments("'a' /*\n*/ 'b'", "STRING:'a' | STRING:'b'"),
        arguments("'a' -- x", "STRING:'a'"),
        arguments("'a'\n-- x", "STRING:'a'"),
        arguments("'a'\nE'b'", "STRING:'a' | ESCAPE_STRING:E'b'"),
        arguments("'a'\n'b", "ERROR:'a'\n'b"),
        // Escape strings
        arguments("E'a\\'b'c", "ESCAPE_STRING:E'a\\'b' | IDENTIFIER:c"),
        arguments("e'a\\\\' '", "ESCAPE_STRING:e'a\\\\' | ERROR:'"),
        arguments("e'a''\\''\n'\\''", "ESCAPE_STRING:e'a''\\''\n'\\''"),
        arguments("e'a\\", "ERROR:e'a\\"),
        arguments("e'a\\'", "ERROR:e'a\\'"),
        arguments("ee'a\\\\'", "IDENTIFIER:ee | STRING:'a\\\\'"),
        // Dollar quotes
        arguments("$$a'b$$c", "DOLLAR_STRING:$$a'b$$ | IDENTIFIER:c"),
        arguments("$t$ $$ $T$ $tt$ $t$", "DOLLAR_STRING:$t$ $$ $T$ $tt$ $t$"),
        arguments("$a$x$b$a$", "DOLLAR_STRING:$a$x$b$a$"),
        arguments("$\u00e9$;$\u00e9$", "DOLLAR_STRING:$\u00e9$;$\u00e9$"),
        arguments("a$$b$$", "IDENTIFIER:a$$b$$"),
        arguments("1$$b$$", "NUMBER:1 | DOLLAR_STRING:$$b$$"),
        arguments("$1$a$b$a$", "PARAMETER:$1 | DOLLAR_STRING:$a$b$a$"),
        arguments("$1a$b$1a$", "PARAMETER:$1 | IDENTIFIER:a$b$1a$"),
        arguments("$a $b", "OTHER:$ | IDENTIFIER:a | OTHER:$ | IDENTIFIER:b"),
        arguments("$a$b$a", "ERROR:$a$b$a"),
        arguments("$$", "ERROR:$$"),
        arguments("$$$", "ERROR:$$$"),
        arguments("$$$$", "DOLLAR_STRING:$$$$"),
        arguments("$", "OTHER:$"),
        // Comments
        arguments("a--b\nc", "IDENTIFIER:a | IDENTIFIER:c"),
        arguments("a--b\rc", "IDENTIFIER:a | IDENTIFIER:c"),
        arguments("a/* /* ; */ ' */c", "IDENTIFIER:a | IDENTIFIER:c"),
        arguments("/**/a/***/b/*/**/*/c", "IDENTIFIER:a | IDENTIFIER:b | IDENTIFIER:c"),
        arguments("/*/a", "ERROR:/*/a"),
        arguments("a /* /* */", "IDENTIFIER:a | ERROR:/* /* */"),
        arguments("/* -- */ a", "IDENTIFIER:a"),
        arguments("-- /*\na", "IDENTIFIER:a"),
        // Operators
        arguments("a<=b", "IDENTIFIER:a | OPERATOR:<= | IDENTIFIER:b"),
        arguments("@>-1", "OPERATOR:@>- | NUMBER:1"),
        arguments("=-1", "OPERATOR:= | OPERATOR:- | NUMBER:1"),
        arguments("*+-", "OPERATOR:* | OPERATOR:+ | OPERATOR:-"),
        arguments("+-+", "OPERATOR:+ | OPERATOR:- | OPERATOR:+"),
        arguments("<+>-", "OPERATOR:<+> | OPERATOR:-"),
        arguments("#-+", "OPERATOR:#-+"),
        arguments("+#+<-", "OPERATOR:+#+<-"),
        arguments("-*", "OPERATOR:-*"),
        arguments("*--x\n1", "OPERATOR:* | NUMBER:1"),
        arguments("+/*x*/1", "OPERATOR:+ | NUMBER:1"),
        arguments("*/*x*/*/", "OPERATOR:* | OPERATOR:*/"),
        arguments("@-/**/1", "OPERATOR:@- | NUMBER:1"),
        arguments("<-/**/1", "OPERATOR:< | OPERATOR:- | NUMBER:1"),
        arguments("//*", "OPERATOR:/ | ERROR:/*"),
        arguments("a=>1", "IDENTIFIER:a | EQUALS_GREATER:=> | NUMBER:1"),
        arguments("a=>-1", "IDENTIFIER:a | EQUALS_GREATER:=> | OPERATOR:- | NUMBER:1"),
        arguments("=>>", "OPERATOR:=>>"),
        arguments("a:=1", "IDENTIFIER:a | COLON_EQUALS::= | NUMBER:1"),
        arguments(":=>", "COLON_EQUALS::= | OPERATOR:>"),
        arguments("a::b", "IDENTIFIER:a | TYPECAST::: | IDENTIFIER:b"),
        arguments(":::", "TYPECAST::: | PUNCTUATION::"),
        arguments(":a", "PUNCTUATION:: | IDENTIFIER:a"),
        arguments(
            "a.b[1],(c);",
            "IDENTIFIER:a | PUNCTUATION:. | IDENTIFIER:b | PUNCTUATION:[ | NUMBER:1 | PUNCTUATION:]"
                + " | PUNCTUATION:, | PUNCTUATION:( | IDENTIFIER:c | PUNCTUATION:) |"
                + " PUNCTUATION:;"),
        arguments("{\\\u0001", "OTHER:{ | OTHER:\\ | OTHER:\u0001"),
        // NumericLiterals and parameters
        arguments("1 1.5 .5 1. 1e5", "NUMBER:1 | NUMBER:1.5 | NUMBER:.5 | NUMBER:1. | NUMBER:1e5"),
        arguments("1.e-5 .5E+3", "NUMBER:1.e-5 | NUMBER:.5E+3"),
        arguments("1..2", "NUMBER:1 | DOT_DOT:.. | NUMBER:2"),
        arguments("1...5", "NUMBER:1 | DOT_DOT:.. | NUMBER:.5"),
        arguments("1.5..2", "NUMBER:1.5 | DOT_DOT:.. | NUMBER:2"),
        arguments("1.2.3", "NUMBER:1.2 | NUMBER:.3"),
        arguments("a.1", "IDENTIFIER:a | NUMBER:.1"),
        arguments(
            "1e 1e+x",
            "NUMBER:1 | IDENTIFIER:e | NUMBER:1 | IDENTIFIER:e | OPERATOR:+ | IDENTIFIER:x"),
        arguments("123abc 1.5FROM", "NUMBER:123 | IDENTIFIER:abc | NUMBER:1.5 | IDENTIFIER:FROM"),
        arguments(
            "0x1F 0o17 0b01 1_000.0_1",
            "NUMBER:0x1F | NUMBER:0o17 | NUMBER:0b01 | NUMBER:1_000.0_1"),
        arguments(
            "0x_1 0xg 0b2", "NUMBER:0x_1 | NUMBER:0 | IDENTIFIER:xg | NUMBER:0 | IDENTIFIER:b2"),
        arguments("1__0 1_", "NUMBER:1 | IDENTIFIER:__0 | NUMBER:1 | IDENTIFIER:_"),
        arguments("$1 $23x", "PARAMETER:$1 | PARAMETER:$23 | IDENTIFIER:x"),
        // Nothing
        arguments("", ""),
        arguments(" \t\r\n\f\u000b-- x", ""));
  }

  static Stream<Arguments> tokensThatDependOnStandardConformingStrings() {
    return Stream.of(
        arguments("'a\\' c'", "STRING:'a\\' | IDENTIFIER:c | ERROR:'", "STRING:'a\\' c'"),
        arguments("'a\\\\' b", "STRING:'a\\\\' | IDENTIFIER:b", "STRING:'a\\\\' | IDENTIFIER:b"),
        arguments("'\\'", "STRING:'\\'", "ERROR:'\\'"),
        arguments("n'\\'", "NATIONAL_STRING:n'\\'", "ERROR:n'\\'"),
        arguments("'a'\n'\\';", "STRING:'a'\n'\\' | PUNCTUATION:;", "ERROR:'a'\n'\\';"),
        arguments(
            "E'\\'';",
            "ESCAPE_STRING:E'\\'' | PUNCTUATION:;",
            "ESCAPE_STRING:E'\\'' | PUNCTUATION:;"),
        arguments(
            "$$\\$$;",
            "DOLLAR_STRING:$$\\$$ | PUNCTUATION:;",
            "DOLLAR_STRING:$$\\$$ | PUNCTUATION:;"),
        arguments("u&'a\\' b", "UNICODE_STRING:u&'a\\' | IDENTIFIER:b", "ERROR:u&'a\\' b"),
        arguments(
            "U&'a' UESCAPE '\\'", "UNICODE_STRING:U&'a' UESCAPE '\\'", "ERROR:U&'a' UESCAPE '\\'"),
        arguments(
            "U&\"a\" UESCAPE '\\'",
            "UNICODE_IDENTIFIER:U&\"a\" UESCAPE '\\'",
            "UNICODE_IDENTIFIER:U&\"a\" | IDENTIFIER:UESCAPE | ERROR:'\\'"));
  }

  @ParameterizedTest
  @MethodSource("tokensInBothModes")
  void cutsTextIntoTokens(String text, String tokens) {
    assertThat(tokens(text, true)).isEqualTo(tokens);
    assertThat(tokens(text, false)).isEqualTo(tokens);
  }

  @ParameterizedTest
  @MethodSource("tokensThatDependOnStandardConformingStrings")
  void readsBackslashesAsTheSessionDoes(String text, String tokensIfOn, String tokensIfOff) {
    assertThat(tokens(text, true)).isEqualTo(tokensIfOn);
    assertThat(tokens(text, false)).isEqualTo(tokensIfOff);
  }

  static Stream<Arguments> names() {
    return Stream.of(
        arguments("Aws_LAMBDA", "aws_lambda"),
        arguments("\u00c9A", "\u00c9a"),
        arguments("\"Aws_\"\"Lambda\"", "Aws_\"Lambda"),
        arguments("U&\"aws\\005F\\+00006Cambda\"", "aws_lambda"),
        arguments("U&\"a\\\\b\"", "a\\b"),
        arguments("U&\"a!0062\\0063\" UESCAPE '!'", "ab\\0063"),
        arguments("U&\"\\00e9\"", null),
        arguments("U&\"\\00\"", null),
        arguments("'a'", null));
  }

  @ParameterizedTest
  @MethodSource("names")
  void unquotesAndFoldsNames(String text, @Nullable String name) {
    assertThat(first(text, true).identifier()).isEqualTo(name);
  }

  static Stream<Arguments> values() {
    return Stream.of(
        arguments("'a''b\\'", "a'b\\"),
        arguments("'a'\n-- it's\n 'b'", "ab"),
        arguments("E'\\n\\t\\b\\f\\r\\v\\'\\\\\\q'''", "\n\t\b\f\r\u000b'\\q'"),
        arguments("E'\\61\\0628\\x63\\x4\\u0065\\U00000066\\xg'", "12" + "8c\u0004efxg"),
        arguments("E'a'\n'\\x62'", "ab"),
        arguments("E'\\u00e9'", null),
        arguments("E'\\351'", null),
        arguments("E'\\u12'", null),
        arguments("E'\\0'", null),
        arguments("U&'\\0031.0'''", "1.0'"),
        arguments("U&'!0031!!\\' UESCAPE '!'", "1!\\"),
        arguments("U&'\\+000031'", "1"),
        arguments("U&'\\1'", null),
        arguments("$$a'\\$$", "a'\\"),
        arguments("$x$$$$x$", "$$"),
        arguments("N'a'", null),
        arguments("B'1'", null),
        arguments("a", null));
  }

  @ParameterizedTest
  @MethodSource("values")
  void decodesStringConstants(String text, @Nullable String value) {
    assertThat(first(text, true).stringValue()).isEqualTo(value);
  }

  @Test
  void decodesBackslashesInPlainStringsIfTheyAreEscapes() {
    assertThat(first("'a\\'\\n'", false).stringValue()).isEqualTo("a'\n");
  }

  @ParameterizedTest
  @CsvSource({
    "CREATE, true",
    "create, true",
    "creates, false",
    "creat, false",
    "'\"create\"', false"
  })
  void knowsKeyWordsInAnyCaseButUnquoted(String text, boolean keyword) {
    assertThat(first(text, true).isKeyword("create")).isEqualTo(keyword);
  }

  @Test
  void staysAtTheEndOnceThere() {
    SqlLexer lexer = new SqlText("a", true).lexer();
    lexer.next();

    assertThat(lexer.next()).isEqualTo(TokenKind.END);
    assertThat(lexer.next()).isEqualTo(TokenKind.END);
    assertThat(lexer.start()).isEqualTo(1);
    assertThat(lexer.end()).isEqualTo(1);
  }

  @Test
  void readsAPartOfATextAsIfItWereAll() {
    SqlLexer lexer = new SqlText("a 'b'\n'c' d", true).lexer(2, 5);

    assertThat(lexer.next()).isEqualTo(TokenKind.STRING);
    assertThat(lexer.text()).isEqualTo("'b'");
    assertThat(lexer.next()).isEqualTo(TokenKind.END);
  }

  private static SqlLexer first(String text, boolean standardConformingStrings) {
    SqlLexer lexer = new SqlText(text, standardConformingStrings).lexer();
    lexer.next();
    return lexer;
  }

  private static String tokens(String text, boolean standardConformingStrings) {
    List<String> tokens = new ArrayList<>();
    SqlLexer lexer = new SqlText(text, standardConformingStrings).lexer();
    while (lexer.next() != TokenKind.END) {
      tokens.add(lexer.kind() + ":" + lexer.text());
    }
    return String.join(" | ", tokens);
  }
}
