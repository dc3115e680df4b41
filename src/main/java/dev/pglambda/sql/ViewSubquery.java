package dev.pglambda.sql;

/**
 * What stands for one of PostgreSQL's views in a FROM clause: a sub-query. Without an alias the
 * view's name becomes the sub-query's.
 *
 * <pre>
 * pg_catalog.pg_available_extensions      (/&#42;pglambda2-as pg_catalog.&#42;/SELECT .. /&#42;pglambda2&#42;/) AS pg_available_extensions
 * pg_catalog.pg_available_extensions a    (/&#42;pglambda2 pg_catalog.pg_available_extensions&#42;/SELECT .. /&#42;pglambda2&#42;/) a
 * </pre>
 *
 * <p>It ends with a token, not with a comment, which plpgsql would cut off. Functions keep these
 * texts: see {@link TextFormat}.
 */
public final class ViewSubquery {
  private ViewSubquery() {}

  /**
   * What is to be replaced for a reference.
   *
   * @param text the text that has it
   * @param query has the rows that the client is to see
   */
  public static Replacement of(ViewReference reference, SqlText text, String query) {
    TextFormat format = TextFormat.CURRENT;
    TextMarkers markers = reference.aliased() ? format.aliasedView() : format.namedView();
    int start = reference.start();
    int end = reference.aliased() ? reference.end() : reference.nameStart();
    return new Replacement(start, end, markers.around(text.substring(start, end), query));
  }
}
