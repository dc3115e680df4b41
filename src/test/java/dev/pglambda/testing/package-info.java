/** What tests of several packages share: stand-ins for the systems around the proxy. */
@NullMarked
package dev.pglambda.testing;

import org.jspecify.annotations.NullMarked;
