/** The entry point, and the one place that wires the other packages together. */
@NullMarked
package dev.pglambda;

import org.jspecify.annotations.NullMarked;
