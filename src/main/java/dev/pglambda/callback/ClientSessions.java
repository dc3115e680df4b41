package dev.pglambda.callback;

import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Tells calls in progress that their client's session at the proxy has ended.
 *
 * <p>Each session's end is watched once, whatever the number of calls made in it: a stage keeps
 * what depends on it until it completes, so that one dependent for each call would grow without
 * bound.
 */
final class ClientSessions {
  private final Function<String, @Nullable CompletionStage<?>> sessionEnd;
  private final ConcurrentMap<String, Set<Runnable>> watched = new ConcurrentHashMap<>();

  /**
   * @param sessionEnd is asked at each call: the stage that completes when the session of a token
   *     ends, complete if it has; null if it is not known here
   */
  ClientSessions(Function<String, @Nullable CompletionStage<?>> sessionEnd) {
    this.sessionEnd = sessionEnd;
  }

  /** Whether a session of this proxy's has ended. */
  boolean hasEnded(String session) {
    CompletionStage<?> end = sessionEnd.apply(session);
    return end != null && end.toCompletableFuture().isDone();
  }

  /** How many calls of a session are watched. */
  int calls(String session) {
    Set<Runnable> calls = watched.get(session);
    return calls == null ? 0 : calls.size();
  }

  /**
   * Runs {@code ended}, on any thread, when the session ends; at once if it has.
   *
   * @return stops watching
   */
  Runnable watch(String session, Runnable ended) {
    CompletionStage<?> end = sessionEnd.apply(session);
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
