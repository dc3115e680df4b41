/** Installing, updating, dumping and dropping the extension through the proxy. */
@NullMarked
package dev.pglambda.client.install;

import org.jspecify.annotations.NullMarked;
