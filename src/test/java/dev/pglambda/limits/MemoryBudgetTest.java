package dev.pglambda.limits;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class MemoryBudgetTest {

  @Test
  void refusesASessionWhatIsBeyondItsLimitAndNamesTheOption() {
    MemoryBudget budget = new MemoryBudget(1 << 20, 100 << 10);
    MemoryAccount account = budget.open();

    assertThat(account.reserve(60 << 10)).isTrue();
    assertThat(account.reserve(60 << 10)).isFalse();

    assertThat(account.refusal().detail())
        .isEqualTo(
            "pg-lambda-proxy cannot hold 61440 bytes more for this session"
                + " (--max-memory-per-session is 100 kB).");
    assertThat(account.reserve(40 << 10)).isTrue();
    assertThat(budget.used()).isEqualTo(100 << 10);
  }

  @Test
  void leavesToOthersAsMuchAsOneSessionHas() {
    MemoryBudget budget = new MemoryBudget(1000, 10_000);
    List<MemoryAccount> accounts = new ArrayList<>();
    for (int greedy = 0; greedy < 9; greedy++) {
      MemoryAccount account = budget.open();
      accounts.add(account);
      while (account.reserve(1)) {
        // as much as it can get
      }
      assertThat(account.used()).isLessThanOrEqualTo(1000 - budget.used());
      assertThat(account.refusal().option()).isEqualTo("--max-memory");
    }

    assertThat(accounts.get(0).used()).isEqualTo(500);
    assertThat(budget.open().reserve((1000 - budget.used()) / 2)).isTrue();
  }

  @Test
  void releasesAtTheEndWhatIsLeftAndCountsNothingAfterwards() {
    MemoryBudget budget = new MemoryBudget(1000, 1000);
    MemoryAccount account = budget.open();
    account.reserve(300);
    account.release(100);
    account.take(50);
    assertThat(budget.used()).isEqualTo(250);

    account.close();
    account.close();
    account.release(250);
    account.take(10);

    assertThat(account.reserve(10_000)).isTrue();
    assertThat(budget.used()).isZero();
  }

  @Test
  void staysInStepWhenManyThreadsReserve() {
    MemoryBudget budget = new MemoryBudget(10_000, 10_000);
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      MemoryAccount account = budget.open();
      all.add(
          CompletableFuture.runAsync(
              () -> {
                for (int n = 0; n < 10_000; n++) {
                  long bytes = n % 700;
                  if (account.reserve(bytes)) {
                    assertThat(budget.used()).isBetween(bytes, 10_000L);
                    account.release(bytes);
                  }
                }
              }));
    }
    all.forEach(CompletableFuture::join);

    assertThat(budget.used()).isZero();
  }

  @Test
  void putsWhatComesFromOutsideOnOneLine() {
    assertThat(LogThrottle.onOneLine("a\r\nERROR b\u2028c\u0085d\u0000"))
        .isEqualTo("a ERROR b c d ");
    assertThat(LogThrottle.onOneLine("x".repeat(5000))).hasSize(1003);
  }

  @Test
  void logsOneOfManyAndSaysHowManyMoreThereWere() {
    LogThrottle throttle = new LogThrottle();

    assertThat(throttle.passes()).isTrue();
    assertThat(throttle.others()).isEmpty();
    assertThat(throttle.passes()).isFalse();
    assertThat(throttle.passes()).isFalse();
    assertThat(throttle.others()).isEqualTo(" (and 2 more like it)");
  }
}
