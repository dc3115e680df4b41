package dev.pglambda.lambda.canned;

import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeErrors;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Calls that begin later. Safe for use by many threads. */
final class WaitingCalls implements AutoCloseable {
  private final ScheduledExecutorService scheduler;
  private final Set<CompletableFuture<InvocationResult>> calls = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /**
   * @param scheduler for the waits; not shut down by this class
   */
  WaitingCalls(ScheduledExecutorService scheduler) {
    this.scheduler = scheduler;
  }

  /**
   * Makes a call after a delay, which counts towards the call's request time-out: what is left of
   * it is the time-out of what is called. If nothing is left, the call fails when its time is over,
   * and nothing is called. Cancelling the call ends it at once.
   *
   * @param next called with what is left of the invocation; does not block
   */
  @SuppressWarnings("CollectionUndefinedEquality") // the same object is meant
  CompletableFuture<InvocationResult> after(
      Duration delay,
      Invocation invocation,
      Function<Invocation, CompletableFuture<InvocationResult>> next) {
    if (closed) {
      return CompletableFuture.failedFuture(InvokeErrors.shutDown());
    }
    if (delay.isZero()) {
      return next.apply(invocation);
    }
    Duration left = invocation.requestTimeout().minus(delay);
    boolean inTime = left.compareTo(Duration.ZERO) > 0;
    CompletableFuture<InvocationResult> call = new CompletableFuture<>();
    Future<?> alarm =
        scheduler.schedule(
            () -> {
              if (inTime) {
                begin(call, next, withTimeout(invocation, left));
              } else {
                call.completeExceptionally(InvokeErrors.requestTimedOut(null));
              }
            },
            (inTime ? delay : invocation.requestTimeout()).toNanos(),
            TimeUnit.NANOSECONDS);
    calls.add(call);
    var unused =
        call.whenComplete(
            (result, failure) -> {
              alarm.cancel(false);
              calls.remove(call);
            });
    if (closed) {
      call.completeExceptionally(InvokeErrors.shutDown());
    }
    return call;
  }

  private static void begin(
      CompletableFuture<InvocationResult> call,
      Function<Invocation, CompletableFuture<InvocationResult>> next,
      Invocation invocation) {
    try {
      follow(call, next.apply(invocation));
    } catch (RuntimeException bug) {
      // On this thread nobody else would see it, and the caller would wait for ever.
      call.completeExceptionally(bug);
    }
  }

  private static void follow(
      CompletableFuture<InvocationResult> call, CompletableFuture<InvocationResult> begun) {
    var unusedEnd = call.whenComplete((result, failure) -> begun.cancel(true));
    var unusedAnswer =
        begun.whenComplete(
            (result, failure) -> {
              if (failure == null) {
                call.complete(result);
              } else {
                call.completeExceptionally(failure);
              }
            });
  }

  private static Invocation withTimeout(Invocation invocation, Duration requestTimeout) {
    return new Invocation(
        invocation.functionName(),
        invocation.region(),
        invocation.invocationType(),
        invocation.logType(),
        invocation.clientContext(),
        invocation.qualifier(),
        invocation.payload(),
        invocation.connectTimeout(),
        requestTimeout,
        invocation.traceHeader());
  }

  /** Fails the calls that wait, and all later ones. */
  @Override
  public void close() {
    closed = true;
    calls.forEach(call -> call.completeExceptionally(InvokeErrors.shutDown()));
  }
}
