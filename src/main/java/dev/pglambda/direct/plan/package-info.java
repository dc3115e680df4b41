/**
 * Calls that the proxy serves itself: what is sent to the server for a statement with such calls,
 * and what its answers mean. Works on texts and values; knows no message and no channel.
 */
@NullMarked
package dev.pglambda.direct.plan;

import org.jspecify.annotations.NullMarked;
