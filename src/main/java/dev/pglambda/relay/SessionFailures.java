package dev.pglambda.relay;

import dev.pglambda.limits.LogThrottle;
import dev.pglambda.limits.PeerAddress;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import io.netty.channel.Channel;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the log is told of a failed session, and what its client is told before it is closed. */
final class SessionFailures {
  private static final Logger log = LoggerFactory.getLogger(Session.class);
  private static final LogThrottle CONNECT_FAILURES = new LogThrottle();
  private static final LogThrottle SERVERS_REFUSALS = new LogThrottle();
  private static final LogThrottle SERVERS_VIOLATIONS = new LogThrottle();

  private final Channel client;
  private final String server;

  /** The server is named by its host and port. */
  SessionFailures(Channel client, String server) {
    this.client = client;
    this.server = server;
  }

  SqlError cannotConnect(Throwable cause) {
    ConnectFailure failure = ConnectFailure.of(cause, server);
    CONNECT_FAILURES.warn(
        log,
        "cannot connect to server {} for client {}: {}",
        server,
        PeerAddress.of(client),
        failure.reason());
    return new SqlError(failure.sqlState(), failure.message());
  }

  SqlError violatedByClient(ProtocolViolation violation) {
    log.debug("protocol violation by client {}: {}", client, violation.getMessage());
    return new SqlError(SqlState.PROTOCOL_VIOLATION, String.valueOf(violation.getMessage()));
  }

  SqlError violatedByServer(ProtocolViolation violation) {
    SERVERS_VIOLATIONS.warn(
        log, "protocol violation by server {}: {}", server, violation.getMessage());
    return new SqlError(
        SqlState.PROTOCOL_VIOLATION,
        "server at " + server + " broke the protocol: " + violation.getMessage());
  }

  /** What else has ended the handling of a read. */
  SqlError failed(Throwable cause) {
    if (cause instanceof ProtocolViolation violation) {
      return violatedByServer(violation);
    }
    if (cause instanceof OutOfMemoryError) {
      if (ClientRefusals.OUT_OF_MEMORY.passes()) {
        log.warn("session of client {} ends: {}", PeerAddress.of(client), cause.getMessage());
      }
      return new SqlError(SqlState.OUT_OF_MEMORY, "out of memory");
    }
    log.error("session of client {} ends", PeerAddress.of(client), cause);
    return new SqlError(SqlState.INTERNAL_ERROR, "internal error of the proxy, see its log");
  }

  /** What the proxy's own messages were answered cannot be, or there is a defect of the proxy's. */
  static Throwable ofOwnMessages(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof IndexOutOfBoundsException
            || cause instanceof IllegalArgumentException
            || cause instanceof NullPointerException
        ? new ProtocolViolation("unexpected answer to a message of the proxy's own: " + cause)
        : cause == null ? failure : cause;
  }

  /** The server has ended a session that has not begun: it tells the client why. */
  void refusedByServer(ErrorFields fields) {
    if (SERVERS_REFUSALS.passes()) {
      log.info(
          "server refused client {}: {} {}{}",
          PeerAddress.of(client),
          fields.get(ErrorFields.SQLSTATE),
          LogThrottle.onOneLine(String.valueOf(fields.get(ErrorFields.MESSAGE))),
          SERVERS_REFUSALS.others());
    }
  }

  SqlError lostServer(String reason) {
    return new SqlError(
        SqlState.CONNECTION_FAILURE,
        "connection to server at %s lost: %s".formatted(server, reason));
  }

  static SqlError notReadyWithin(Duration timeout) {
    return new SqlError(
        SqlState.PROTOCOL_VIOLATION,
        "session did not become ready within " + timeout.toSeconds() + " s");
  }

  static SqlError tooManyClients() {
    return new SqlError(SqlState.TOO_MANY_CONNECTIONS, ClientRefusals.TOO_MANY);
  }

  static SqlError shutdown(boolean ready) {
    return ready
        ? new SqlError(
            SqlState.ADMIN_SHUTDOWN, "terminating connection due to administrator command")
        : new SqlError(SqlState.CANNOT_CONNECT_NOW, ClientRefusals.SHUTTING_DOWN);
  }
}
