/**
 * The conversations with the server, and with Lambda, that execute a statement with calls locally.
 * {@link dev.pglambda.direct.flow.DirectCallHandler} is given a message when its turn has come; a
 * flow is one conversation, and reads from top to bottom.
 */
@NullMarked
package dev.pglambda.direct.flow;

import org.jspecify.annotations.NullMarked;
