/**
 * What a command line asks of a proxy that runs, over the HTTP interface of its {@code --admin}. It
 * knows that interface and nothing of what is behind it, so that nothing of the proxy is loaded.
 */
@NullMarked
package dev.pglambda.command;

import org.jspecify.annotations.NullMarked;
