package dev.pglambda.relay;

import java.time.Duration;

/**
 * What the relay needs to know.
 *
 * @param backendHost name or address of the PostgreSQL server
 * @param backendPort its port
 * @param connectTimeout longest wait for a connection to the server
 * @param startupTimeout longest time from a client's connection to its session's first
 *     ReadyForQuery
 * @param inspectLimit octets up to which the body of a Query or Parse is gathered to look at its
 *     text; longer ones pass unseen
 */
public record RelaySettings(
    String backendHost,
    int backendPort,
    Duration connectTimeout,
    Duration startupTimeout,
    int inspectLimit) {

  /** The server as messages name it. */
  String backend() {
    return backendHost.indexOf(':') >= 0
        ? "[" + backendHost + "]:" + backendPort
        : backendHost + ":" + backendPort;
  }
}
