package dev.pglambda.sql;

import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A cursor over the tokens of an SQL text, by the lexical rules of PostgreSQL 12 to 18
 * (src/backend/parser/scan.l; manual, "Lexical Structure"). Where the versions differ it takes the
 * text that any of them accepts: {@code 123abc} is a number and an identifier (a syntax error since
 * 15), {@code 0x1F} and {@code 1_000} are numbers (since 16; a number and an identifier before).
 *
 * <p>The text has one {@code char} per byte (ISO 8859-1), and those below 128 are ASCII characters.
 * In an encoding in which such a byte can also be a part of another character, it is to be given as
 * some {@code char} above 255. Moving the cursor allocates nothing but a few words per operator of
 * several characters, and its cost is linear in the length of the text. Not thread-safe.
 */
public final class SqlLexer {
  private static final String UESCAPE = "uescape";

  private final CharSequence text;
  private final int limit;
  private final boolean standardConformingStrings;

  private TokenKind kind = TokenKind.END;
  private int start;
  private int end;
  private OperatorRun operators = OperatorRun.NONE;

  /** A cursor of {@link SqlText#lexer(int, int)}. */
  SqlLexer(CharSequence text, int from, int limit, boolean standardConformingStrings) {
    this.text = text;
    this.start = from;
    this.end = from;
    this.limit = limit;
    this.standardConformingStrings = standardConformingStrings;
  }

  /** Another cursor, over a part of the text that begins and ends where a token does. */
  SqlLexer over(int from, int to) {
    return new SqlLexer(text, from, to, standardConformingStrings);
  }

  /** Another cursor, before the current token. */
  SqlLexer fromHere() {
    return over(start, limit);
  }

  /** Moves to the next token and returns its kind; {@link TokenKind#END} once there is none. */
  public TokenKind next() {
    start = Trivia.skip(text, end, limit);
    if (start == limit) {
      return token(TokenKind.END, limit);
    }
    char c = text.charAt(start);
    if (SqlCharacters.isIdentifierStart(c)) {
      return word(c);
    }
    if (SqlCharacters.isDigit(c) || (c == '.' && SqlCharacters.isDigit(peek(start + 1)))) {
      return token(TokenKind.NUMBER, NumericLiterals.end(text, start, limit));
    }
    if (SqlCharacters.isOperator(c)) {
      return operator(c);
    }
    return switch (c) {
      case '\'' -> quoted(TokenKind.STRING, start, !standardConformingStrings);
      case '"' -> quoted(TokenKind.QUOTED_IDENTIFIER, start, false);
      case '$' -> dollar();
      case ':' -> punctuation(':', TokenKind.TYPECAST, '=', TokenKind.COLON_EQUALS);
      case '.' -> punctuation('.', TokenKind.DOT_DOT, '.', TokenKind.DOT_DOT);
      case ',', '(', ')', '[', ']', ';' -> token(TokenKind.PUNCTUATION, start + 1);
      default -> token(TokenKind.OTHER, start + 1);
    };
  }

  /** The current token's kind; {@link TokenKind#END} before the first. */
  public TokenKind kind() {
    return kind;
  }

  /** Offset of the current token's first character. */
  public int start() {
    return start;
  }

  /** Offset just past the current token. */
  public int end() {
    return end;
  }

  /** The current token as it is written. */
  public String text() {
    return text.subSequence(start, end).toString();
  }

  /** Whether the current token is this character (punctuation or an operator of one character). */
  public boolean is(char character) {
    return end == start + 1 && kind != TokenKind.END && text.charAt(start) == character;
  }

  /** Whether the current token is this key word, given in lower case, in any case and unquoted. */
  public boolean isKeyword(String keyword) {
    return kind == TokenKind.IDENTIFIER
        && end - start == keyword.length()
        && startsWithIgnoringCase(keyword, start);
  }

  /** Whether the current token is one of these key words, given in lower case, unquoted. */
  public boolean isKeyword(Set<String> keywords) {
    String word = kind == TokenKind.IDENTIFIER ? identifier() : null;
    return word != null && keywords.contains(word);
  }

