package dev.pglambda.lambda.local;

import dev.pglambda.lambda.FunctionReference;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.InvokeErrors;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.RouteState;
import dev.pglambda.lambda.ServiceErrors;
import dev.pglambda.lambda.ServiceLimits;
import dev.pglambda.lambda.route.LocalFunction;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one function in at most as many processes as its concurrency. Calls wait for a process in a
 * bounded queue, and before Events. Before calls get a process, the code is looked at: what was
 * started with other code ends. All state is confined to one event loop.
 */
final class LocalInvoker implements LambdaInvoker {
  private static final Logger log = LoggerFactory.getLogger(LocalInvoker.class);

  /** A backlog looks at the code again after so long. */
  private static final long CODE_SEEN_NS = TimeUnit.MILLISECONDS.toNanos(500);

  private final HostResources host;
  private final EventLoop loop;
  private final LocalFunction function;
  private final CompletableFuture<Void> allEnded = new CompletableFuture<>();
  private final EventBacklog events;
  private final ProcessPool processes;

  /** Calls that came after the code was last looked at. */
  private List<FunctionRun> arrived = new ArrayList<>();

  /** Calls that wait for the look at the code that has begun. */
  private List<FunctionRun> looking = List.of();

  private final Deque<FunctionRun> waiting = new ArrayDeque<>();
  private final Set<FunctionRun> running = new HashSet<>();
  private boolean looks;
  private long code;
  private long codeSeenAt = System.nanoTime();
  private volatile boolean closed;

  /** Without the output. */
  private volatile RouteState state;

  /**
   * @param onEnd is told when the invoker has been closed and its processes have ended
   */
  LocalInvoker(
      HostResources host, EventLoop loop, LocalFunction function, Consumer<LocalInvoker> onEnd) {
    this.host = host;
    this.loop = loop;
    this.function = function;
    allEnded.whenComplete((none, failure) -> onEnd.accept(this));
    this.events =
        new EventBacklog(
            function.name(), host.settings().eventRetryWaits(), loop, this::lookAtCode);
    this.processes = new ProcessPool(host, loop, function, this::dispatch);
    this.state = RouteState.of(function.name(), "");
  }

  @Override
  public CompletableFuture<InvocationResult> invoke(Invocation invocation) {
    if (closed) {
      return CompletableFuture.failedFuture(InvokeErrors.shutDown());
    }
    FunctionRun run;
    try {
      FunctionReference reference = FunctionReference.of(invocation);
      String version = version(reference);
      ServiceLimits.check(invocation);
      run = FunctionRun.of(function, invocation, reference, version);
    } catch (InvocationException refused) {
      return CompletableFuture.failedFuture(refused);
    }
    CompletableFuture<InvocationResult> answer =
        switch (invocation.invocationType()) {
          case DRY_RUN -> CompletableFuture.completedFuture(InvocationResult.ofStatus(204));
          case EVENT -> new CompletableFuture<>();
          case REQUEST_RESPONSE -> run.result();
        };
    if (invocation.invocationType() != InvocationType.DRY_RUN) {
      onLoop(() -> admit(run, answer, invocation.requestTimeout()), answer);
    }
    return answer;
  }

