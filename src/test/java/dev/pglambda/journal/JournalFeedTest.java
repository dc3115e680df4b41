package dev.pglambda.journal;

import static dev.pglambda.journal.JournalStage.journal;
import static dev.pglambda.journal.JournalStage.succeed;
import static dev.pglambda.testing.Awaiting.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LogCapture;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class JournalFeedTest {
  private final Journal journal = journal(1 << 20);
  private final Queue<Long> read = new ConcurrentLinkedQueue<>();
  private final CountDownLatch reading = new CountDownLatch(1);
  private final CountDownLatch go = new CountDownLatch(1);

  private void readSlowly(JournalEntry entry) {
    reading.countDown();
    try {
      go.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    read.add(entry.id());
  }

  private static List<Long> upTo(long last) {
    return LongStream.rangeClosed(1, last).boxed().toList();
  }

  @Test
  void tellsOfWhatWaitsBeforeItIsClosed() {
    JournalFeed feed = JournalFeed.ofWholeCalls("test", journal, entry -> read.add(entry.id()));
    for (int i = 0; i < 1000; i++) {
      succeed(journal, "f", "{}");
    }

    feed.close();
    succeed(journal, "f", "{}");

    assertThat(read).containsExactlyElementsOf(upTo(1000));
  }

  @Test
  void losesWhatDoesNotFitAndNeverWaits() throws Exception {
    JournalFeed feed = JournalFeed.open(journal, this::readSlowly, 10, 1 << 20);
    succeed(journal, "f", "{}");
    reading.await();
    for (int i = 0; i < 20; i++) {
      succeed(journal, "f", "{}");
    }

    assertThat(feed.lost()).isEqualTo(10);
    try (LogCapture log = LogCapture.of(JournalFeed.class)) {
      go.countDown();
      await("what fits is read").until(() -> read.size() == 11);
      feed.close();
      assertThat(log.lines()).hasSize(1).allMatch(line -> line.contains("10 lines of calls"));
    }
    assertThat(read).containsExactlyElementsOf(upTo(11));
  }

  @Test
  void holdsNoMoreBytesThanItMay() throws Exception {
    JournalFeed feed = JournalFeed.open(journal, this::readSlowly, 1000, 10_000);
    succeed(journal, "f", "x".repeat(20_000)); // the only one may be longer
    reading.await();

    succeed(journal, "f", "{}");

    assertThat(feed.lost()).isEqualTo(1);
    go.countDown();
    await("it is read").until(() -> read.size() == 1);
    feed.close();
  }

  @Test
  void holdsNoPayloadsForLines() {
    Queue<JournalEntry> lines = new ConcurrentLinkedQueue<>();
    JournalFeed feed = JournalFeed.ofLines("test", journal, lines::add);

    succeed(journal, "f", "{}");
    feed.close();

    assertThat(lines)
        .extracting(JournalEntry::outcome)
        .containsExactly(Outcome.PENDING, Outcome.OK);
    assertThat(lines)
        .allSatisfy(
            line -> {
              assertThat(line.payload()).isNull();
              assertThat(line.response()).isNull();
              assertThat(line.requestBytes()).isEqualTo(2);
            });
  }

  @Test
  void goesOnBehindAReadersDefect() {
    JournalFeed feed =
        JournalFeed.ofWholeCalls(
            "test",
            journal,
            entry -> {
              if (entry.id() == 1) {
                throw new IllegalStateException("a defect");
              }
              read.add(entry.id());
            });
    try (LogCapture log = LogCapture.of(JournalFeed.class)) {
      succeed(journal, "f", "{}");
      succeed(journal, "f", "{}");
      feed.close();

      assertThat(log.errors()).hasSize(1);
    }
    assertThat(read).containsExactly(2L);
  }
}
