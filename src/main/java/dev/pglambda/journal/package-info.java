/** The calls that were made, and what came of them: kept in memory, and told to who listens. */
@NullMarked
package dev.pglambda.journal;

import org.jspecify.annotations.NullMarked;
