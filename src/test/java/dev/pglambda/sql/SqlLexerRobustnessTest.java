package dev.pglambda.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds for any text: the tokens tile it, and reading it is linear. */
class SqlLexerRobustnessTest {
  private static final List<String> FRAGMENTS =
      List.of(
          "'",
          "''",
          "\"",
          "\\",
          "E'",
          "U&'",
          "u&\"",
          "N'",
          "B'",
          "x'",
          "$$",
          "$a$",
          "$",
          "$1",
          "--",
          "/*",
          "*/",
          "\n",
          "\r",
          " ",
          "\t",
          ";",
          "(",
          ")",
          "BEGIN",
          " ATOMIC",
          "END",
          "CREATE ",
          "FUNCTION",
          "EXTENSION",
          "aws_lambda",
          "::",
          ":=",
          "=>",
          "..",
          ".",
          "1",
          "0x",
          "1e",
          "_",
          "+",
          "-",
          "*",
          "/",
          "@",
          "<",
          "=",
          "UESCAPE",
          "a",
          "\u00e9",
          "\u0000",
          "\u007f");

  private static final Pattern LINE =
      Pattern.compile("(?:[ \\t\\n\\r\\f\\x0b]|--[^\\n\\r]*(?=[\\n\\r]|\\z))+");
  private static final Pattern INNERMOST_COMMENT =
      Pattern.compile("/\\*(?:(?!/\\*|\\*/)(?s:.))*\\*/");

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void tilesAnyText(boolean standardConformingStrings) {
    Random random = new Random(20);
    for (int i = 0; i < 60_000; i++) {
      assertTiles(randomText(random), standardConformingStrings);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void neverFailsOnAnyText(boolean standardConformingStrings) {
    Random random = new Random(21);
    for (int i = 0; i < 60_000; i++) {
      String text = randomText(random);
      SqlLexer lexer = new SqlText(text, standardConformingStrings).lexer();
      while (lexer.next() != TokenKind.END) {
        assertThat(lexer.identifier() == null || lexer.stringValue() == null).isTrue();
      }
      for (Statement statement : new SqlText(text, standardConformingStrings).statements()) {
        assertThat(statement.start()).isLessThan(statement.end());
      }
      for (ExtensionStatement found :
          ExtensionStatements.find(new SqlText(text, standardConformingStrings))) {
        assertThat(text.substring(found.start(), found.end()))
            .containsPattern("(?is)^(create|alter)\\W.*aws_");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'",
        "''",
        "'a'\n",
        "'a'--\n",
        "$",
        "$a",
        "$a$",
        "$aa$aaa",
        "+",
        "-+",
        "+*",
        "=>",
        "@+",
        "/*",
        "*/",
        "/**/",
        "--",
        "--\n",
        "U&\"\"",
        "U&\"\"uescape",
        "U&\"\"--x\n",
        "U&''/**/",
        "1e",
        "1.",
        "1_",
        "0x",
        "\"",
        "\"\"",
        "E'\\",
        "a",
        ".",
        ":",
        "b'",
        "b''\n",
        "("
      })
  void readsEachCharacterABoundedNumberOfTimes(String repeated) {
    // When the text doubles, the reads may no more than double (and a constant).
    for (boolean on : new boolean[] {true, false}) {
      for (String opening : List.of("", "'a' ", "$a$", "/*", "E'", "1", "@")) {
        long once = reads(opening + repeated.repeat(2_000), on);
        long twice = reads(opening + repeated.repeat(4_000), on);
        assertThat(twice).as("%s%s", opening, repeated).isLessThan(2 * once + 100);
        assertThat(twice).isLessThan(12L * 4_000 * repeated.length() + 100);
      }
    }
  }

  @Test
  void readsAnUnfinishedDollarQuoteOnce() {
    String text = "$abcdefgh$" + "$abcdefgi$abcdefg".repeat(5_000);

    assertThat(reads(text, true)).isLessThan(6L * text.length());
  }

  private static void assertTiles(String text, boolean standardConformingStrings) {
    SqlLexer lexer = new SqlText(text, standardConformingStrings).lexer();
    StringBuilder tiles = new StringBuilder();
    while (lexer.next() != TokenKind.END) {
      assertThat(lexer.start()).isGreaterThanOrEqualTo(tiles.length());
      assertThat(lexer.end()).isGreaterThan(lexer.start());
      appendTrivia(tiles, text, lexer.start());
      tiles.append(lexer.text());
      if (lexer.kind() == TokenKind.ERROR) {
        assertThat(lexer.end()).isEqualTo(text.length());
      }
    }
    appendTrivia(tiles, text, text.length());
    assertThat(tiles.toString()).isEqualTo(text);
  }

  private static void appendTrivia(StringBuilder tiles, String text, int end) {
    String between = text.substring(tiles.length(), end);
    assertThat(isTrivia(between)).as("<%s> in <%s>", between, text).isTrue();
    tiles.append(between);
  }

  /** The same rule as the lexer's, found by taking comments away from the inside out. */
  private static boolean isTrivia(String text) {
    String rest = text;
    while (!rest.isEmpty()) {
      Matcher line = LINE.matcher(rest);
      if (line.lookingAt()) {
        rest = rest.substring(line.end());
      } else if (rest.startsWith("/*")) {
        String inside = rest.substring(2);
        String flat = INNERMOST_COMMENT.matcher(inside).replaceFirst("");
        int end = inside.indexOf("*/");
        int nested = inside.indexOf("/*");
        if (end < 0) {
          return false;
        }
        rest = nested >= 0 && nested < end ? "/*" + flat : inside.substring(end + 2);
      } else {
        return false;
      }
    }
    return true;
  }

  private static String randomText(Random random) {
    StringBuilder text = new StringBuilder();
    int parts = random.nextInt(30);
    for (int i = 0; i < parts; i++) {
      if (random.nextInt(4) == 0) {
        text.append((char) random.nextInt(256));
      } else {
        text.append(FRAGMENTS.get(random.nextInt(FRAGMENTS.size())));
      }
    }
    return text.toString();
  }

  private static long reads(String text, boolean standardConformingStrings) {
    CountingText counting = new CountingText(text);
    SqlLexer lexer = new SqlText(counting, standardConformingStrings).lexer(0, text.length());
    while (lexer.next() != TokenKind.END) {
      // Only the reads matter.
    }
    return counting.reads();
  }
}
