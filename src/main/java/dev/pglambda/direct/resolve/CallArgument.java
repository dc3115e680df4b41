package dev.pglambda.direct.resolve;

import org.jspecify.annotations.Nullable;

/**
 * An argument as it was written.
 *
 * @param name in named notation; null in positional notation
 * @param type null if it is unknown: an untyped constant, NULL, or a parameter without a type
 */
public record CallArgument(@Nullable String name, @Nullable ArgumentType type) {}
