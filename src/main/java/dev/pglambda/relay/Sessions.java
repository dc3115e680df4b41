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

/** The sessions that are being relayed, each under a random token of 128 bits. Thread-safe. */
public final class Sessions {
  private static final int TOKEN_OCTETS = 16;
  private static final long TERMINATION_SECONDS = 2;

  private final SecureRandom random = new SecureRandom();
  private final Map<String, Session> byToken = new ConcurrentHashMap<>();

  /** Makes a token that no session has. */
  String newToken() {
    byte[] token = new byte[TOKEN_OCTETS];
    random.nextBytes(token);
    return HexFormat.of().formatHex(token);
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
   * A stage that completes, on any thread, when the client's session ends.
   *
   * @return null if there is no session with this token (any more)
   */
  public @Nullable CompletionStage<?> end(String token) {
    Session session = byToken.get(token);
    return session == null ? null : session.ended();
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
