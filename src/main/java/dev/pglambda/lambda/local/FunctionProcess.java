package dev.pglambda.lambda.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.lambda.ServiceLimits;
import dev.pglambda.lambda.route.LocalFunction;
import dev.pglambda.limits.LogThrottle;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One process of a function, and what Lambda's Runtime API means to it. Confined to one event loop,
 * on which all its futures complete.
 *
 * <pre>
 * starting --next--> ready --run--> running --response, next--> ready ..
 *     |                |               |
 *     +-- init/error, exit, time-out, end() --> ended
 * </pre>
 */
final class FunctionProcess {
  private static final Logger log = LoggerFactory.getLogger(FunctionProcess.class);

  /** How long a process may take from its answer to its request for the next event. */
  private static final long SETTLE_MS = 50;

  /** How long a process may take to exit after it has said that it cannot load the code. */
  private static final long EXIT_MS = 100;

  /** How often the log is followed while the function runs. */
  private static final long FOLLOW_MS = 250;

  private final HostResources host;
  private final EventLoop loop;
  private final LocalFunction function;
  private final Sandbox sandbox;
  private final RecentOutput output;
  private final ChannelGroup channels;
  private final CompletableFuture<Optional<RunOutcome>> ready = new CompletableFuture<>();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private CompletableFuture<Void> reading = CompletableFuture.completedFuture(null);
  private InvocationLog printed;
  private String requestId;
  private @Nullable RunOutcome initFailure;
  private @Nullable FunctionChild child;
  private @Nullable ChannelHandlerContext parked;
  private @Nullable EventInProgress current;
  private @Nullable Future<?> alarm;
  private @Nullable Future<?> follower;
  private @Nullable RunOutcome exit;
  private boolean initialized;
  private boolean ending;

  /** An event, from the moment it is to run. */
  private static final class EventInProgress {
    final CompletableFuture<RunOutcome> done = new CompletableFuture<>();
    final RuntimeEvent event;
    final long deadlineMs;
    @Nullable RunOutcome outcome;
    boolean delivered;
    boolean settling;

    EventInProgress(RuntimeEvent event, long deadlineMs) {
      this.event = event;
      this.deadlineMs = deadlineMs;
    }
  }

  /** Not started yet. The log takes what is printed before the first event. */
  FunctionProcess(
      HostResources host,
      EventLoop loop,
      LocalFunction function,
      Sandbox sandbox,
      RecentOutput output,
      String requestId,
      InvocationLog printed) {
    this.host = host;
    this.loop = loop;
    this.function = function;
    this.sandbox = sandbox;
    this.output = output;
    this.requestId = requestId;
    this.printed = printed;
    this.channels = new DefaultChannelGroup(loop, true);
  }

  Sandbox sandbox() {
    return sandbox;
  }

  /** Whether it can run an event. */
  boolean isReady() {
    return initialized && current == null && !ending;
  }

  /** Completes when there is no process any more. */
  CompletableFuture<Void> ended() {
    return ended;
  }

  /** Starts the process: what went wrong, or empty: it is ready. The limit may be null: none. */
  CompletableFuture<Optional<RunOutcome>> start(@Nullable Duration limit) {
    if (limit != null) {
      alarm = after(limit.toMillis(), () -> initFailed(RunOutcome.timedOut(requestId, limit)));
    }
    RuntimeApi.listen(loop, this, channels)
        .addListener(
            (ChannelFuture bound) -> {
              if (bound.isSuccess()) {
                channels.add(bound.channel());
                int port = ((InetSocketAddress) bound.channel().localAddress()).getPort();
                host.workers().execute(() -> launch("127.0.0.1:" + port));
              } else {
                notStarted("Runtime API: " + bound.cause());
              }
            });
    return ready;
  }

  private Future<?> after(long milliseconds, Runnable task) {
    return loop.schedule(task, milliseconds, TimeUnit.MILLISECONDS);
  }

  /** Blocks. */
  private void launch(String runtimeApi) {
    try {
      FunctionChild started = FunctionChild.start(host, function, sandbox, runtimeApi);
      loop.execute(() -> started(started));
      started
          .exit()
          .whenCompleteAsync((status, failure) -> started.forget(), host.workers())
          .thenAcceptAsync(status -> exited(started, status), loop);
    } catch (EntrypointException | IOException | RuntimeException failure) {
      loop.execute(() -> notStarted(String.valueOf(failure.getMessage())));
    }
  }

  private void started(FunctionChild started) {
    child = started;
    follower =
        loop.scheduleWithFixedDelay(this::follow, FOLLOW_MS, FOLLOW_MS, TimeUnit.MILLISECONDS);
    if (ending) {
      host.workers().execute(started::kill);
    }
  }

  private void notStarted(String reason) {
    initFailed(RunOutcome.notStarted(requestId, reason));
    ended.complete(null);
  }

  private void follow() {
    if (current != null || !initialized) {
      readOutput();
    }
  }

  /** Completes when all that has been printed is in the log. */
  private CompletableFuture<Void> readOutput() {
    FunctionChild printing = child;
    if (printing == null) {
      return reading;
    }
    reading =
        reading
            .thenApplyAsync(done -> printing.read(), host.workers())
            .thenAcceptAsync(this::print, loop);
    return reading;
  }

