/** The protocol through the proxy, compared with the same conversation without it. */
@NullMarked
package dev.pglambda.client.wire;

import org.jspecify.annotations.NullMarked;
