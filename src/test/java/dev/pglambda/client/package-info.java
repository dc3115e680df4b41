/**
 * The whole proxy as its users meet it: psql and pgjdbc before it, real PostgreSQL servers of the
 * oldest and the embedded version behind it, and an endpoint of Lambda that records what reaches
 * it.
 */
@NullMarked
package dev.pglambda.client;

import org.jspecify.annotations.NullMarked;
