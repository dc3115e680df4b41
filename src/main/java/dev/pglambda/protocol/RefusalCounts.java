package dev.pglambda.protocol;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** How many connections the proxy has refused since its start, by reason. Thread-safe. */
public final class RefusalCounts {
  private final Map<RefusalReason, LongAdder> counts = new ConcurrentHashMap<>();

  /** Counts one more, whose client is answered this SQLSTATE. */
  public void count(String sqlState) {
    counts.computeIfAbsent(RefusalReason.of(sqlState), none -> new LongAdder()).increment();
  }

  /** How many for this reason. */
  public long of(RefusalReason reason) {
    LongAdder count = counts.get(reason);
    return count == null ? 0 : count.sum();
  }
}
