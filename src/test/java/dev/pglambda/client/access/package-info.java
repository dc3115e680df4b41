/** What a role may not do, and what it may not read: keys, settings, calls without a privilege. */
@NullMarked
package dev.pglambda.client.access;

import org.jspecify.annotations.NullMarked;
