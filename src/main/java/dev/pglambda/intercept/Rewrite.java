package dev.pglambda.intercept;

import dev.pglambda.intercept.direct.DirectScript;
import dev.pglambda.sql.Replacement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A text to be sent in place of the client's, what must be done before it is sent, and what must be
 * mended in the server's replies to it.
 *
 * @param text the whole new text of the Query or Parse message, one {@code char} per byte
 * @param statements the statements that were replaced, by ascending position
 * @param keys whether the proxy's keys are to be offered to the server when it is executed
 * @param readsParameters whether it reads a run-time parameter {@code aws_lambda.*}, so that the
 *     session must know these
 * @param direct the new text if the proxy can serve all calls in it itself; else null. If nothing
 *     else is of interest, nothing was replaced
 */
public record Rewrite(
    String text,
    List<RewrittenStatement> statements,
    Keys keys,
    boolean readsParameters,
    @Nullable DirectScript direct) {

  /** Whether a text takes the keys of the proxy when it is executed. */
  public enum Keys {
    /** It does not. */
    NONE,
    /** It calls a procedure: if one in the database installs the extension. */
    OF_PROCEDURE,
    /** It installs or updates the extension. */
    OF_STATEMENT
  }

  /** A text whose calls, if it has any, the proxy cannot serve. */
  public Rewrite(String text, List<RewrittenStatement> statements, Keys keys) {
    this(text, statements, keys, false, null);
  }

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

    /**
     * Parts of a text that are no statements.
     *
     * @param text one {@code char} per byte
     * @param replacements what is replaced in it, in ascending order
     * @param encoding of the text
     */
    public static List<RewrittenStatement> within(
        String text, List<Replacement> replacements, ClientEncoding encoding) {
      List<RewrittenStatement> parts = new ArrayList<>();
      int counted = 0;
      int characters = 0;
      for (Replacement replacement : replacements) {
        int start = characters + encoding.characters(text, counted, replacement.start());
        characters = start + encoding.characters(text, replacement.start(), replacement.end());
        counted = replacement.end();
        String inserted = replacement.text();
        int length = encoding.characters(inserted, 0, inserted.length());
        parts.add(nested(start, characters, length));
      }
      return parts;
    }

    RewrittenStatement withTag(int statementIndex, String tag) {
      return new RewrittenStatement(statementIndex, tag, start, end, length);
    }

    /** A statement within a string constant. */
    static RewrittenStatement nested(int start, int end, int length) {
      return new RewrittenStatement(NESTED, "", start, end, length);
    }
  }
}
