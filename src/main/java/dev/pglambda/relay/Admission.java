package dev.pglambda.relay;

import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Counts sessions and cancel requests, and knows when there are enough. The server's calls to the
 * proxy do not count. Thread-safe.
 */
final class Admission {
  /** PostgreSQL's words. */
  static final String TOO_MANY = "sorry, too many clients already";

  private final ClientLimits limits;

  // Guarded by this.
  private final Map<InetAddress, Integer> clientsByAddress = new HashMap<>();
  private int clients;
  private int cancelRequests;

  Admission(ClientLimits limits) {
    this.limits = limits;
  }

  /**
   * Counts one session more, if there may be one.
   *
   * @return why there may not, in PostgreSQL's words for SQLSTATE 53300; null if it is counted, to
   *     be followed by {@link #leave}
   */
  synchronized @Nullable String enter(InetAddress address) {
    if (clients >= limits.maxClients()) {
      return TOO_MANY;
    }
    int most = limits.maxClientsPerAddress();
    if (most > 0) {
      int others = clientsByAddress.getOrDefault(address, 0);
      if (others >= most) {
        return "too many connections for address \"" + address.getHostAddress() + "\"";
      }
      clientsByAddress.put(address, others + 1);
    }
    clients++;
    return null;
  }

  /** A session that was counted has ended. */
  synchronized void leave(InetAddress address) {
    clients--;
    clientsByAddress.computeIfPresent(address, (key, count) -> count == 1 ? null : count - 1);
  }

  /**
   * Counts one cancel request more, if there may be one; to be followed by {@link
   * #endCancelRequest} then.
   */
  synchronized boolean beginCancelRequest() {
    if (cancelRequests >= limits.maxCancelRequests()) {
      return false;
    }
    cancelRequests++;
    return true;
  }

  /** A cancel request that was counted is over. */
  synchronized void endCancelRequest() {
    cancelRequests--;
  }
}
