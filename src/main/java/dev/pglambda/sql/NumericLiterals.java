package dev.pglambda.sql;

/**
 * Numeric constants (manual, "Numeric Constants"): decimal, and as of PostgreSQL 16 with a radix
 * prefix or single underscores between digits.
 */
final class NumericLiterals {
  private NumericLiterals() {}

  /** Where the number ends that starts with a digit, or a dot with a digit behind it. */
  static int end(CharSequence text, int start, int limit) {
    int prefixed = prefixedEnd(text, start, limit);
    return prefixed > start ? prefixed : decimalEnd(text, start, limit);
  }

  private static int prefixedEnd(CharSequence text, int start, int limit) {
    if (peek(text, start, limit) != '0') {
      return start;
    }
    int radix =
        switch (SqlCharacters.lower(peek(text, start + 1, limit))) {
          case 'x' -> 16;
          case 'o' -> 8;
          case 'b' -> 2;
          default -> 0;
        };
    int end = radix == 0 ? start : digits(text, start + 2, limit, radix, true);
    return end > start + 2 ? end : start;
  }

  private static int decimalEnd(CharSequence text, int start, int limit) {
    int at = digits(text, start, limit, 10, false);
    // In 1..2 the number is 1: two dots are a token of their own.
    if (peek(text, at, limit) == '.' && (at == start || peek(text, at + 1, limit) != '.')) {
      at = digits(text, at + 1, limit, 10, false);
    }
    if (SqlCharacters.lower(peek(text, at, limit)) != 'e') {
      return at;
    }
    int sign = peek(text, at + 1, limit) == '+' || peek(text, at + 1, limit) == '-' ? 1 : 0;
    int exponent = digits(text, at + 1 + sign, limit, 10, false);
    return exponent > at + 1 + sign ? exponent : at;
  }

  /** The end of digits which single underscores may separate (and begin, after {@code 0x}). */
  private static int digits(
      CharSequence text, int from, int limit, int radix, boolean underscoreFirst) {
    int at = from;
    while (true) {
      if (SqlCharacters.digit(peek(text, at, limit), radix) >= 0) {
        at++;
      } else if (peek(text, at, limit) == '_'
          && (at > from || underscoreFirst)
          && SqlCharacters.digit(peek(text, at + 1, limit), radix) >= 0) {
        at += 2;
      } else {
        return at;
      }
    }
  }

  private static char peek(CharSequence text, int at, int limit) {
    return at < limit ? text.charAt(at) : '\0';
  }
}
