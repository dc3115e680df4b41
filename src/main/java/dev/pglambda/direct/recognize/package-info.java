/** Finds the statements of a text all of whose calls can be executed locally. Knows only texts. */
@NullMarked
package dev.pglambda.direct.recognize;

import org.jspecify.annotations.NullMarked;
