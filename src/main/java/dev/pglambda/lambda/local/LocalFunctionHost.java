package dev.pglambda.lambda.local;

import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.route.LocalFunction;
import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Runs local functions, one host in a proxy. Safe for use by many threads. */
public final class LocalFunctionHost implements AutoCloseable {
  private static final Duration CLOSE_TIME = Duration.ofSeconds(5);

  private final Set<LocalInvoker> invokers = ConcurrentHashMap.newKeySet();
  private final EventLoopGroup loops;
  private final HostResources resources;

  /**
   * @param loops NIO event loops for the Runtime API and all that waits; not shut down by this
   *     class
   */
  public LocalFunctionHost(EventLoopGroup loops, LocalHostSettings settings) {
    this.loops = loops;
    this.resources = new HostResources(settings);
  }

  /** An invoker of one function, whatever the calls name it; starts nothing yet. */
  public LambdaInvoker open(LocalFunction function) {
    LocalInvoker invoker = new LocalInvoker(resources, loops.next(), function, invokers::remove);
    invokers.add(invoker);
    return invoker;
  }

  /** Ends all functions; calls in progress fail. Blocks for a short time. */
  @Override
  public void close() {
    List<LocalInvoker> open = List.copyOf(invokers);
    open.forEach(LocalInvoker::close);
    try {
      long end = System.nanoTime() + CLOSE_TIME.toNanos();
      for (LocalInvoker invoker : open) {
        invoker.awaitEnd(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
      }
      resources.close(CLOSE_TIME);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
