package dev.pglambda.limits;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Lets one event of a kind through and holds back those of the next ten seconds, so that a flood of
 * clients makes no flood in the log. Thread-safe.
 */
public final class LogThrottle {
  private static final long PAUSE_NS = TimeUnit.SECONDS.toNanos(10);
  private static final int LONGEST = 1000;

  /** Of ASCII and of ISO 8859 (the second has its own escape), ends of lines, and directions. */
  private static final Pattern CONTROLS =
      Pattern.compile(
          "[\\p{Cntrl}\\u0080-\\u009f\\u2028\\u2029\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]+");

  private final AtomicLong next = new AtomicLong(System.nanoTime());
  private final AtomicLong heldBack = new AtomicLong();

  public boolean passes() {
    long now = System.nanoTime();
    long due = next.get();
    boolean passes = now - due >= 0 && next.compareAndSet(due, now + PAUSE_NS);
    if (!passes) {
      heldBack.incrementAndGet();
    }
    return passes;
  }

  /** Warns if the event is to be logged, and says how many were not since the last one. */
  public void warn(Logger log, String format, @Nullable Object... values) {
    if (passes()) {
      @Nullable Object[] all = Arrays.copyOf(values, values.length + 1);
      all[values.length] = others();
      log.warn(format + "{}", all);
    }
  }

  /** For the end of a line: how many events were not logged since the last one; may be empty. */
  public String others() {
    long count = heldBack.getAndSet(0);
    return count == 0 ? "" : " (and " + count + " more like it)";
  }

  /**
   * A text from outside on one line: it must not write log lines of its own, nor long ones, nor
   * tell a terminal what to do, or in which direction to write.
   */
  public static String onOneLine(String text) {
    String cut = text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "...";
    return CONTROLS.matcher(cut).replaceAll(" ");
  }
}
