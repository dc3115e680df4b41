package dev.pglambda.intercept;

import dev.pglambda.sql.Replacement;
import dev.pglambda.sql.SqlText;
import dev.pglambda.sql.ViewReference;
import java.util.List;

/**
 * What stands for one of PostgreSQL's views in a FROM clause: a sub-query. Without an alias the
 * view's name becomes the sub-query's.
 *
 * <pre>
 * pg_catalog.pg_available_extensions      (/&#42;pglambda-as pg_catalog.&#42;/SELECT .. /&#42;pglambda&#42;/) AS pg_available_extensions
 * pg_catalog.pg_available_extensions a    (/&#42;pglambda pg_catalog.pg_available_extensions&#42;/SELECT .. /&#42;pglambda&#42;/) a
 * </pre>
 *
 * <p>It ends with a token, not with a comment, which plpgsql would cut off. Functions keep these
 * texts: what is known here by its words must be known for good.
 */
final class ViewSubquery {
  private static final TextMarkers NAMED =
      new TextMarkers("(/*pglambda-as ", "*/", "/*pglambda*/) AS ");
  private static final TextMarkers ALIASED = new TextMarkers("(/*pglambda ", "*/", "/*pglambda*/)");

  /** Those of both forms. */
  static final List<TextMarkers> MARKS = List.of(NAMED, ALIASED);

  private ViewSubquery() {}

  /**
   * What is to be replaced for a reference.
   *
   * @param text the text that has it
   * @param query has the rows that the client is to see
   */
  static Replacement of(ViewReference reference, SqlText text, String query) {
    TextMarkers marks = reference.aliased() ? ALIASED : NAMED;
    int start = reference.start();
    int end = reference.aliased() ? reference.end() : reference.nameStart();
    String original = text.substring(start, end);
    return new Replacement(
        start, end, marks.head() + original + marks.originalEnd() + query + marks.end());
  }

  /** The text with the views in place of all sub-queries. */
  static String originals(String text) {
    return ALIASED.originals(NAMED.originals(text));
  }
}
