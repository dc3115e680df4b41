/**
 * The embedded PostgreSQL server: its programs, its data, its process, and what makes it resemble
 * an instance of RDS.
 */
@NullMarked
package dev.pglambda.embedded;

import org.jspecify.annotations.NullMarked;
