package dev.pglambda.relay;

import dev.pglambda.protocol.SqlState;
import io.netty.channel.ChannelException;
import io.netty.channel.ConnectTimeoutException;
import java.net.UnknownHostException;

/**
 * What a client is told if the server cannot be reached.
 *
 * @param sqlState of the FATAL error
 * @param message its message
 * @param reason why, for the log
 */
public record ConnectFailure(String sqlState, String message, String reason) {

  public static ConnectFailure of(Throwable cause, String backend) {
    // Netty wraps what keeps it from opening a socket at all: no file descriptor is left.
    Throwable noSocket = cause instanceof ChannelException ? cause.getCause() : null;
    if (noSocket != null) {
      return new ConnectFailure(
          SqlState.TOO_MANY_CONNECTIONS, ClientRefusals.TOO_MANY, reason(noSocket));
    }
    String reason = reason(cause);
    return new ConnectFailure(
        SqlState.SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
        "could not connect to server at " + backend + ": " + reason,
        reason);
  }

  /** The reason of a failure in few words. */
  public static String reason(Throwable cause) {
    String message = cause.getMessage();
    if (cause instanceof NegotiationException && message != null) {
      return message;
    }
    if (cause instanceof UnknownHostException) {
      return "unknown host";
    }
    if (cause instanceof ConnectTimeoutException) {
      return "connection timed out";
    }
    if (message == null) {
      return cause.getClass().getSimpleName();
    }
    // Netty appends the address, which the text around names already.
    int address = message.indexOf(": ");
    return address < 0 ? message : message.substring(0, address);
  }
}
