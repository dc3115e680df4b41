package dev.pglambda.journal;

import dev.pglambda.limits.LogThrottle;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives what the journal tells to a reader that may block, on a thread of the reader's own. The
 * queue between them is bounded: calls never wait, and what does not fit is counted and lost. Safe
 * for use by many threads.
 */
public final class JournalFeed implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(JournalFeed.class);

  private static final int MOST_ENTRIES = 10_000;
  private static final long MOST_BYTES = Math.min(32L << 20, Runtime.getRuntime().maxMemory() / 16);
  private static final long CLOSE_SECONDS = 3;

  private final String name;
  private final Consumer<JournalEntry> reader;
  private final long maxBytes;
  private final ThreadPoolExecutor thread;
  private final Runnable stopListening;
  private final LogThrottle losses = new LogThrottle();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong lost = new AtomicLong();

  private JournalFeed(
      String name,
      Journal journal,
      Consumer<JournalEntry> reader,
      boolean isForLines,
      int maxEntries,
      long maxBytes) {
    this.name = name;
    this.reader = reader;
    this.maxBytes = maxBytes;
    this.thread =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(maxEntries),
            new DefaultThreadFactory(name, true));
    this.stopListening =
        journal.listen(
            entry -> {
              if (isForLines) {
                add(entry.withoutPayloads());
              } else if (entry.ending() != null) {
                add(entry);
              }
            });
  }

  /**
   * Begins to tell of calls that have ended, one after the other.
   *
   * @param name of the thread, and of the reader in the log
   */
  public static JournalFeed ofWholeCalls(
      String name, Journal journal, Consumer<JournalEntry> reader) {
    return new JournalFeed(name, journal, reader, false, MOST_ENTRIES, MOST_BYTES);
  }

  /** The same for a reader that wants no payloads, and calls that have not ended, too. */
  public static JournalFeed ofLines(String name, Journal journal, Consumer<JournalEntry> reader) {
    return new JournalFeed(name, journal, reader, true, MOST_ENTRIES, MOST_BYTES);
  }

  static JournalFeed open(
      Journal journal, Consumer<JournalEntry> reader, int maxEntries, long maxBytes) {
    return new JournalFeed("test", journal, reader, false, maxEntries, maxBytes);
  }

  /** How many calls the reader was not told of. */
  long lost() {
    return lost.get();
  }

  private void add(JournalEntry entry) {
    long size = entry.bytes();
    long before = bytes.getAndAdd(size);
    if (before > 0 && before + size > maxBytes) {
      lose(size);
      return;
    }
    try {
      thread.execute(() -> tell(entry, size));
    } catch (RejectedExecutionException full) {
      lose(size);
    }
  }

  private void lose(long size) {
    bytes.addAndGet(-size);
    lost.incrementAndGet();
  }

  private void tell(JournalEntry entry, long size) {
    try {
      reader.accept(entry);
    } catch (RuntimeException defect) {
      log.error("{} failed", name, defect);
    } finally {
      bytes.addAndGet(-size);
    }
    warnOfLoss();
  }

  private void warnOfLoss() {
    if (lost.get() > 0 && losses.passes()) {
      log.warn(
          "{}: {} lines of calls are missing so far, which came faster than they could be written",
          name,
          lost.get());
    }
  }

  /** Tells of no more calls, but of those that wait; for that it takes a short time. Blocks. */
  @Override
  public void close() {
    stopListening.run();
    thread.shutdown();
    try {
      if (!thread.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        log.warn("{}: the last {} lines of calls are missing", name, thread.shutdownNow().size());
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }
}
