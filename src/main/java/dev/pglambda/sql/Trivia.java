package dev.pglambda.sql;

/** What lies between tokens: white space and comments. */
final class Trivia {
  private Trivia() {}

  /**
   * The first offset that is neither white space nor in a comment; the start of a comment that has
   * no end.
   */
  static int skip(CharSequence text, int at, int limit) {
    int position = at;
    while (position < limit) {
      char c = text.charAt(position);
      if (SqlCharacters.isSpace(c)) {
        position++;
      } else if (startsWith(text, position, limit, '-', '-')) {
        position = lineEnd(text, position, limit);
      } else if (startsWith(text, position, limit, '/', '*')) {
        int end = commentEnd(text, position, limit);
        if (end < 0) {
          return position;
        }
        position = end;
      } else {
        return position;
      }
    }
    return position;
  }

  /**
   * Where a string constant goes on after its closing quote, just before the offset: behind white
   * space and {@code --} comments with at least one newline, and a quote (manual, "String
   * Constants"). Else -1.
   */
  static int continuation(CharSequence text, int at, int limit) {
    boolean newline = false;
    int position = at;
    while (position < limit) {
      char c = text.charAt(position);
      if (SqlCharacters.isSpace(c)) {
        newline |= SqlCharacters.isNewline(c);
        position++;
      } else if (startsWith(text, position, limit, '-', '-')) {
        position = lineEnd(text, position, limit);
      } else {
        return newline && c == '\'' ? position + 1 : -1;
      }
    }
    return -1;
  }

  /** Whether the two characters stand at the offset. */
  static boolean startsWith(CharSequence text, int at, int limit, char first, char second) {
    return at + 1 < limit && text.charAt(at) == first && text.charAt(at + 1) == second;
  }

  private static int lineEnd(CharSequence text, int at, int limit) {
    int position = at;
    while (position < limit && !SqlCharacters.isNewline(text.charAt(position))) {
      position++;
    }
    return position;
  }

  private static int commentEnd(CharSequence text, int at, int limit) {
    int depth = 1;
    int position = at + 2;
    while (position < limit) {
      if (startsWith(text, position, limit, '/', '*')) {
        depth++;
        position += 2;
      } else if (startsWith(text, position, limit, '*', '/')) {
        depth--;
        position += 2;
        if (depth == 0) {
          return position;
        }
      } else {
        position++;
      }
    }
    return -1;
  }
}
