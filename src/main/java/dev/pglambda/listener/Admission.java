package dev.pglambda.listener;

import dev.pglambda.config.ClientLimits;
import dev.pglambda.protocol.RefusalCounts;
import dev.pglambda.protocol.SqlState;
import dev.pglambda.relay.ClientRefusals;
import dev.pglambda.relay.Session;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Counts sessions and cancel requests, and knows when there are enough. The server's calls to the
 * proxy do not count. Thread-safe.
 *
 * <p>A session takes its place only when the server has authenticated the client. Sessions before
 * that have a share of their own: where it is full, the oldest one of the address with the most is
 * closed. A newcomer is given a second as long as there are free places, so that many that come at
 * once are all served.
 */
public final class Admission {

  private static final long GRACE_NS = TimeUnit.SECONDS.toNanos(1);

  private final ClientLimits limits;
  private final RefusalCounts refusals;

  // Guarded by this.
  private final Map<String, Integer> clientsByHost = new HashMap<>();

  /** In the order in which they came. */
  private final Map<Session, Newcomer> unauthenticated = new LinkedHashMap<>();

  private int clients;
  private int cancelRequests;

  /** Where a session comes from, and since when ({@link System#nanoTime}). */
  private record Newcomer(String host, long since) {}

  /**
   * @param refusals where sessions are counted that lose their place, or get none
   */
  Admission(ClientLimits limits, RefusalCounts refusals) {
    this.limits = limits;
    this.refusals = refusals;
  }

  /** Why there may be no further session, in PostgreSQL's words for SQLSTATE 53300; else null. */
  synchronized @Nullable String refusal(String host) {
    if (clients >= limits.maxClients()) {
      return ClientRefusals.TOO_MANY;
    }
    int most = limits.maxClientsPerAddress();
    return most > 0 && clientsByHost.getOrDefault(host, 0) >= most
        ? "too many connections for address \"" + host + "\""
        : null;
  }

  /** A session begins; {@link #leave} is to follow. */
  void enter(Session session, String host) {
    List<Session> surplus;
    synchronized (this) {
      long now = System.nanoTime();
      unauthenticated.put(session, new Newcomer(host, now));
      surplus = takeSurplus(host, now);
    }
    for (Session each : surplus) {
      refusals.count(SqlState.TOO_MANY_CONNECTIONS);
      each.makePlace();
    }
  }

  private List<Session> takeSurplus(String host, long now) {
    List<Session> surplus = new ArrayList<>();
    int most = limits.maxClientsPerAddress();
    if (most > 0 && countUnauthenticated(host) > most) {
      surplus.add(takeOldest(host));
    }
    boolean taken = true;
    while (taken && unauthenticated.size() > limits.maxUnauthenticatedClients()) {
      String busiest = busiest();
      boolean placesLeft =
          clients + unauthenticated.size()
              <= limits.maxClients() + limits.maxUnauthenticatedClients();
      taken = !placesLeft || now - oldest(busiest).getValue().since() >= GRACE_NS;
      if (taken) {
        surplus.add(takeOldest(busiest));
      }
    }
    return surplus;
  }

  private long countUnauthenticated(String host) {
    return unauthenticated.values().stream().filter(each -> each.host().equals(host)).count();
  }

  private String busiest() {
    Map<String, Integer> counts = new HashMap<>();
    unauthenticated.values().forEach(each -> counts.merge(each.host(), 1, Integer::sum));
    return Collections.max(counts.entrySet(), Map.Entry.comparingByValue()).getKey();
  }

  private Map.Entry<Session, Newcomer> oldest(String host) {
    return unauthenticated.entrySet().stream()
        .filter(each -> each.getValue().host().equals(host))
        .findFirst()
        .orElseThrow();
  }

  private Session takeOldest(String host) {
    Session oldest = oldest(host).getKey();
    unauthenticated.remove(oldest);
    return oldest;
  }

  /**
   * The server has authenticated a session's client: it takes a place, or there is a {@link
   * #refusal}.
   */
  synchronized @Nullable String authenticated(Session session, String host) {
    String refusal = refusal(host);
    if (unauthenticated.remove(session) != null) {
      if (refusal == null) {
        clients++;
        clientsByHost.merge(host, 1, Integer::sum);
        return null;
      }
      refusals.count(SqlState.TOO_MANY_CONNECTIONS); // others were when they were to make place
    }
    return refusal == null ? ClientRefusals.TOO_MANY : refusal;
  }

  synchronized void leave(Session session, String host) {
    if (unauthenticated.remove(session) == null && session.isReady()) {
      clients--;
      clientsByHost.computeIfPresent(host, (key, count) -> count == 1 ? null : count - 1);
    }
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

  synchronized void endCancelRequest() {
    cancelRequests--;
  }
}
