package dev.pglambda.sql;

/**
 * A run of operator characters, measured once however many operators it falls into. An operator
 * ends where a comment starts; and one of several characters ends in {@code +} or {@code -} only if
 * it has a character that no operator of the SQL standard has (manual, "Operators").
 *
 * @param end offset just past the run
 * @param lastExtending offset of the last character that allows a sign at the end, or -1
 * @param signs offset from which on the run is signs only
 */
record OperatorRun(int end, int lastExtending, int signs) {
  static final OperatorRun NONE = new OperatorRun(0, -1, 0);

  /** Measures the run that starts at an operator character which starts no comment. */
  static OperatorRun measure(CharSequence text, int start, int limit) {
    int lastExtending = -1;
    int signs = start;
    int at = start;
    while (at < limit && SqlCharacters.isOperator(text.charAt(at)) && !isComment(text, at, limit)) {
      char c = text.charAt(at);
      if (SqlCharacters.extendsOperator(c)) {
        lastExtending = at;
      }
      at++;
      if (c != '+' && c != '-') {
        signs = at;
      }
    }
    return new OperatorRun(at, lastExtending, signs);
  }

  /** Offset just past the operator that starts at an offset within the run. */
  int tokenEnd(int start) {
    return lastExtending >= start ? end : Math.max(signs, start + 1);
  }

  private static boolean isComment(CharSequence text, int at, int limit) {
    return Trivia.startsWith(text, at, limit, '-', '-')
        || Trivia.startsWith(text, at, limit, '/', '*');
  }
}
