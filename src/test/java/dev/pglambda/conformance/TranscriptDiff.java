package dev.pglambda.conformance;

import java.util.List;

/** What differs between an expected and an actual transcript, for people to read. */
final class TranscriptDiff {
  private final List<TranscriptLine> expected;
  private final List<TranscriptLine> actual;
  private final int[][] common;

  private TranscriptDiff(List<TranscriptLine> expected, List<TranscriptLine> actual) {
    this.expected = expected;
    this.actual = actual;
    this.common = new int[expected.size() + 1][actual.size() + 1];
    for (int e = expected.size() - 1; e >= 0; e--) {
      for (int a = actual.size() - 1; a >= 0; a--) {
        common[e][a] =
            matches(e, a) ? common[e + 1][a + 1] + 1 : Math.max(common[e + 1][a], common[e][a + 1]);
      }
    }
  }

  /**
   * Compares two transcripts.
   *
   * @return empty if the actual lines are as expected; else every line: those in common indented,
   *     those only expected behind {@code -}, those only actual behind {@code +}
   */
  static String of(List<TranscriptLine> expected, List<TranscriptLine> actual) {
    TranscriptDiff diff = new TranscriptDiff(expected, actual);
    boolean equal = expected.size() == actual.size() && diff.common[0][0] == expected.size();
    return equal ? "" : diff.lines();
  }

  private boolean matches(int e, int a) {
    return expected.get(e).matches(actual.get(a));
  }

  private String lines() {
    StringBuilder lines = new StringBuilder();
    int e = 0;
    int a = 0;
    while (e < expected.size() || a < actual.size()) {
      boolean bothLeft = e < expected.size() && a < actual.size();
      if (bothLeft && matches(e, a)) {
        lines.append("    ").append(actual.get(a++)).append('\n');
        e++;
      } else if (a == actual.size() || (bothLeft && common[e + 1][a] >= common[e][a + 1])) {
        lines.append("  - ").append(expected.get(e++)).append('\n');
      } else {
        lines.append("  + ").append(actual.get(a++)).append('\n');
      }
    }
    return lines.toString();
  }
}
