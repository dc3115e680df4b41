/**
 * The example of AWS's guide, run through the proxy as a client would: what a newcomer sees at the
 * first start. Blocking, on a thread of its own.
 */
@NullMarked
package dev.pglambda.guide;

import org.jspecify.annotations.NullMarked;
