/**
 * The host of local functions: it runs a user's own code as Lambda would, in child processes that
 * speak Lambda's Runtime API (2018-06-01) on loopback. Which calls come here, and what the
 * functions are, is decided in {@link dev.pglambda.lambda.route}.
 */
@NullMarked
package dev.pglambda.lambda.local;

import org.jspecify.annotations.NullMarked;
