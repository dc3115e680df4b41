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
public record ViewReference(String view, int start, int nameStart, int end, boolean aliased) {}
