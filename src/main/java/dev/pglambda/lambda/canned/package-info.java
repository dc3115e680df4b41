/**
 * Answers that no function gave: canned replies, and what goes wrong with calls on purpose. The
 * values that say so are in {@code lambda.route}.
 */
@NullMarked
package dev.pglambda.lambda.canned;

import org.jspecify.annotations.NullMarked;
