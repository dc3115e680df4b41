/**
 * PostgreSQL's frontend/backend protocol as bytes and values (manual, chapter "Frontend/Backend
 * Protocol"). No sockets, no policy.
 */
@NullMarked
package dev.pglambda.protocol;

import org.jspecify.annotations.NullMarked;
