package dev.pglambda.relay;

import dev.pglambda.config.Config;
import dev.pglambda.config.LoginMode;
import dev.pglambda.config.ServerAddress;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.tls.BackendTls;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What the relay needs to know.
 *
 * @param backend the PostgreSQL server
 * @param tls towards the server; null: none
 * @param login who logs in to the server
 * @param connectTimeout longest wait for a connection to the server, TLS and all, and for its
 *     answer to a cancel request
 * @param startupTimeout longest time from a client's connection to its session's first
 *     ReadyForQuery
 * @param inspectLimit bytes up to which the body of a Query or Parse is gathered to look at its
 *     text; longer ones pass unseen
 * @param keepalives of the connections to clients and to the server
 * @param memory what may be held
 */
public record RelaySettings(
    ServerAddress backend,
    @Nullable BackendTls tls,
    LoginMode login,
    Duration connectTimeout,
    Duration startupTimeout,
    int inspectLimit,
    Config.Keepalives keepalives,
    MemoryBudget memory) {

  /** Whether there are no connections but to a server whose certificate was verified. */
  boolean isServerVerified() {
    return tls != null && tls.isVerified();
  }
}
