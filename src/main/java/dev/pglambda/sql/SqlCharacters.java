package dev.pglambda.sql;

/** The character classes of PostgreSQL's lexer (src/backend/parser/scan.l). */
final class SqlCharacters {
  private SqlCharacters() {}

  /** Letters, underscore, and every byte with its high bit set. */
  static boolean isIdentifierStart(char c) {
    return c >= 128 || c == '_' || (lower(c) >= 'a' && lower(c) <= 'z');
  }

  /** What may follow in an identifier: also digits and the dollar sign. */
  static boolean isIdentifierPart(char c) {
    return isIdentifierStart(c) || isDigit(c) || c == '$';
  }

  static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  static boolean isOperator(char c) {
    return "+-*/<>=".indexOf(c) >= 0 || extendsOperator(c);
  }

  /** Whether an operator with this character may end in {@code +} or {@code -}. */
  static boolean extendsOperator(char c) {
    return "~!@#^&|`?%".indexOf(c) >= 0;
  }

  /**
   * White space. The vertical tab is among it since PostgreSQL 16; before, it is a syntax error
   * wherever it stands outside of quotes.
   */
  static boolean isSpace(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
  }

  static boolean isNewline(char c) {
    return c == '\n' || c == '\r';
  }

  /** The ASCII lower case of a character; every other character is itself. */
  static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
  }

  /** The value of a digit in a radix up to 16, or -1. */
  static int digit(char c, int radix) {
    int value = "0123456789abcdef".indexOf(lower(c));
    return value < radix ? value : -1;
  }
}
