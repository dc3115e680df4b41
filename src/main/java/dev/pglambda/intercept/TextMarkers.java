package dev.pglambda.intercept;

import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import java.util.ArrayList;
import java.util.List;

/**
 * Markers around text that replaces the client's and embeds the original.
 *
 * @param head what stands before the original text: how ours begins
 * @param originalEnd what stands behind it
 * @param end how ours ends
 */
record TextMarkers(String head, String originalEnd, String end) {

  /**
   * Where such texts are in another.
   *
   * @param text any text of the server's, one {@code char} per byte
   * @return for each, where in the text with the originals its original stands, and the length of
   *     the whole; all in bytes
   */
  List<ReplacedSpan> find(String text) {
    List<ReplacedSpan> found = new ArrayList<>();
    int removed = 0;
    int start = text.indexOf(head);
    while (start >= 0) {
      int behindOriginal = text.indexOf(originalEnd, start + head.length());
      int behind = behindOriginal < 0 ? -1 : text.indexOf(end, behindOriginal);
      if (behind < 0) {
        break;
      }
      behind += end.length();
      int original = behindOriginal - start - head.length();
      found.add(ReplacedSpan.nested(start - removed, start - removed + original, behind - start));
      removed += behind - start - original;
      start = text.indexOf(head, behind);
    }
    return found;
  }

  /** The text with the original in place of each. */
  String originals(String text) {
    StringBuilder originals = new StringBuilder();
    int copied = 0;
    for (ReplacedSpan each : find(text)) {
      int start = copied + each.start() - originals.length();
      int original = start + head.length();
      originals
          .append(text, copied, start)
          .append(text, original, original + each.end() - each.start());
      copied = start + each.length();
    }
    return originals.append(text, copied, text.length()).toString();
  }
}
