/** Calls that the proxy serves where nothing is installed, compared with calls by the extension. */
@NullMarked
package dev.pglambda.client.direct;

import org.jspecify.annotations.NullMarked;
