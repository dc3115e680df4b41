package dev.pglambda.lambda.canned;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.lambda.ExecutionLog;
import dev.pglambda.lambda.FunctionReference;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeErrors;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.RouteState;
import dev.pglambda.lambda.ServiceErrors;
import dev.pglambda.lambda.route.Fault;
import dev.pglambda.lambda.route.FaultKind;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.random.RandomGenerator;

/**
 * Lets something go wrong with some calls. Each fault is drawn for itself, in order, until one ends
 * the call; {@link FaultKind} says what each is. A function that fails does so behind an event,
 * which is answered with 202, and not in a dry run. Safe for use by many threads.
 */
public final class FaultyInvoker implements LambdaInvoker {
  private static final String ERROR =
      "{\"errorType\":\"Error\",\"errorMessage\":\"This call fails on purpose\","
          + "\"trace\":[\"Error: This call fails on purpose\"]}";

  private final LambdaInvoker invoker;
  private final List<Fault> faults;
  private final WaitingCalls waiting;
  private final RandomGenerator random;

  /**
   * @param invoker of calls with which nothing goes wrong; closed with this one
   * @param faults in order
   * @param scheduler for delays; nothing that runs on it blocks. Not shut down by this class
   * @param random for the rates; safe for use by many threads
   */
  public FaultyInvoker(
      LambdaInvoker invoker,
      List<Fault> faults,
      ScheduledExecutorService scheduler,
      RandomGenerator random) {
    this.invoker = invoker;
    this.faults = List.copyOf(faults);
    this.waiting = new WaitingCalls(scheduler);
    this.random = random;
  }

  @Override
  public CompletableFuture<InvocationResult> invoke(Invocation invocation) {
    try {
      return invoke(invocation, FunctionReference.of(invocation), 0);
    } catch (InvocationException refused) {
      return CompletableFuture.failedFuture(refused);
    }
  }

  private CompletableFuture<InvocationResult> invoke(
      Invocation invocation, FunctionReference function, int drawn) {
    if (drawn == faults.size()) {
      return invoker.invoke(invocation);
    }
    Fault fault = faults.get(drawn);
    if (random.nextDouble() >= fault.rate()) {
      return invoke(invocation, function, drawn + 1);
    }
    return switch (fault.kind()) {
      case DELAY ->
          waiting.after(fault.delay(), invocation, left -> invoke(left, function, drawn + 1));
      case THROTTLE -> CompletableFuture.failedFuture(ServiceErrors.tooManyRequests());
      case TIMEOUT -> waiting.after(invocation.requestTimeout(), invocation, invoker::invoke);
      case REFUSE -> CompletableFuture.failedFuture(InvokeErrors.unreachable(null, null));
      case UNHANDLED ->
          switch (invocation.invocationType()) {
            case DRY_RUN -> invoke(invocation, function, drawn + 1);
            case EVENT ->
                CompletableFuture.completedFuture(
                    InvocationResult.ofEvent(unhandled(invocation, function)));
            case REQUEST_RESPONSE -> unhandled(invocation, function);
          };
    };
  }

  private static CompletableFuture<InvocationResult> unhandled(
      Invocation invocation, FunctionReference function) {
    String version = function.anyVersion();
    ExecutionLog log = new ExecutionLog(UUID.randomUUID().toString(), version);
    log.error(ERROR);
    log.end(Duration.ZERO);
    return CompletableFuture.completedFuture(
        new InvocationResult(
            200,
            ByteBuffer.wrap(ERROR.getBytes(UTF_8)),
            version,
            invocation.wantsLog() ? log.tail() : null,
            "Unhandled"));
  }

  @Override
  public List<RouteState> routes() {
    return invoker.routes();
  }

  @Override
  public CompletableFuture<Void> drained() {
    return invoker.drained();
  }

  @Override
  public void close() {
    waiting.close();
    invoker.close();
  }
}
