package dev.pglambda.relay;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Lets one event of a kind through and holds back those of the next ten seconds, so that a flood of
 * clients makes no flood in the log. Thread-safe.
 */
final class LogThrottle {
  private static final long PAUSE_NS = TimeUnit.SECONDS.toNanos(10);

  private final AtomicLong next = new AtomicLong(System.nanoTime());

  /** Whether this event is to be logged. */
  boolean passes() {
    long now = System.nanoTime();
    long due = next.get();
    return now - due >= 0 && next.compareAndSet(due, now + PAUSE_NS);
  }
}
