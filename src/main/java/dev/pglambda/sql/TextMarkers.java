package dev.pglambda.sql;

import java.util.ArrayList;
import java.util.List;

/**
 * Markers around text that replaces the client's and embeds the original.
 *
 * @param head what stands before the original text: how ours begins
 * @param originalEnd what stands behind it
 * @param end how ours ends
 */
public record TextMarkers(String head, String originalEnd, String end) {

  /** A text that stands for the original. */
  String around(String original, String rest) {
    return head + original + originalEnd + rest + end;
  }

  /** What restores the originals in a text of the server's, one {@code char} per byte. */
  public List<Replacement> find(String text) {
    List<Replacement> found = new ArrayList<>();
    int start = text.indexOf(head);
    while (start >= 0) {
      int original = start + head.length();
      int behindOriginal = text.indexOf(originalEnd, original);
      int last = behindOriginal < 0 ? -1 : text.indexOf(end, behindOriginal);
      if (last < 0) {
        break;
      }
      int behind = last + end.length();
      found.add(new Replacement(start, behind, text.substring(original, behindOriginal)));
      start = text.indexOf(head, behind);
    }
    return found;
  }

  /** The text with the original in place of each. */
  public String originals(String text) {
    return Replacement.splice(text, find(text));
  }
}
