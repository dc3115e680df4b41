package dev.pglambda.callback;

import java.net.SocketAddress;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * Tells calls in progress that their client's session at the proxy has ended.
 *
 * <p>Each session's end is watched once, whatever the number of calls made in it: a stage keeps
 * what depends on it until it completes, so that one dependent for each call would grow without
 * bound.
 */
final class ClientSessions {
  private final ProxySessions sessions;
  private final ConcurrentMap<String, Set<Runnable>> watched = new ConcurrentHashMap<>();

  ClientSessions(ProxySessions sessions) {
    this.sessions = sessions;
  }

  /** Where the client of a session connects from; null: not known. */
  @Nullable SocketAddress client(@Nullable String session) {
    return session == null ? null : sessions.origin(session).client();
  }

  /** Whether a session of this proxy's has ended. */
  boolean hasEnded(String session) {
    CompletionStage<?> end = sessions.end(session);
    return end != null && end.toCompletableFuture().isDone();
  }

  /** How many calls of a session are watched. */
  int calls(String session) {
    Set<Runnable> calls = watched.get(session);
    return calls == null ? 0 : calls.size();
  }

  /**
   * Runs {@code ended}, on any thread, when the session ends, at once if it has; returns what stops
   * watching.
   */
  Runnable watch(String session, Runnable ended) {
    CompletionStage<?> end = sessions.end(session);
    if (end == null) {
      return () -> {};
    }
    Set<Runnable> calls = watched.get(session);
    if (calls == null) {
      Set<Runnable> fresh = ConcurrentHashMap.newKeySet();
      calls = watched.putIfAbsent(session, fresh);
      if (calls == null) {
        calls = fresh;
        end.whenComplete((value, failure) -> end(session));
      }
    }
    calls.add(ended);
    if (watched.get(session) != calls) {
      // It ended between the look-up and the addition.
      ended.run();
    }
    Set<Runnable> joined = calls;
    return () -> joined.remove(ended);
  }

  private void end(String session) {
    Set<Runnable> calls = watched.remove(session);
    if (calls != null) {
      calls.forEach(Runnable::run);
    }
  }
}
