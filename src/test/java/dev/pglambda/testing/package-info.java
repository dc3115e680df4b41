/**
 * What the tests of all packages share: PostgreSQL servers of several versions, clients, databases
 * with the extension, conversations held with and without the proxy, and the check that no test
 * class leaks buffers. No test of the proxy lives here.
 */
@NullMarked
package dev.pglambda.testing;

import org.jspecify.annotations.NullMarked;
