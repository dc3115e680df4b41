package dev.pglambda.admin;

import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleConsumer;

/** Measures once a second by how much each event loop is late. */
final class EventLoopLag implements AutoCloseable {
  private static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final double NANOS_PER_SECOND = 1e9;

  private final DoubleConsumer seconds;
  private volatile boolean closed;

  /** The consumer is called on each of the loops. */
  EventLoopLag(EventLoopGroup loops, DoubleConsumer seconds) {
    this.seconds = seconds;
    for (EventExecutor loop : loops) {
      schedule(loop);
    }
  }

  private void schedule(EventExecutor loop) {
    long due = System.nanoTime() + PERIOD_NANOS;
    try {
      loop.schedule(
          () -> {
            if (!closed) {
              seconds.accept(Math.max(0, System.nanoTime() - due) / NANOS_PER_SECOND);
              schedule(loop);
            }
          },
          PERIOD_NANOS,
          TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException shutDown) {
      closed = true;
    }
  }

  @Override
  public void close() {
    closed = true;
  }
}
