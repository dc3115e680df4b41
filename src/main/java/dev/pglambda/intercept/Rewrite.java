package dev.pglambda.intercept;

import java.util.List;

/**
 * A text to be sent in place of the client's, and what must be mended in the server's replies to
 * it.
 *
 * @param text the whole new text of the Query or Parse message, one {@code char} per byte
 * @param statements the statements that were replaced, by ascending position
 * @param takesKeys whether the proxy's keys are to be offered to the server with it
 */
public record Rewrite(String text, List<RewrittenStatement> statements, boolean takesKeys) {

  /**
   * A statement of the client's that the server executes in another form.
   *
   * @param index which statement of the text, counted from 0 over the non-empty ones; {@link
   *     #NESTED} if it stands within a string constant
   * @param commandTag the tag the client is to see in CommandComplete; empty for a nested one
   * @param start how many characters stand before it in the client's text
   * @param end how many characters the client's text has up to its end
   * @param length how many characters stand in its place in the new text
   */
  public record RewrittenStatement(int index, String commandTag, int start, int end, int length) {

    /**
     * The index of all that are no statements of the text itself: they get no reply of their own.
     */
    public static final int NESTED = -1;

    /** A statement within a string constant. */
    static RewrittenStatement nested(int start, int end, int length) {
      return new RewrittenStatement(NESTED, "", start, end, length);
    }
  }
}
