package dev.pglambda.relay;

import dev.pglambda.config.Password;
import org.jspecify.annotations.Nullable;

/**
 * A user whom the proxy itself has authenticated: it logs in to the server in the client's place.
 *
 * @param name as in the StartupMessage, one {@code char} per byte
 * @param password by which to log in; null: there is none
 */
public record VerifiedUser(String name, @Nullable Password password) {}
