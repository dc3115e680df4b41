package dev.pglambda.lambda.local;

import dev.pglambda.lambda.FunctionReference;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.route.LocalFunction;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One invocation of a function, from the moment there is room for it: in a process that is ready,
 * or in a new one. If that cannot load the code, another one tries within the invocation. Confined
 * to the invoker's event loop.
 */
final class FunctionRun {
  private final CompletableFuture<InvocationResult> result = new CompletableFuture<>();

  /** That of the last attempt, one for all of them. */
  private final CompletableFuture<InvocationResult> lastResult;

  private final LocalFunction function;
  private final Invocation invocation;
  private final FunctionReference reference;
  private final String version;
  private final String requestId;
  private final int attempt;
  private final InvocationLog log;

  private final long arrived = System.nanoTime();

  /** How long it has waited for room. */
  private Duration queued = Duration.ZERO;

  /** Nanoseconds when the invocation began; 0: not yet. */
  private long began;

  private FunctionRun(
      LocalFunction function,
      Invocation invocation,
      FunctionReference reference,
      String version,
      String requestId,
      int attempt,
      CompletableFuture<InvocationResult> lastResult) {
    this.function = function;
    this.invocation = invocation;
    this.reference = reference;
    this.version = version;
    this.requestId = requestId;
    this.attempt = attempt;
    this.lastResult = lastResult;
    this.log = new InvocationLog(requestId);
  }

  /** The first run of an invocation. */
  static FunctionRun of(
      LocalFunction function, Invocation invocation, FunctionReference reference, String version) {
    return new FunctionRun(
        function,
        invocation,
        reference,
        version,
        UUID.randomUUID().toString(),
        1,
        new CompletableFuture<>());
  }

  /** Another one, of an Event that failed. */
  FunctionRun again() {
    return new FunctionRun(
        function, invocation, reference, version, requestId, attempt + 1, lastResult);
  }

  /** Completes on the loop with the function's answer, unless somebody completed it before. */
  CompletableFuture<InvocationResult> result() {
    return result;
  }

  /** Completes on the loop when an Event has ended; not at all if it is lost. */
  CompletableFuture<InvocationResult> lastResult() {
    return lastResult;
  }

  boolean isEvent() {
    return invocation.invocationType() == InvocationType.EVENT;
  }

  String requestId() {
    return requestId;
  }

  /** From 1. */
  int attempt() {
    return attempt;
  }

  int payloadBytes() {
    return invocation.payload().remaining();
  }

  /** What process it needs, given the fingerprint of the code. */
  Sandbox sandbox(long code) {
    return new Sandbox(reference.region(), version, code);
  }

  /** Runs in a process that is ready. */
  void runIn(LocalInvoker invoker, FunctionProcess process) {
    queued = since(arrived);
    began = System.nanoTime();
    invoke(invoker, process, null);
  }

  /** Runs in a new process. */
  void runInNewProcess(LocalInvoker invoker) {
    queued = since(arrived);
    log.initStart(function.runtime().label(), reference.region());
    start(invoker, false);
  }

  private void start(LocalInvoker invoker, boolean again) {
    long started = System.nanoTime();
    if (again) {
      began = started;
    }
    FunctionProcess process = invoker.newProcess(this, log);
    Duration limit = again ? function.timeout() : invoker.initTime();
    // Whoever gives a command, for example to attach a debugger, waits for it.
    process
        .start(function.command().isEmpty() ? limit : null)
        .thenAccept(failure -> started(invoker, process, again, since(started), failure));
  }

  private static Duration since(long nanoTime) {
    return Duration.ofNanos(System.nanoTime() - nanoTime);
  }

  private void started(
      LocalInvoker invoker,
      FunctionProcess process,
      boolean again,
      Duration took,
      Optional<RunOutcome> failure) {
    if (failure.isEmpty()) {
      if (!again) {
        began = System.nanoTime();
      }
      invoke(invoker, process, again ? null : took);
      return;
    }
    log.initReport(took, again ? "invoke" : "init", failure.get());
    if (again) {
      log.start(version);
      finish(invoker, process, failure.get(), null);
    } else {
      process.ended().thenRun(() -> startAgain(invoker));
    }
  }

  private void startAgain(LocalInvoker invoker) {
    if (!invoker.isClosed()) {
      start(invoker, true);
    }
  }

  private void invoke(
      LocalInvoker invoker, FunctionProcess process, @Nullable Duration initDuration) {
    log.start(version);
    RuntimeEvent event =
        new RuntimeEvent(
            requestId,
            reference.invokedArn(),
            isEvent() ? null : invocation.clientContext(),
            invocation.payload(),
            invocation.traceHeader());
    process
        .run(event, log, function.timeout().minus(since(began)))
        .thenAccept(outcome -> finish(invoker, process, outcome, initDuration));
  }

  private void finish(
      LocalInvoker invoker,
      FunctionProcess process,
      RunOutcome outcome,
      @Nullable Duration initDuration) {
    log.end(
        since(began), function.memoryMegabytes(), process.usedMegabytes(), initDuration, outcome);
    invoker.release(this, process);
    ByteBuffer payload = outcome.payload();
    result.complete(
        new InvocationResult(
                200,
                payload.hasRemaining() ? payload : null,
                version,
                invocation.wantsLog() ? log.tail() : null,
                outcome.errorType() == null ? null : "Unhandled")
            .withQueued(queued));
  }
}
