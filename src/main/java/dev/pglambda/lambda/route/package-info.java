/**
 * Which calls go where: routes, what they lead to as plain values, and the invoker that follows
 * them. What runs a local function, speaks to an endpoint or reads a file of routes lives beside.
 */
@NullMarked
package dev.pglambda.lambda.route;

import org.jspecify.annotations.NullMarked;
