package dev.pglambda.direct.plan;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * From which databases the server cannot call back to the proxy. Only what the proxy has tried
 * itself is kept here, and for a while. Safe for use by many threads.
 */
final class CallbackReach {
  /** Then it is tried again. */
  static final Duration VALID = Duration.ofSeconds(60);

  /** Of more databases nothing is known. */
  static final int MOST_DATABASES = 1_000;

  private final LongSupplier nanoTime;

  /** By the database's name: when it was found out. */
  private final Map<String, Long> unreachable = new ConcurrentHashMap<>();

  CallbackReach(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Whether it could not call back when last that was tried. */
  boolean isUnreachable(String database) {
    return unreachable.containsKey(database);
  }

  /** The same, and it is time to try again. */
  boolean isToBeTried(String database) {
    Long since = unreachable.get(database);
    return since != null && isOver(since);
  }

  private boolean isOver(long since) {
    return nanoTime.getAsLong() - since >= VALID.toNanos();
  }

  /**
   * Whether the caller is to try again: it is time, and nobody else does. Until there is a result,
   * what was found out holds.
   */
  boolean beginTrying(String database) {
    Long since = unreachable.get(database);
    return since != null
        && isOver(since)
        && unreachable.replace(database, since, nanoTime.getAsLong());
  }

  void cannotCallBack(String database) {
    if (unreachable.size() >= MOST_DATABASES) {
      unreachable.values().removeIf(this::isOver);
    }
    if (unreachable.size() < MOST_DATABASES || unreachable.containsKey(database)) {
      unreachable.put(database, nanoTime.getAsLong());
    }
  }

  /** A call has come. */
  void calledBack(String database) {
    unreachable.remove(database);
  }
}
