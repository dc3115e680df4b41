package dev.pglambda.sql;

import java.util.List;

/**
 * A part of a text and what to put in its place.
 *
 * @param start offset of the part's first character
 * @param end offset just past the part; equal to {@code start} to insert
 * @param text what to put there
 */
public record Replacement(int start, int end, String text) {

  /**
   * Carries out replacements, in ascending order, none overlapping the one before; everything else
   * of the text stays as it is, byte for byte.
   */
  public static String splice(String text, List<Replacement> replacements) {
    StringBuilder spliced = new StringBuilder(text.length() + 64 * replacements.size());
    int copied = 0;
    for (Replacement replacement : replacements) {
      if (replacement.start < copied
          || replacement.end < replacement.start
          || replacement.end > text.length()) {
        throw new IllegalArgumentException(
            "replacement from %d to %d (expected: ascending, from %d to %d)"
                .formatted(replacement.start, replacement.end, copied, text.length()));
      }
      spliced.append(text, copied, replacement.start).append(replacement.text);
      copied = replacement.end;
    }
    return spliced.append(text, copied, text.length()).toString();
  }

  /**
   * Where in the new text of {@link #splice} an offset of the old one is; within a part that is
   * replaced, where that begins.
   */
  public static int splicedOffset(int offset, List<Replacement> replacements) {
    int grown = 0;
    for (Replacement replacement : replacements) {
      if (offset < replacement.start) {
        break;
      }
      if (offset < replacement.end) {
        return replacement.start + grown;
      }
      grown += replacement.text.length() - (replacement.end - replacement.start);
    }
    return offset + grown;
  }
}
