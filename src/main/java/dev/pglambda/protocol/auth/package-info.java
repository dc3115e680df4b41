/** SCRAM-SHA-256 for links: the server's side, and the hashes it needs. */
@NullMarked
package dev.pglambda.protocol.auth;

import org.jspecify.annotations.NullMarked;
