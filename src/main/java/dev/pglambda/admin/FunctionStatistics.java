package dev.pglambda.admin;

import dev.pglambda.journal.JournalEntry;
import dev.pglambda.journal.JournalEntry.Ending;
import dev.pglambda.journal.Outcome;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Counts the calls of each function since the start, forgotten ones too. Functions are told apart
 * by the name that SQL gave, up to a number of them. Safe for use by many threads.
 */
final class FunctionStatistics {
  /** The name of all functions beyond. */
  static final String OTHERS = "(others)";

  private static final int MOST_NAMES = 1000;

  /** Anybody who may call can make up names: they leave room for functions that are there. */
  private static final int MOST_UNPROVEN_NAMES = 500;

  private static final int LONGEST_NAME = 200;
  private static final int MINUTES = 15;
  private static final int SECONDS_PER_MINUTE = 60;

  /** Durations are counted in steps of a fourth of an octave from 10 µs on: within 10 percent. */
  private static final int STEPS = 128;

  private static final double STEPS_PER_OCTAVE = 4;
  private static final double SHORTEST_MS = 0.01;
  private static final double NANOS_PER_MS = 1e6;

  private final Clock clock;
  private final Map<String, FunctionCounter> byName = new ConcurrentHashMap<>();

  FunctionStatistics(Clock clock) {
    this.clock = clock;
  }

  /**
   * What has become of a function's calls.
   *
   * @param errorRate from 0 to 1
   * @param p50Ms the time that half of the calls took at most; 0 if there were none
   * @param minutes the last ones, the earliest first
   */
  record FunctionSummary(
      String name,
      long calls,
      long failures,
      double errorRate,
      double p50Ms,
      double p95Ms,
      List<MinuteSummary> minutes) {}

  /** Calls that ended in one minute. */
  record MinuteSummary(Instant at, long calls, long failures) {}

  /** The name under which a call is counted that has ended in this way. */
  String label(JournalEntry entry, Outcome outcome) {
    String whole = entry.functionName();
    boolean isThere = outcome == Outcome.OK || outcome == Outcome.FUNCTION_ERROR;
    int most = isThere ? MOST_NAMES : MOST_UNPROVEN_NAMES;
    String name = whole.length() > LONGEST_NAME ? whole.substring(0, LONGEST_NAME) : whole;
    return byName.containsKey(name) || byName.size() < most ? name : OTHERS;
  }

  void ended(String label, Ending ending) {
    byName
        .computeIfAbsent(label, none -> new FunctionCounter())
        .add(minute(), ending.total(), ending.outcome().isFailure());
  }

  /** An Event has failed whose call has ended before. */
  void failedLater(String label) {
    byName.computeIfAbsent(label, none -> new FunctionCounter()).addFailure();
  }

  private long minute() {
    return clock.instant().getEpochSecond() / SECONDS_PER_MINUTE;
  }

  /** Those that were called most first. */
  List<FunctionSummary> summaries() {
    long now = minute();
    return byName.entrySet().stream()
        .map(each -> each.getValue().summary(each.getKey(), now))
        .sorted(Comparator.comparingLong(FunctionSummary::calls).reversed())
        .toList();
  }

  /** The calls of one function. */
  private static final class FunctionCounter {
    /** Held for a few instructions. */
    private final ReentrantLock lock = new ReentrantLock();

    private final long[] steps = new long[STEPS];
    private final long[] minuteOf = new long[MINUTES];
    private final long[] callsIn = new long[MINUTES];
    private final long[] failuresIn = new long[MINUTES];
    private long calls;
    private long failures;

    void add(long minute, Duration total, boolean failed) {
      int step = step(total.toNanos() / NANOS_PER_MS);
      int slot = (int) (minute % MINUTES);
      lock.lock();
      try {
        steps[step]++;
        calls++;
        failures += failed ? 1 : 0;
        if (minuteOf[slot] != minute) {
          minuteOf[slot] = minute;
          callsIn[slot] = 0;
          failuresIn[slot] = 0;
        }
        callsIn[slot]++;
        failuresIn[slot] += failed ? 1 : 0;
      } finally {
        lock.unlock();
      }
    }

    /** Not in the minute: the call was in an earlier one. */
    void addFailure() {
      lock.lock();
      try {
        failures++;
      } finally {
        lock.unlock();
      }
    }

    private static int step(double ms) {
      double octaves = Math.log(Math.max(ms, SHORTEST_MS) / SHORTEST_MS) / Math.log(2);
      return Math.min(STEPS - 1, (int) (octaves * STEPS_PER_OCTAVE));
    }

    FunctionSummary summary(String name, long now) {
      lock.lock();
      try {
        List<MinuteSummary> minutes = new ArrayList<>();
        for (long minute = now - MINUTES + 1; minute <= now; minute++) {
          int slot = (int) (minute % MINUTES);
          boolean isThere = minuteOf[slot] == minute;
          minutes.add(
              new MinuteSummary(
                  Instant.ofEpochSecond(minute * SECONDS_PER_MINUTE),
                  isThere ? callsIn[slot] : 0,
                  isThere ? failuresIn[slot] : 0));
        }
        double errorRate = (double) failures / Math.max(1, calls);
        return new FunctionSummary(
            name, calls, failures, errorRate, quantile(0.5), quantile(0.95), minutes);
      } finally {
        lock.unlock();
      }
    }

    /** The middle of the step in which it is, in milliseconds with two digits. */
    private double quantile(double share) {
      long below = 0;
      for (int step = 0; step < STEPS; step++) {
        below += steps[step];
        if (below > 0 && below >= share * calls) {
          double ms = SHORTEST_MS * Math.pow(2, (step + 0.5) / STEPS_PER_OCTAVE);
          return Math.round(ms * 100) / 100.0;
        }
      }
      return 0;
    }
  }
}
