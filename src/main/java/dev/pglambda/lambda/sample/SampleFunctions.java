package dev.pglambda.lambda.sample;

import dev.pglambda.lambda.FunctionReference;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeErrors;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.ServiceErrors;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * A few functions that run inside this process and answer as Lambda would, so that everything can
 * be tried without AWS. Safe for use by many threads.
 */
public final class SampleFunctions implements LambdaInvoker {
  private final ScheduledExecutorService scheduler;
  private final Map<String, SampleFunction> functions = new LinkedHashMap<>();
  private final Set<Execution> running = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /**
   * @param scheduler for the function that sleeps and for time-outs; nothing that runs on it
   *     blocks, so event loops will do. Not shut down by this class
   */
  public SampleFunctions(ScheduledExecutorService scheduler) {
    this.scheduler = scheduler;
    for (SampleFunction function : SampleHandlers.all(scheduler)) {
      functions.put(function.name(), function);
    }
  }

  /** The names of the functions, each with a line that describes it, in the order to show them. */
  public Map<String, String> descriptions() {
    Map<String, String> descriptions = new LinkedHashMap<>();
    functions.forEach((name, function) -> descriptions.put(name, function.description()));
    return descriptions;
  }

  @Override
  public CompletableFuture<InvocationResult> invoke(Invocation invocation) {
    if (closed) {
      return CompletableFuture.failedFuture(InvokeErrors.shutDown());
    }
    try {
      FunctionReference reference = FunctionReference.of(invocation);
      SampleFunction function = functions.get(reference.name());
      if (function == null) {
        throw ServiceErrors.notFound(reference, null);
      }
      return run(function, invocation, reference.anyVersion());
    } catch (InvocationException refused) {
      return CompletableFuture.failedFuture(refused);
    }
  }

  private CompletableFuture<InvocationResult> run(
      SampleFunction function, Invocation invocation, String version) {
    return switch (invocation.invocationType()) {
      case DRY_RUN -> CompletableFuture.completedFuture(InvocationResult.ofStatus(204));
      case EVENT ->
          CompletableFuture.completedFuture(
              InvocationResult.ofEvent(execute(function, invocation, version).result()));
      case REQUEST_RESPONSE -> withTimeout(execute(function, invocation, version), invocation);
    };
  }

  private Execution execute(SampleFunction function, Invocation invocation, String version) {
    Execution execution = new Execution(function, invocation, version);
    running.add(execution);
    var unused = execution.result().whenComplete((done, failure) -> running.remove(execution));
    return execution;
  }

  private CompletableFuture<InvocationResult> withTimeout(
      Execution execution, Invocation invocation) {
    if (!execution.result().isDone()) {
      var alarm =
          scheduler.schedule(
              () -> execution.fail(InvokeErrors.requestTimedOut(null)),
              invocation.requestTimeout().toMillis(),
              TimeUnit.MILLISECONDS);
      var unused = execution.result().whenComplete((done, failure) -> alarm.cancel(false));
    }
    return execution.result();
  }

  /** Ends what runs, events too. */
  @Override
  public void close() {
    closed = true;
    running.forEach(execution -> execution.fail(InvokeErrors.shutDown()));
  }
}
