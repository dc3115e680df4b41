package dev.pglambda.intercept;

import dev.pglambda.protocol.ClientEncoding;
import dev.pglambda.sql.Replacement;
import dev.pglambda.sql.SqlText;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A text to be sent in place of the client's, what must be done before it is sent, and what must be
 * restored in the server's replies to it.
 *
 * @param text the whole new text of the Query or Parse message, one {@code char} per byte
 * @param spans what was replaced, by ascending position
 * @param keys whether the proxy's keys are to be offered to the server when it is executed
 * @param readsParameters whether it reads a run-time parameter {@code aws_lambda.*}, so that the
 *     session must know these
 * @param calls the calls in the new text that may be executed locally; null if there are none. If
 *     nothing else is of interest, nothing was replaced
 */
public record Rewrite(
    String text,
    List<ReplacedSpan> spans,
    Keys keys,
    boolean readsParameters,
    @Nullable FoundCalls calls) {

  /** Whether a text takes the keys of the proxy when it is executed. */
  public enum Keys {
    /** It does not. */
    NONE,
    /** It calls a procedure: if one in the database installs the extension. */
    OF_PROCEDURE,
    /** It installs or updates the extension. */
    OF_STATEMENT
  }

  /** Calls of the extension's functions in a text as {@link ClientEncoding#read} reads it. */
  public record FoundCalls(SqlText text, ClientEncoding encoding) {}

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
  public record ReplacedSpan(int index, String commandTag, int start, int end, int length) {

    /**
     * The index of all that are no statements of the text itself: they get no reply of their own.
     */
    public static final int NESTED = -1;

    /** The spans of replacements, in ascending order, that are no statements. */
    public static List<ReplacedSpan> within(
        String text, List<Replacement> replacements, ClientEncoding encoding) {
      List<ReplacedSpan> parts = new ArrayList<>();
      int counted = 0;
      int characters = 0;
      for (Replacement replacement : replacements) {
        int start = characters + encoding.characters(text, counted, replacement.start());
        characters = start + encoding.characters(text, replacement.start(), replacement.end());
        counted = replacement.end();
        String inserted = replacement.text();
        int length = encoding.characters(inserted, 0, inserted.length());
        parts.add(new ReplacedSpan(NESTED, "", start, characters, length));
      }
      return parts;
    }

    ReplacedSpan withTag(int statementIndex, String tag) {
      return new ReplacedSpan(statementIndex, tag, start, end, length);
    }
  }
}
