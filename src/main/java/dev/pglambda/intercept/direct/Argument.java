package dev.pglambda.intercept.direct;

import org.jspecify.annotations.Nullable;

/**
 * An argument as it was written.
 *
 * @param name in named notation; null in positional notation
 * @param type null if it is unknown: an untyped constant, NULL, or a parameter without a type
 */
record Argument(@Nullable String name, @Nullable ArgumentType type) {}
