/** What tests of several packages use: clients, servers and endpoints to test against. */
@NullMarked
package dev.pglambda.testing;

import org.jspecify.annotations.NullMarked;
