package dev.pglambda.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.pglambda.admin.FunctionStatistics.FunctionSummary;
import dev.pglambda.admin.FunctionStatistics.MinuteSummary;
import dev.pglambda.journal.JournalEntry.Ending;
import dev.pglambda.journal.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class FunctionStatisticsTest {
  private static final Instant START = Instant.parse("2026-01-02T03:04:05Z");

  private Instant now = START;
  private final InstantSource time = () -> now;
  private final FunctionStatistics statistics =
      new FunctionStatistics(time.withZone(ZoneOffset.UTC));

  private void ended(double ms, Outcome outcome) {
    Duration total = Duration.ofNanos((long) (ms * 1e6));
    statistics.ended("f", new Ending(total, outcome, null, null, 0));
  }

  private FunctionSummary summary() {
    return statistics.summaries().get(0);
  }

  @Test
  void knowsTheTimesOfHalfAndOfMostCallsWithinTenPercent() {
    for (int ms = 1; ms <= 1000; ms++) {
      ended(ms, Outcome.OK);
    }

    assertThat(summary().p50Ms()).isCloseTo(500, within(50.0));
    assertThat(summary().p95Ms()).isCloseTo(950, within(95.0));
  }

  @Test
  void takesTimesOfAnyLength() {
    ended(0, Outcome.OK);
    ended(1e10, Outcome.CANCELLED);

    assertThat(summary().p50Ms()).isCloseTo(0.01, within(0.01));
    assertThat(summary().p95Ms()).isGreaterThan(15 * 60_000);
  }

  @Test
  void forgetsAMinuteAfterFifteen() {
    ended(1, Outcome.OK);
    now = START.plus(Duration.ofMinutes(14));
    ended(1, Outcome.ERROR);

    assertThat(summary().minutes()).hasSize(15);
    assertThat(summary().minutes().get(0))
        .isEqualTo(new MinuteSummary(Instant.parse("2026-01-02T03:04:00Z"), 1, 0));
    assertThat(summary().minutes().get(14))
        .isEqualTo(new MinuteSummary(Instant.parse("2026-01-02T03:18:00Z"), 1, 1));

    now = START.plus(Duration.ofMinutes(15));
    ended(1, Outcome.OK);

    assertThat(summary().minutes().get(0).calls()).isZero();
    assertThat(summary().minutes().get(14).calls()).isEqualTo(1);
    assertThat(summary().calls()).isEqualTo(3);
    assertThat(summary().failures()).isEqualTo(1);
  }
}
