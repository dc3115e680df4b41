package dev.pglambda.callback;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Counts the calls that have begun and are not answered yet. Thread-safe. */
final class CallsInProgress {
  // Guarded by this.
  private int count;

  synchronized void begin() {
    count++;
  }

  synchronized void end() {
    count--;
    notifyAll();
  }

  /** Waits until there is none, or the time is over. Blocks. */
  synchronized void awaitNone(Duration longest) throws InterruptedException {
    long deadline = System.nanoTime() + longest.toNanos();
    long left = longest.toNanos();
    while (count > 0 && left > 0) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
      left = deadline - System.nanoTime();
    }
  }
}
