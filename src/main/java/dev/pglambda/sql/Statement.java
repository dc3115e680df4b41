package dev.pglambda.sql;

/**
 * One statement of a text.
 *
 * @param start offset of its first token
 * @param end offset just past its last token (a closing semicolon is not part of it)
 * @param complete false if the text ends within it: in a string, quoted identifier, comment,
 *     parenthesis or {@code BEGIN ATOMIC} body. PostgreSQL then answers the whole text with a
 *     syntax error
 */
public record Statement(int start, int end, boolean complete) {}
