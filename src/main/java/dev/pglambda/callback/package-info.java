/**
 * The calls that the installed functions make from the server back to the proxy, on its own port:
 * authentication, the request language, waiting, and answers. What the arguments mean is decided in
 * {@code lambda}.
 */
@NullMarked
package dev.pglambda.callback;

import org.jspecify.annotations.NullMarked;
