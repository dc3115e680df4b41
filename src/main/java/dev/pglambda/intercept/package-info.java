/**
 * Decides what becomes of a message: pass it, or send a rewritten text in its place. Works on bytes
 * and values; knows no channel.
 */
@NullMarked
package dev.pglambda.intercept;

import org.jspecify.annotations.NullMarked;