  private void onLoop(Runnable task, CompletableFuture<?> answer) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException stopped) {
      answer.completeExceptionally(InvokeErrors.shutDown());
    }
  }

  private String version(FunctionReference reference) throws InvocationException {
    Set<String> versions = function.versions();
    Map<String, String> aliases = function.aliases();
    String qualifier = reference.qualifier();
    if (versions.isEmpty() && aliases.isEmpty()) {
      return reference.anyVersion();
    }
    if (qualifier == null || qualifier.equals(FunctionReference.LATEST)) {
      return FunctionReference.LATEST;
    }
    String version = aliases.getOrDefault(qualifier, qualifier);
    if (aliases.containsKey(qualifier) || versions.contains(qualifier)) {
      return version;
    }
    throw ServiceErrors.notFound(
        reference,
        "The versions of \"%s\" are %s, its aliases %s."
            .formatted(function.name(), new TreeSet<>(versions), new TreeMap<>(aliases).keySet()));
  }

  private void admit(
      FunctionRun run, CompletableFuture<InvocationResult> answer, Duration requestTimeout) {
    if (closed) {
      answer.completeExceptionally(InvokeErrors.shutDown());
      return;
    }
    if (run.isEvent()) {
      if (!events.accept(run)) {
        answer.completeExceptionally(ServiceErrors.tooManyRequests());
        return;
      }
      answer.complete(InvocationResult.ofEvent(run.lastResult()));
    } else {
      if (isFull()) {
        answer.completeExceptionally(ServiceErrors.tooManyRequests());
        return;
      }
      limitTime(run, requestTimeout);
    }
    arrived.add(run);
    lookAtCode();
    noteState();
  }

  private void noteState() {
    int queued = arrived.size() + looking.size() + waiting.size() + events.size();
    state =
        new RouteState(function.name(), "", processes.size(), running.size(), queued, List.of());
  }

  @Override
  public List<RouteState> routes() {
    RouteState now = state;
    return List.of(
        new RouteState(
            now.pattern(),
            now.target(),
            now.processes(),
            now.busy(),
            now.queued(),
            processes.output().lines()));
  }

  private boolean isFull() {
    long calls =
        waiting.size()
            + Stream.of(arrived, looking)
                .flatMap(List::stream)
                .filter(run -> !run.isEvent() && !run.result().isDone())
                .count();
    int free = Math.max(0, function.concurrency() - running.size());
    return calls >= host.settings().queueLength() + (long) free;
  }

  /** Who has waited for too long gets an error; what runs already runs on, as in Lambda. */
  private void limitTime(FunctionRun run, Duration requestTimeout) {
    var alarm =
        loop.schedule(
            () -> run.result().completeExceptionally(InvokeErrors.requestTimedOut(null)),
            requestTimeout.toMillis(),
            TimeUnit.MILLISECONDS);
    run.result()
        .whenComplete(
            (result, failure) -> {
              alarm.cancel(false);
              if (failure != null && !closed) {
                onLoop(() -> gaveUp(run), run.result());
              }
            });
  }

  private void gaveUp(FunctionRun run) {
    waiting.remove(run);
    noteState();
  }

  /** Calls that arrive meanwhile wait for the next look. */
  private void lookAtCode() {
    if (looks || closed) {
      return;
    }
    looks = true;
    looking = arrived;
    arrived = new ArrayList<>();
    host.workers()
        .execute(
            () -> {
              long seen = CodeFingerprint.of(function.code());
              onLoop(() -> codeSeen(seen), allEnded);
            });
  }

  private void codeSeen(long seen) {
    looks = false;
    code = seen;
    codeSeenAt = System.nanoTime();
    for (FunctionRun run : looking) {
      if (run.isEvent()) {
        events.add(run);
      } else if (!run.result().isDone()) {
        waiting.add(run);
      }
    }
    looking = List.of();
    processes.retireOthers(seen);
    dispatch();
    if (!arrived.isEmpty()) {
      lookAtCode();
    }
  }

  private void dispatch() {
    for (FunctionRun run = next(); run != null && !closed; run = next()) {
      FunctionProcess process = processes.takeIdle(run.sandbox(code));
      if (process == null && !processes.takeSlot()) {
        break;
      }
      if (!waiting.remove(run)) {
        events.poll();
      }
      running.add(run);
      if (process == null) {
        run.runInNewProcess(this);
      } else {
        run.runIn(this, process);
      }
    }
    noteState();
  }

  private @Nullable FunctionRun next() {
    return waiting.isEmpty() ? events.peek() : waiting.peek();
  }

  /** A process for a call that has a slot, with the code as it is now. */
  FunctionProcess newProcess(FunctionRun run, InvocationLog invocationLog) {
    return processes.create(run.sandbox(code), run.requestId(), invocationLog);
  }

  boolean isClosed() {
    return closed;
  }

  Duration initTime() {
    return host.settings().initTime();
  }

  /** A call needs its process no longer. */
  void release(FunctionRun run, FunctionProcess process) {
    running.remove(run);
    processes.release(process, code);
    noteState();
    if (next() != null && System.nanoTime() - codeSeenAt > CODE_SEEN_NS) {
      lookAtCode();
    } else {
      loop.execute(this::dispatch);
    }
  }

  @Override
  public CompletableFuture<Void> drained() {
    CompletableFuture<Void> drained = new CompletableFuture<>();
    onLoop(() -> events.drained().thenRun(() -> drained.complete(null)), drained);
    return drained;
  }

  @Override
  public void close() {
    closed = true;
    onLoop(this::endAll, allEnded);
  }

  /** Waits for its processes to end, but not for long. */
  void awaitEnd(Duration limit) throws InterruptedException {
    try {
      if (!loop.inEventLoop()) {
        allEnded.get(limit.toMillis(), TimeUnit.MILLISECONDS);
      }
    } catch (ExecutionException | TimeoutException late) {
      log.debug("The processes of function {} have not ended", function.name(), late);
    }
  }

  private void endAll() {
    if (events.unfinished() > 0) {
      log.warn("{} events of function {} are lost", events.unfinished(), function.name());
    }
    List<FunctionRun> all = new ArrayList<>(arrived);
    all.addAll(looking);
    all.addAll(waiting);
    all.addAll(running);
    all.forEach(run -> run.result().completeExceptionally(InvokeErrors.shutDown()));
    waiting.clear();
    processes.close().thenRun(() -> allEnded.complete(null));
  }
}
