package dev.pglambda.relay;

import dev.pglambda.protocol.BackendMessage.BackendKeyData;
import dev.pglambda.protocol.RefusalCounts;
import dev.pglambda.protocol.auth.RandomToken;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The sessions that are being relayed, each under a random token of 128 bits, which begins with 32
 * bits that all tokens of this proxy share. Thread-safe.
 */
public final class Sessions {
  private static final int PREFIX_BYTES = 4;
  private static final int TOKEN_BYTES = 16;

  private final String prefix = RandomToken.hex(PREFIX_BYTES);
  private final Map<String, Session> byToken = new ConcurrentHashMap<>();
  private final RefusalCounts refusals = new RefusalCounts();
  private volatile boolean draining;

  /** Makes a token that no session has. */
  public String newToken() {
    return prefix + RandomToken.hex(TOKEN_BYTES - PREFIX_BYTES);
  }

  public void add(Session session) {
    byToken.put(session.token(), session);
    session.ended().whenComplete((ended, failure) -> byToken.remove(session.token(), session));
    if (draining) {
      session.drain();
    }
  }

  /** The session whose server has given it this key for its cancel requests; null if none has. */
  public @Nullable Session withCancelKey(BackendKeyData key) {
    for (Session session : byToken.values()) {
      if (key.equals(session.cancelKey())) {
        return session;
      }
    }
    return null;
  }

  public boolean isDraining() {
    return draining;
  }

  /** Of clients that were refused before a session was theirs. */
  public RefusalCounts refusals() {
    return refusals;
  }

  public int size() {
    return byToken.size();
  }

  /** What is known of each session, the longest first. */
  public List<SessionState> states() {
    return byToken.values().stream()
        .map(Session::state)
        .sorted(Comparator.comparing(SessionState::since))
        .toList();
  }

  /** The client's address of a session of this proxy's; null if there is none with this token. */
  public @Nullable SocketAddress clientAddress(String token) {
    Session session = byToken.get(token);
    return session == null ? null : session.clientAddress();
  }

  public void calledBack(String token) {
    Session session = byToken.get(token);
    if (session != null) {
      session.calledBack();
    }
  }

  /**
   * A stage that completes, on any thread, when the client's session ends, complete if it has
   * ended; null if the token is not of this proxy: sessions of several can call back to any of
   * them.
   */
  public @Nullable CompletionStage<?> end(String token) {
    Session session = byToken.get(token);
    if (session != null) {
      return session.ended();
    }
    return token.startsWith(prefix) ? CompletableFuture.completedFuture(null) : null;
  }

  /**
   * Lets no new session begin, ends each session with FATAL 57P01 once it has no statement and no
   * transaction under way, and waits until all are gone, or for the grace. Blocks.
   */
  public void drain(Duration grace) {
    draining = true;
    end(Session::drain, grace);
  }

  /**
   * Lets no new session begin, ends each session with FATAL 57P01, and waits until all are gone, or
   * so long: clients may not read what they are sent. Blocks.
   */
  public void terminateAll(Duration wait) {
    draining = true;
    end(Session::terminate, wait);
  }

  private void end(Consumer<Session> how, Duration wait) {
    CompletableFuture<?>[] ends =
        byToken.values().stream().map(Session::ended).toArray(CompletableFuture[]::new);
    byToken.values().forEach(how);
    CompletableFuture.allOf(ends)
        .completeOnTimeout(null, wait.toMillis(), TimeUnit.MILLISECONDS)
        .join();
  }
}
