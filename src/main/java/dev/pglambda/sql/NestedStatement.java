package dev.pglambda.sql;

/**
 * A statement on our extensions within a string constant: in the body of a {@code DO} block, a
 * function or a procedure, or in a constant that a body executes.
 *
 * @param statement what was recognised; its offsets and index are of no use
 * @param text the statement as PostgreSQL is going to read it, without a closing semicolon
 * @param written the same, with the comments behind it that belong to it
 * @param start offset in the client's text of the first character that the statement is written
 *     with
 * @param end offset in the client's text just past the last one; in a body in plpgsql, comments
 *     behind the statement are part of it
 */
public record NestedStatement(
    ExtensionStatement statement, String text, String written, int start, int end) {}
