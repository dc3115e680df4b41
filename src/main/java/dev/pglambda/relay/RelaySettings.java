package dev.pglambda.relay;

import dev.pglambda.config.Config;
import dev.pglambda.limits.MemoryBudget;
import java.time.Duration;

/**
 * What the relay needs to know.
 *
 * @param backendHost name or address of the PostgreSQL server
 * @param backendPort its port
 * @param connectTimeout longest wait for a connection to the server, and for its answer to a cancel
 *     request
 * @param startupTimeout longest time from a client's connection to its session's first
 *     ReadyForQuery
 * @param inspectLimit bytes up to which the body of a Query or Parse is gathered to look at its
 *     text; longer ones pass unseen
 * @param keepalives of the connections to clients and to the server
 * @param memory what may be held
 */
public record RelaySettings(
    String backendHost,
    int backendPort,
    Duration connectTimeout,
    Duration startupTimeout,
    int inspectLimit,
    Config.Keepalives keepalives,
    MemoryBudget memory) {

  /** The server as messages name it. */
  public String backend() {
    return backendHost.indexOf(':') >= 0
        ? "[" + backendHost + "]:" + backendPort
        : backendHost + ":" + backendPort;
  }
}
