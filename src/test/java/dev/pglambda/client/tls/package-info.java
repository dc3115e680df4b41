/** TLS as clients and servers see it. */
@NullMarked
package dev.pglambda.client.tls;

import org.jspecify.annotations.NullMarked;
