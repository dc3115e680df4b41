package dev.pglambda.sql;

/**
 * A place in a text where a query reads one of PostgreSQL's views of the available extensions.
 *
 * @param view the view's name, without a schema
 * @param start offset of the name's first character, or that of the schema before it
 * @param nameStart offset of the name's first character
 * @param end offset just past the name
 * @param aliased whether an alias follows
 */
public record ViewReference(String view, int start, int nameStart, int end, boolean aliased) {

  /**
   * What stands for the view: a sub-query. Without an alias the view's name becomes the
   * sub-query's.
   *
   * <pre>
   * pg_catalog.pg_available_extensions      (/&#42;pglambda2-as pg_catalog.&#42;/SELECT .. /&#42;pglambda2&#42;/) AS pg_available_extensions
   * pg_catalog.pg_available_extensions a    (/&#42;pglambda2 pg_catalog.pg_available_extensions&#42;/SELECT .. /&#42;pglambda2&#42;/) a
   * </pre>
   *
   * <p>It ends with a token, not with a comment, which plpgsql would cut off. Functions keep these
   * texts: see {@link TextFormat}.
   *
   * @param text the text that has the reference
   * @param query has the rows that the client is to see
   */
  public Replacement subquery(SqlText text, String query) {
    TextMarkers markers = aliased ? TextFormat.CURRENT.aliasedView : TextFormat.CURRENT.namedView;
    int replacedEnd = aliased ? end : nameStart;
    return new Replacement(
        start, replacedEnd, markers.around(text.substring(start, replacedEnd), query));
  }
}