  private void print(byte[] bytes) {
    if (bytes.length == 0) {
      return;
    }
    printed.print(bytes);
    List<String> lines =
        new String(bytes, UTF_8)
            .lines()
            .filter(line -> !line.isBlank())
            .map(LogThrottle::onOneLine)
            .toList();
    output.add(lines);
    lines.forEach(line -> log.info("{}: {}", function.name(), line));
  }

  /** Runs an event; to be called when the process is ready. */
  CompletableFuture<RunOutcome> run(
      RuntimeEvent event, InvocationLog invocationLog, Duration limit) {
    requestId = event.requestId();
    printed = invocationLog;
    EventInProgress inProgress =
        new EventInProgress(event, System.currentTimeMillis() + limit.toMillis());
    current = inProgress;
    alarm =
        after(
            limit.toMillis(),
            () -> {
              settle(inProgress, RunOutcome.timedOut(requestId, function.timeout()));
              end();
            });
    if (exit != null) {
      settle(inProgress, exit);
    } else {
      deliver(inProgress);
    }
    return inProgress.done;
  }

  private void deliver(EventInProgress inProgress) {
    ChannelHandlerContext connection = parked;
    if (connection != null) {
      parked = null;
      inProgress.delivered = true;
      RuntimeApi.respond(connection, RuntimeApi.event(inProgress.event, inProgress.deadlineMs));
    }
  }

  /** The process asks for an event: the code is loaded, and what ran before has ended. */
  void next(ChannelHandlerContext connection) {
    EventInProgress inProgress = current;
    if (inProgress != null && inProgress.delivered && inProgress.outcome == null) {
      RuntimeApi.respond(connection, RuntimeApi.wrongState());
      return;
    }
    parked = connection;
    if (!initialized) {
      initialized = true;
      cancelAlarm();
      readOutput().thenRun(() -> ready.complete(Optional.empty()));
    } else if (inProgress != null && inProgress.outcome != null) {
      settle(inProgress, inProgress.outcome);
    } else if (inProgress != null) {
      deliver(inProgress);
    }
  }

  void disconnected(ChannelHandlerContext connection) {
    if (connection.equals(parked)) {
      parked = null;
    }
  }

  /** The process cannot load the code; it will exit. */
  FullHttpResponse initError(@Nullable String errorType, ByteBuffer error) {
    if (initialized || initFailure != null) {
      return RuntimeApi.wrongState();
    }
    RunOutcome failure = RunOutcome.error(errorType, error);
    initFailure = failure;
    after(EXIT_MS, () -> initFailed(failure));
    return RuntimeApi.accepted();
  }

  private void initFailed(RunOutcome failure) {
    if (!initialized && !ready.isDone()) {
      end();
      readOutput().thenRun(() -> ready.complete(Optional.of(failure)));
    }
  }

  /** The process has an answer to an event, or an error. */
  FullHttpResponse finished(String id, RunOutcome outcome) {
    EventInProgress inProgress = current;
    if (inProgress == null || !inProgress.delivered || !inProgress.event.requestId().equals(id)) {
      return RuntimeApi.refusal(
          HttpResponseStatus.BAD_REQUEST, "InvalidRequestID", "Invalid request ID");
    }
    if (inProgress.outcome != null) {
      return RuntimeApi.wrongState();
    }
    inProgress.outcome = outcome;
    cancelAlarm();
    alarm = after(SETTLE_MS, () -> settle(inProgress, outcome));
    return "Function.ResponseSizeTooLarge".equals(outcome.errorType())
        ? RuntimeApi.refusal(
            HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE,
            "RequestEntityTooLarge",
            "Exceeded maximum allowed payload size (%d bytes)."
                .formatted(ServiceLimits.MAX_REPLY_BYTES))
        : RuntimeApi.accepted();
  }

  private void settle(EventInProgress inProgress, RunOutcome outcome) {
    if (inProgress.settling) {
      return;
    }
    inProgress.settling = true;
    inProgress.outcome = outcome;
    cancelAlarm();
    readOutput()
        .thenRun(
            () -> {
              current = null;
              inProgress.done.complete(outcome);
            });
  }

  private void exited(FunctionChild gone, int status) {
    RunOutcome failure = RunOutcome.exited(requestId, status);
    exit = failure;
    end();
    initFailed(initFailure == null ? failure : initFailure);
    if (current != null) {
      settle(current, current.outcome == null ? failure : current.outcome);
    }
    readOutput()
        .thenRun(
            () -> {
              ended.complete(null);
              host.workers().execute(gone::delete);
            });
  }

  /** Ends the process at once. */
  void end() {
    if (!ending) {
      ending = true;
      cancelAlarm();
      if (follower != null) {
        follower.cancel(false);
      }
      if (child != null && exit == null) {
        // First: whose connection closes ends by itself, and then nobody knows its descendants.
        CompletableFuture.runAsync(child::kill, host.workers())
            .whenComplete((killed, failure) -> channels.close());
      } else {
        channels.close();
      }
    }
  }

  private void cancelAlarm() {
    if (alarm != null) {
      alarm.cancel(false);
      alarm = null;
    }
  }

  /** Most memory that the process has had, where the system says it; else what it may have. */
  int usedMegabytes() {
    int peak = child == null ? 0 : child.peakMegabytes();
    return peak == 0 ? function.memoryMegabytes() : peak;
  }

  @Override
  public String toString() {
    return "%s of %s".formatted(child == null ? "no process yet" : child, function.name());
  }
}
