/** Functions inside the proxy, for trials without AWS: what they are, and how they are run. */
@NullMarked
package dev.pglambda.lambda.sample;

import org.jspecify.annotations.NullMarked;
