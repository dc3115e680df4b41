package dev.pglambda.lambda.local;

import dev.pglambda.lambda.InvocationResult;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Events of a function that were accepted and wait for a process, in order of arrival; those
 * that fail come again at the end after a while. Confined to one event loop.
 */
final class EventBacklog {
  private static final Logger log = LoggerFactory.getLogger(EventBacklog.class);

  /** Most memory of all Events that were accepted and have not ended. */
  private static final long MAX_BYTES = 64 << 20;

  /** What an Event takes beside its payload. */
  private static final int OVERHEAD_BYTES = 1024;

  private final Queue<FunctionRun> waiting = new ArrayDeque<>();
  private final String functionName;
  private final List<Duration> retryWaits;
  private final EventLoop loop;
  private final Runnable added;
  private long bytes;
  private long unfinished;
  private CompletableFuture<Void> drained = CompletableFuture.completedFuture(null);

  /**
   * @param added is run when a retry has joined the queue
   */
  EventBacklog(String functionName, List<Duration> retryWaits, EventLoop loop, Runnable added) {
    this.functionName = functionName;
    this.retryWaits = retryWaits;
    this.loop = loop;
    this.added = added;
  }

  /** Accepts an Event, whose run is to be added later, or refuses it: there are too many. */
  boolean accept(FunctionRun run) {
    long size = size(run);
    if (bytes + size > MAX_BYTES) {
      return false;
    }
    bytes += size;
    if (unfinished++ == 0) {
      drained = new CompletableFuture<>();
    }
    return true;
  }

  private static long size(FunctionRun run) {
    return run.payloadBytes() + (long) OVERHEAD_BYTES;
  }

  /** Queues the run of an accepted Event. */
  void add(FunctionRun run) {
    waiting.add(run);
    run.result().whenComplete((result, failure) -> ended(run, result));
  }

  /** How many runs wait for a process. */
  int size() {
    return waiting.size();
  }

  @Nullable FunctionRun peek() {
    return waiting.peek();
  }

  @Nullable FunctionRun poll() {
    return waiting.poll();
  }

  /** Completes when all Events that were accepted so far have ended. */
  CompletableFuture<Void> drained() {
    return drained;
  }

  /** How many Events have not ended. */
  long unfinished() {
    return unfinished;
  }

  private void ended(FunctionRun run, @Nullable InvocationResult result) {
    boolean failed = result != null && result.functionError() != null;
    if (failed && run.attempt() <= retryWaits.size()) {
      long wait = retryWaits.get(run.attempt() - 1).toMillis();
      FunctionRun again = run.again();
      loop.schedule(() -> retry(again), wait, TimeUnit.MILLISECONDS);
      return;
    }
    bytes -= size(run);
    unfinished--;
    if (failed) {
      log.warn(
          "Dead letter: event {} of function {} failed {} times",
          run.requestId(),
          functionName,
          run.attempt());
    }
    if (result != null) {
      run.lastResult().complete(result);
    }
    if (unfinished == 0) {
      drained.complete(null);
    }
  }

  private void retry(FunctionRun run) {
    add(run);
    added.run();
  }
}
