package dev.pglambda.intercept;

import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What stands for a statement within a string constant: a {@code DO} block that executes the block
 * of the extension's installer.
 *
 * <pre>
 * DO $pglambda_do$DECLARE statement CONSTANT pg_catalog.text := $pglambda$<i>the statement</i> $pglambda$; ...
 *   EXECUTE ... $pglambda$<i>the installer's block in one line</i>$pglambda$ ... END$pglambda_do$ LANGUAGE plpgsql
 * </pre>
 *
 * <p>The statement stands in it as it is written in the client's text, and nothing else of it has
 * line breaks, quotes, backslashes or {@code $$}. So it means the same in every kind of quotes, all
 * that follows stays on its line, and, wherever the server shows it, at every level of quotes, what
 * stands between the marks is the statement as the client wrote it there.
 *
 * <p>Functions keep these blocks: what is known here by its words must be known for good.
 */
final class NestedBlock {
  /** How every block begins. */
  static final String HEAD =
      "DO $pglambda_do$DECLARE statement CONSTANT pg_catalog.text := $pglambda$";

  /** How the text begins that a block executes: the installer's block. */
  static final String EXECUTED = "DO $pglambda_do";

  /** How the quotes begin in which the block has its texts. */
  private static final String OWN_QUOTES = "$pglambda";

  private static final String STATEMENT_END = " $pglambda$;";

  /** Not with a dollar sign at the end: another may follow, and both together end a {@code $$}. */
  private static final String END = "END$pglambda_do$ LANGUAGE plpgsql";

  static final TextMarkers MARKS = new TextMarkers(HEAD, STATEMENT_END, END);

  /**
   * How the last line of the text begins which the block executes. Up to {@link #LAST_LINE_END} it
   * says what PostgreSQL calls, in the server's language, a frame of plpgsql at an SQL statement.
   */
  static final String LAST_LINE = "\n--pglambda ";

  static final String LAST_LINE_END = " pglambda--";

  // SAVEPOINT always fails in plpgsql: so the server tells its words for "at SQL statement".
  private static final String BEGIN =
      " frame pg_catalog.text;"
          + " BEGIN BEGIN SAVEPOINT pglambda; EXCEPTION WHEN OTHERS THEN"
          + " GET STACKED DIAGNOSTICS frame = PG_EXCEPTION_CONTEXT; END;"
          + " EXECUTE pg_catalog.concat(pg_catalog.translate($pglambda$";

  private static final String FROM = "$pglambda$, $pglambda$";
  private static final String TO =
      "$pglambda$, pg_catalog.concat(pg_catalog.chr(10), pg_catalog.chr(36), pg_catalog.chr(39),"
          + " pg_catalog.chr(92))), pg_catalog.chr(10), $pglambda$--pglambda $pglambda$,"
          + " pg_catalog.split_part(frame, pg_catalog.chr(10), 1), $pglambda$"
          + " pglambda--$pglambda$); ";

  /** The characters that must not be in the line, in the order of {@link #TO}. */
  private static final String ENCODED = "\n$'\\";

  /** Control characters come last: they are always free, but no sight in a function's source. */
  private static final String SUBSTITUTES = "`~^@#?!&|{}[]<>*+%z\u0001\u0002\u0003\u0004";

  private NestedBlock() {}

  /**
   * The block for a statement.
   *
   * @param spelled the statement as it is written in the client's text
   * @param read the same as PostgreSQL is going to read it, without the quotes around: there an
   *     escape can have become what ends our own quotes
   * @param block what the installer makes of it
   * @return null if the statement has what the block needs for itself
   */
  static @Nullable String of(String spelled, String read, String block) {
    StringBuilder substitutes = new StringBuilder();
    for (int i = 0; i < SUBSTITUTES.length() && substitutes.length() < ENCODED.length(); i++) {
      if (block.indexOf(SUBSTITUTES.charAt(i)) < 0) {
        substitutes.append(SUBSTITUTES.charAt(i));
      }
    }
    if (spelled.contains(OWN_QUOTES)
        || read.contains(OWN_QUOTES)
        || substitutes.length() < ENCODED.length()) {
      return null;
    }
    String line = block;
    for (int i = 0; i < ENCODED.length(); i++) {
      line = line.replace(ENCODED.charAt(i), substitutes.charAt(i));
    }
    return HEAD + spelled + STATEMENT_END + BEGIN + line + FROM + substitutes + TO + END;
  }

  /**
   * Where the blocks in a text are.
   *
   * @param text any text of the server's, one {@code char} per byte
   * @return for each, where in the original text its statement stands, and the length of the whole
   *     block; all in bytes
   */
  static List<ReplacedSpan> find(String text) {
    return MARKS.find(text);
  }

  /** The text with the original statement in place of each block. */
  static String originals(String text) {
    return MARKS.originals(text);
  }
}
