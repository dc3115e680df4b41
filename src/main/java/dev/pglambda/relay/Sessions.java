package dev.pglambda.relay;

import dev.pglambda.protocol.SqlState;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The sessions that are being relayed, each under a random token of 128 bits, which begins with 32
 * bits that all tokens of this proxy share. Thread-safe.
 */
public final class Sessions {
  private static final int PREFIX_OCTETS = 4;
  private static final int TOKEN_OCTETS = 16;
  private static final long TERMINATION_SECONDS = 2;

  private final SecureRandom random = new SecureRandom();
  private final String prefix = randomHex(PREFIX_OCTETS);
  private final Map<String, Session> byToken = new ConcurrentHashMap<>();

  /** Makes a token that no session has. */
  String newToken() {
    return prefix + randomHex(TOKEN_OCTETS - PREFIX_OCTETS);
  }

  private String randomHex(int octets) {
    byte[] bytes = new byte[octets];
    random.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  void add(Session session) {
    byToken.put(session.token(), session);
    session.ended().whenComplete((ended, failure) -> byToken.remove(session.token(), session));
  }

  /** Number of sessions. */
  public int size() {
    return byToken.size();
  }

  /**
   * A stage that completes, on any thread, when the client's session ends; it is complete if the
   * session has ended.
   *
   * @return null if the token is not of this proxy: sessions of several proxies may call back to
   *     any of them
   */
  public @Nullable CompletionStage<?> end(String token) {
    Session session = byToken.get(token);
    if (session != null) {
      return session.ended();
    }
    return token.startsWith(prefix) ? CompletableFuture.completedFuture(null) : null;
  }

  /** Ends all sessions with FATAL 57P01 and waits, a short time, until they are gone. Blocks. */
  public void terminateAll() {
    List<CompletableFuture<?>> ends =
        byToken.values().stream().<CompletableFuture<?>>map(Session::ended).toList();
    byToken
        .values()
        .forEach(
            session ->
                session.terminate(
                    SqlState.ADMIN_SHUTDOWN,
                    "terminating connection due to administrator command"));
    CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new))
        .completeOnTimeout(null, TERMINATION_SECONDS, TimeUnit.SECONDS)
        .join();
  }
}
