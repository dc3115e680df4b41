/** Replication connections and the tools that make them, through the proxy. */
@NullMarked
package dev.pglambda.client.replication;

import org.jspecify.annotations.NullMarked;
