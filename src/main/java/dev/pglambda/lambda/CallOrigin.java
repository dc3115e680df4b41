package dev.pglambda.lambda;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** Where a call comes from: the address of the client, or null for a session of another proxy. */
public record CallOrigin(@Nullable SocketAddress client) {
  /** A session that is not at this proxy. */
  public static final CallOrigin UNKNOWN = new CallOrigin(null);

  /** For the log. */
  @Override
  public String toString() {
    return client == null ? "an unknown client" : "client " + client;
  }
}
