/**
 * What makes the proxy useful with nothing around it: an embedded PostgreSQL server and sample
 * functions that answer inside this process.
 */
@NullMarked
package dev.pglambda.embedded;

import org.jspecify.annotations.NullMarked;
