package dev.pglambda.lambda.aws;

import dev.pglambda.limits.MemoryBudget;
import io.netty.channel.EventLoopGroup;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What invokers share, so that many endpoints take no more threads than one, and all calls count
 * for one limit. Safe for use by many threads.
 */
final class InvokerResources implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(InvokerResources.class);

  private static final long CLOSE_SECONDS = 2;

  private final EventLoopGroup group;
  private final ConcurrencyLimit limit;

  /** With an account for each reply. */
  private volatile MemoryBudget memory = MemoryBudget.unlimited();

  private final ExecutorService senders = startSenders();

  /** Closing a client waits for its event loop. */
  private final ExecutorService closers =
      Executors.newCachedThreadPool(task -> daemon(task, "lambda-client-close"));

  /** With event loops that are not shut down by this class, for so many calls at a time. */
  InvokerResources(EventLoopGroup group, int maxConcurrentInvocations) {
    this.group = group;
    this.limit = new ConcurrencyLimit(maxConcurrentInvocations);
  }

  private static ExecutorService startSenders() {
    AtomicInteger count = new AtomicInteger();
    return Executors.newFixedThreadPool(
        Math.max(2, Runtime.getRuntime().availableProcessors()),
        task -> daemon(task, "lambda-sender-" + count.incrementAndGet()));
  }

  static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  EventLoopGroup group() {
    return group;
  }

  ConcurrencyLimit limit() {
    return limit;
  }

  MemoryBudget memory() {
    return memory;
  }

  void limitReplies(MemoryBudget budget) {
    memory = budget;
  }

  /** For what may take long: to build a client, to sign a large payload. */
  ExecutorService senders() {
    return senders;
  }

  ExecutorService closers() {
    return closers;
  }

  /** Blocks, for at most two seconds, until the clients are closed that are being closed. */
  @Override
  public void close() {
    limit.close();
    senders.shutdown();
    closers.shutdown();
    try {
      if (!closers.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        log.debug("Clients are still closing");
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }
}
