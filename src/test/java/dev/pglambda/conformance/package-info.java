/**
 * Conformance as data: case files with SQL and the exact wire answer, and what runs them. The
 * format is described in {@code docs/development/conformance.md}.
 */
@NullMarked
package dev.pglambda.conformance;

import org.jspecify.annotations.NullMarked;
