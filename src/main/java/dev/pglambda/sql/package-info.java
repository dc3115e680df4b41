/**
 * Pure functions on SQL text: PostgreSQL's lexical rules, statement split, recognised statements
 * and calls. Text is handled as one {@code char} per byte (ISO 8859-1), so that positions are byte
 * offsets and splicing never changes the client's encoding. No sockets, no state, no policy.
 */
@NullMarked
package dev.pglambda.sql;

import org.jspecify.annotations.NullMarked;
