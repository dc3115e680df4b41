/**
 * Calls of the extensions' functions on servers on which these do not exist: what PostgreSQL would
 * have made of a call, and how the call's result takes its place in the statement. Works on values
 * and text; knows no channel.
 */
@NullMarked
package dev.pglambda.intercept.direct;

import org.jspecify.annotations.NullMarked;