  /** Moves to the next of some key words, given in lower case; false if there is none. */
  public boolean find(Set<String> keywords) {
    while (next() != TokenKind.END) {
      if (isKeyword(keywords)) {
        return true;
      }
    }
    return false;
  }

  /** The number of a parameter; -1 if the current token is none, or has more digits than an int. */
  public int parameter() {
    try {
      return kind == TokenKind.PARAMETER ? Integer.parseInt(text, start + 1, end, 10) : -1;
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  /**
   * The {@linkplain #parameter numbers} of all parameters behind the cursor, which moves to the
   * end.
   */
  public Set<Integer> parameters() {
    Set<Integer> numbers = new HashSet<>();
    while (next() != TokenKind.END) {
      if (kind == TokenKind.PARAMETER) {
        numbers.add(parameter());
      }
    }
    return numbers;
  }

  /**
   * The name an identifier stands for: unquoted and, if it was not quoted, with ASCII letters in
   * lower case. (PostgreSQL also folds other letters in single-byte encodings, and cuts names after
   * 63 bytes.)
   *
   * @return null if the current token is no identifier, or has Unicode escapes that are wrong or
   *     stand for other than ASCII characters
   */
  public @Nullable String identifier() {
    return kind.isIdentifier()
        ? LiteralDecoder.identifier(text.subSequence(start, end), kind)
        : null;
  }

  /**
   * The value of a string constant.
   *
   * @return null if the current token is no {@linkplain TokenKind#isStringConstant() string
   *     constant}, or has escapes that are wrong or stand for other than ASCII characters (which
   *     depend on the server's encoding)
   */
  public @Nullable String stringValue() {
    return kind.isStringConstant()
        ? LiteralDecoder.string(text.subSequence(start, end), kind, standardConformingStrings)
        : null;
  }

  private TokenKind token(TokenKind tokenKind, int tokenEnd) {
    kind = tokenKind;
    end = tokenEnd;
    return tokenKind;
  }

  private TokenKind error() {
    return token(TokenKind.ERROR, limit);
  }

  /** The character at an offset, or NUL (which no SQL text holds) past the end. */
  private char peek(int at) {
    return at < limit ? text.charAt(at) : '\0';
  }

  private TokenKind punctuation(char first, TokenKind ofFirst, char second, TokenKind ofSecond) {
    char following = peek(start + 1);
    if (following == first) {
      return token(ofFirst, start + 2);
    }
    return following == second
        ? token(ofSecond, start + 2)
        : token(TokenKind.PUNCTUATION, start + 1);
  }

  private TokenKind word(char first) {
    char following = peek(start + 1);
    if (following == '\'') {
      return prefixedString(SqlCharacters.lower(first));
    }
    if (following == '&' && SqlCharacters.lower(first) == 'u') {
      return unicode(peek(start + 2));
    }
    return identifierToken();
  }

  private TokenKind identifierToken() {
    int at = start + 1;
    while (at < limit && SqlCharacters.isIdentifierPart(text.charAt(at))) {
      at++;
    }
    return token(TokenKind.IDENTIFIER, at);
  }

  private TokenKind prefixedString(char prefix) {
    return switch (prefix) {
      case 'e' -> quoted(TokenKind.ESCAPE_STRING, start + 1, true);
      case 'n' -> quoted(TokenKind.NATIONAL_STRING, start + 1, !standardConformingStrings);
      case 'b' -> quoted(TokenKind.BIT_STRING, start + 1, false);
      case 'x' -> quoted(TokenKind.HEX_STRING, start + 1, false);
      default -> identifierToken();
    };
  }

  private TokenKind unicode(char quote) {
    if (quote == '"') {
      return withUescape(quoted(TokenKind.UNICODE_IDENTIFIER, start + 2, false));
    }
    if (quote != '\'') {
      return identifierToken();
    }
    // PostgreSQL refuses U&'..' if standard_conforming_strings is off.
    return standardConformingStrings
        ? withUescape(quoted(TokenKind.UNICODE_STRING, start + 2, false))
        : error();
  }

  private TokenKind quoted(TokenKind tokenKind, int opening, boolean backslashes) {
    char quote = text.charAt(opening);
    // In B'' and X'' a quote always ends them, doubled or not.
    boolean doubled = tokenKind != TokenKind.BIT_STRING && tokenKind != TokenKind.HEX_STRING;
    int at = opening + 1;
    while (at < limit) {
      char c = text.charAt(at);
      if (c == '\\' && backslashes) {
        at += 2;
      } else if (c != quote) {
        at++;
      } else if (doubled && peek(at + 1) == quote) {
        at += 2;
      } else {
        int continued = quote == '\'' ? Trivia.continuation(text, at + 1, limit) : -1;
        if (continued < 0) {
          return token(tokenKind, at + 1);
        }
        at = continued;
      }
    }
    return error();
  }

  /** Takes a {@code UESCAPE 'c'} that follows into the token. */
  private TokenKind withUescape(TokenKind tokenKind) {
    int word = Trivia.skip(text, end, limit);
    int afterWord = word + UESCAPE.length();
    if (!startsWithIgnoringCase(UESCAPE, word) || SqlCharacters.isIdentifierPart(peek(afterWord))) {
      return tokenKind;
    }
    int quote = Trivia.skip(text, afterWord, limit);
    boolean oneCharacter =
        peek(quote) == '\''
            && peek(quote + 2) == '\''
            && peek(quote + 3) != '\''
            && LiteralDecoder.isUnicodeEscape(peek(quote + 1))
            && (standardConformingStrings || peek(quote + 1) != '\\')
            && Trivia.continuation(text, quote + 3, limit) < 0;
    return oneCharacter ? token(tokenKind, quote + 3) : tokenKind;
  }

  private boolean startsWithIgnoringCase(String lowerCase, int at) {
    if (limit - at < lowerCase.length()) {
      return false;
    }
    for (int i = 0; i < lowerCase.length(); i++) {
      if (SqlCharacters.lower(text.charAt(at + i)) != lowerCase.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private TokenKind dollar() {
    int at = start + 1;
    if (SqlCharacters.isDigit(peek(at))) {
      while (SqlCharacters.isDigit(peek(at))) {
        at++;
      }
      return token(TokenKind.PARAMETER, at);
    }
    if (SqlCharacters.isIdentifierStart(peek(at))) {
      at++;
      while (at < limit && text.charAt(at) != '$' && SqlCharacters.isIdentifierPart(peek(at))) {
        at++;
      }
    }
    return peek(at) == '$' ? dollarQuoted(at + 1) : token(TokenKind.OTHER, start + 1);
  }

  private TokenKind dollarQuoted(int bodyStart) {
    int delimiterLength = bodyStart - start;
    for (int at = bodyStart; at + delimiterLength <= limit; at++) {
      // A tag has no dollar sign inside, so no character is compared in two attempts.
      if (text.charAt(at) == '$' && sameText(start, at, delimiterLength)) {
        return token(TokenKind.DOLLAR_STRING, at + delimiterLength);
      }
    }
    return error();
  }

  private boolean sameText(int one, int other, int length) {
    for (int i = 0; i < length; i++) {
      if (text.charAt(one + i) != text.charAt(other + i)) {
        return false;
      }
    }
    return true;
  }

  private TokenKind operator(char first) {
    if (first == '/' && peek(start + 1) == '*') {
      return error();
    }
    if (start >= operators.end()) {
      if (!SqlCharacters.isOperator(peek(start + 1))) {
        return token(TokenKind.OPERATOR, start + 1);
      }
      operators = OperatorRun.measure(text, start, limit);
    }
    int operatorEnd = operators.tokenEnd(start);
    boolean arrow = operatorEnd == start + 2 && first == '=' && text.charAt(start + 1) == '>';
    return token(arrow ? TokenKind.EQUALS_GREATER : TokenKind.OPERATOR, operatorEnd);
  }
}
