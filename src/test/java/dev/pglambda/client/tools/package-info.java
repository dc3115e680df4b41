/** psql and pgjdbc as their users run them, through the proxy. */
@NullMarked
package dev.pglambda.client.tools;

import org.jspecify.annotations.NullMarked;
