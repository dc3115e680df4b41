/**
 * Calls by the extension, as a user makes them: a proxy before real servers of several versions,
 * and an endpoint of Lambda that records what reaches it.
 */
@NullMarked
package dev.pglambda.client.invoke;

import org.jspecify.annotations.NullMarked;
