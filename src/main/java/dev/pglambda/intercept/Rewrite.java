package dev.pglambda.intercept;

import java.util.List;

/**
 * A text to be sent in place of the client's, and what must be mended in the server's replies to
 * it.
 *
 * @param text the whole new text of the Query or Parse message, one {@code char} per byte
 * @param statements the statements that were replaced, by ascending index
 * @param takesKeys whether the proxy's keys are to be offered to the server with it
 */
public record Rewrite(String text, List<RewrittenStatement> statements, boolean takesKeys) {

  /**
   * A statement of the client's that the server executes in another form.
   *
   * @param index which statement of the text, counted from 0 over the non-empty ones
   * @param commandTag the tag the client is to see in CommandComplete
   * @param start how many characters stand before it in the client's text
   * @param end how many characters the client's text has up to its end
   * @param length how many characters stand in its place in the new text
   */
  public record RewrittenStatement(int index, String commandTag, int start, int end, int length) {}
}
