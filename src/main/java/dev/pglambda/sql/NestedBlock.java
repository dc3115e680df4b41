package dev.pglambda.sql;

import org.jspecify.annotations.Nullable;

/**
 * What stands for a statement within a string constant: a {@code DO} block that executes the block
 * of the extension's installer.
 *
 * <pre>
 * DO $pglambda_do2$DECLARE statement CONSTANT pg_catalog.text := $pglambda$<i>the statement</i> $pglambda$; ...
 *   EXECUTE ... $pglambda$<i>the installer's block in one line</i>$pglambda$ ... END$pglambda_do2$ LANGUAGE plpgsql
 * </pre>
 *
 * <p>The statement stands in it as it is written in the client's text, and nothing else of it has
 * line breaks, quotes, backslashes or {@code $$}. So it means the same in every kind of quotes, all
 * that follows stays on its line, and, wherever the server shows it, at every level of quotes, what
 * stands between the marks is the statement as the client wrote it there.
 *
 * <p>Functions keep these blocks: see {@link TextFormat}.
 */
public final class NestedBlock {
  // SAVEPOINT always fails in plpgsql: so the server tells its words for "at SQL statement".
  private static final String BEGIN =
      " frame pg_catalog.text;"
          + " BEGIN BEGIN SAVEPOINT pglambda; EXCEPTION WHEN OTHERS THEN"
          + " GET STACKED DIAGNOSTICS frame = PG_EXCEPTION_CONTEXT; END;"
          + " EXECUTE pg_catalog.concat(pg_catalog.translate($pglambda$";

  private static final String FROM = "$pglambda$, $pglambda$";
  private static final String TO =
      "$pglambda$, pg_catalog.concat(pg_catalog.chr(10), pg_catalog.chr(36), pg_catalog.chr(39),"
          + " pg_catalog.chr(92))), pg_catalog.chr(10), $pglambda$"
          + TextFormat.CURRENT.lastLine().strip()
          + " $pglambda$,"
          + " pg_catalog.split_part(frame, pg_catalog.chr(10), 1), $pglambda$"
          + TextFormat.LAST_LINE_END
          + "$pglambda$); ";

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
  public static @Nullable String of(String spelled, String read, String block) {
    StringBuilder substitutes = new StringBuilder();
    for (int i = 0; i < SUBSTITUTES.length() && substitutes.length() < ENCODED.length(); i++) {
      if (block.indexOf(SUBSTITUTES.charAt(i)) < 0) {
        substitutes.append(SUBSTITUTES.charAt(i));
      }
    }
    if (spelled.contains(TextFormat.OWN_QUOTES)
        || read.contains(TextFormat.OWN_QUOTES)
        || substitutes.length() < ENCODED.length()) {
      return null;
    }
    String line = block;
    for (int i = 0; i < ENCODED.length(); i++) {
      line = line.replace(ENCODED.charAt(i), substitutes.charAt(i));
    }
    return TextFormat.CURRENT.nestedBlock.around(spelled, BEGIN + line + FROM + substitutes + TO);
  }
}
