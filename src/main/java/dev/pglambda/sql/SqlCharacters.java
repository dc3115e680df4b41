package dev.pglambda.sql;

/** The character classes of PostgreSQL's lexer (src/backend/parser/scan.l). */
final class SqlCharacters {
  private static final String OPERATOR_CHARACTERS = "~!@#^&|`?+-*/%<>=";
  private static final String NOT_IN_STANDARD_OPERATORS = "~!@#^&|`?%";

  private static final int IDENTIFIER_START = 1;
  private static final int DIGIT = 2;
  private static final int OPERATOR = 4;
  private static final int SPACE = 8;
  private static final int NEWLINE = 16;
  private static final int EXTENDS_OPERATOR = 32;
  private static final byte[] CLASSES = classes();

  private SqlCharacters() {}

  private static byte[] classes() {
    byte[] classes = new byte[128];
    for (char c = 0; c < classes.length; c++) {
      int flags = isLetter(c) || c == '_' ? IDENTIFIER_START : 0;
      flags |= c >= '0' && c <= '9' ? DIGIT : 0;
      flags |= OPERATOR_CHARACTERS.indexOf(c) >= 0 ? OPERATOR : 0;
      flags |= NOT_IN_STANDARD_OPERATORS.indexOf(c) >= 0 ? EXTENDS_OPERATOR : 0;
      flags |= " \t\n\r\f\u000b".indexOf(c) >= 0 ? SPACE : 0;
      flags |= c == '\n' || c == '\r' ? NEWLINE : 0;
      classes[c] = (byte) flags;
    }
    return classes;
  }

  private static boolean is(char c, int flags) {
    return c < 128 && (CLASSES[c] & flags) != 0;
  }

  private static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  /** Letters, underscore, and every byte with its high bit set. */
  static boolean isIdentifierStart(char c) {
    return c >= 128 || is(c, IDENTIFIER_START);
  }

  /** What may follow in an identifier: also digits and the dollar sign. */
  static boolean isIdentifierPart(char c) {
    return c >= 128 || is(c, IDENTIFIER_START | DIGIT) || c == '$';
  }

  static boolean isDigit(char c) {
    return is(c, DIGIT);
  }

  static boolean isOperator(char c) {
    return is(c, OPERATOR);
  }

  /** Whether an operator with this character may end in {@code +} or {@code -}. */
  static boolean extendsOperator(char c) {
    return is(c, EXTENDS_OPERATOR);
  }

  /**
   * White space. The vertical tab is among it since PostgreSQL 16; before, it is a syntax error
   * wherever it stands outside of quotes.
   */
  static boolean isSpace(char c) {
    return is(c, SPACE);
  }

  static boolean isNewline(char c) {
    return is(c, NEWLINE);
  }

  /** The ASCII lower case of a character; every other character is itself. */
  static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
  }

  /** The value of a digit in a radix up to 16, or -1. */
  static int digit(char c, int radix) {
    int value = -1;
    if (c >= '0' && c <= '9') {
      value = c - '0';
    } else if (lower(c) >= 'a' && lower(c) <= 'f') {
      value = lower(c) - 'a' + 10;
    }
    return value < radix ? value : -1;
  }
}
