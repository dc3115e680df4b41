package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.protocol.Message;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.protocol.SqlError;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;

/**
 * A connection from the server, as a phase sees it. Used on its event loop but for {@link
 * #execute}.
 */
interface Link {

  ByteBufAllocator alloc();

  /** What is held for the link. */
  MemoryAccount memory();

  /** Releases bytes when what is being sent, or is sent next, has left. */
  void releaseWhenSent(long octets);

  /**
   * Sends and flushes; takes the buffer over. No further message is handled until these bytes have
   * left for the network, so that a peer which does not read makes us hold one answer at most.
   */
  void send(ByteBuf octets);

  /** Sends messages as {@link #send(ByteBuf)} does; texts are UTF-8. */
  default void send(Message... messages) {
    send(MessageWriter.buffer(alloc(), UTF_8, messages));
  }

  /** No further message is handled until something is sent. */
  void hold();

  /** Goes on to another phase. */
  void enter(LinkPhase next);

  /** Answers FATAL and closes. */
  void fail(SqlError error);

  /** Runs a task on the event loop after a time. */
  ScheduledFuture<?> schedule(Runnable task, Duration delay);

  /** Runs a task on the event loop, from any thread. A task for a loop that ended is dropped. */
  void execute(Runnable task);
}
