/**
 * The relay between one client connection and one server connection: Netty handlers, session
 * states, the order of replies, cancel requests. Everything that is not understood passes as bytes,
 * in order, once.
 */
@NullMarked
package dev.pglambda.relay;

import org.jspecify.annotations.NullMarked;
