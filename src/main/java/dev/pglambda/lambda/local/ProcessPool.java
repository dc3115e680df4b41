package dev.pglambda.lambda.local;

import dev.pglambda.lambda.route.LocalFunction;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The processes of one function: at most as many as its concurrency, those that are about to end
 * included. A call has a slot for a process from the moment it takes one until it releases it.
 * Confined to one event loop.
 */
final class ProcessPool {
  private final HostResources host;
  private final EventLoop loop;
  private final LocalFunction function;
  private final Runnable roomMade;
  private final CompletableFuture<Void> allEnded = new CompletableFuture<>();
  private final RecentOutput output = new RecentOutput();
  private final Set<FunctionProcess> all = new HashSet<>();

  /** Those without a call, the last one that had one first. */
  private final Deque<FunctionProcess> idle = new ArrayDeque<>();

  private final Map<FunctionProcess, Future<?>> idleAlarms = new HashMap<>();

  /** Those that no call waits for, and that have not ended yet. */
  private final Set<FunctionProcess> leaving = new HashSet<>();

  /** Calls with a slot, idle processes, and those that leave. */
  private int slots;

  private boolean closed;

  /**
   * @param roomMade is run when a slot has become free
   */
  ProcessPool(HostResources host, EventLoop loop, LocalFunction function, Runnable roomMade) {
    this.host = host;
    this.loop = loop;
    this.function = function;
    this.roomMade = roomMade;
  }

  /** How many there are. */
  int size() {
    return all.size();
  }

  /** What they have printed. Any thread. */
  RecentOutput output() {
    return output;
  }

  /** A process for a call, which takes over its slot; null: there is none that is ready. */
  @Nullable FunctionProcess takeIdle(Sandbox sandbox) {
    for (FunctionProcess process : idle) {
      if (process.isReady() && process.sandbox().equals(sandbox)) {
        removeIdle(process);
        return process;
      }
    }
    return null;
  }

  /** Takes a slot for a new process, or makes room for one, so that there will be a slot later. */
  boolean takeSlot() {
    if (slots < function.concurrency()) {
      slots++;
      return true;
    }
    if (leaving.isEmpty() && !idle.isEmpty()) {
      retire(idle.getLast());
    }
    return false;
  }

  /** A new process for a call that has a slot; it is yet to be started. */
  FunctionProcess create(Sandbox sandbox, String requestId, InvocationLog invocationLog) {
    FunctionProcess process =
        new FunctionProcess(host, loop, function, sandbox, output, requestId, invocationLog);
    all.add(process);
    process.ended().thenRun(() -> ended(process));
    return process;
  }

  /** A call needs its process no longer; whether that stays depends on its code, too. */
  void release(FunctionProcess process, long code) {
    if (!all.contains(process)) {
      slots--;
    } else if (closed || !process.isReady() || process.sandbox().code() != code) {
      leaving.add(process);
      process.end();
    } else {
      idle.addFirst(process);
      Duration idleTime = host.settings().idleTime();
      idleAlarms.put(
          process,
          loop.schedule(() -> retire(process), idleTime.toMillis(), TimeUnit.MILLISECONDS));
    }
  }

  /** Ends the idle processes that were started with other code. */
  void retireOthers(long code) {
    List.copyOf(idle).stream()
        .filter(process -> process.sandbox().code() != code)
        .forEach(this::retire);
  }

  private void retire(FunctionProcess process) {
    if (removeIdle(process)) {
      leaving.add(process);
      process.end();
    }
  }

  private boolean removeIdle(FunctionProcess process) {
    Future<?> alarm = idleAlarms.remove(process);
    if (alarm != null) {
      alarm.cancel(false);
    }
    return idle.remove(process);
  }

  private void ended(FunctionProcess process) {
    all.remove(process);
    if (removeIdle(process) || leaving.remove(process)) {
      slots--;
    }
    if (closed && all.isEmpty()) {
      allEnded.complete(null);
    }
    roomMade.run();
  }

  /** Ends them all; completes when they have ended. */
  CompletableFuture<Void> close() {
    closed = true;
    List.copyOf(all).forEach(FunctionProcess::end);
    if (all.isEmpty()) {
      allEnded.complete(null);
    }
    return allEnded;
  }
}
