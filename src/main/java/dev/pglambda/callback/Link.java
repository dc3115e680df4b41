package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.limits.LogThrottle;
import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.limits.PeerAddress;
import dev.pglambda.limits.ReadControl;
import dev.pglambda.limits.ReadControl.Reason;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.Message;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.RawMessage;
import dev.pglambda.protocol.RefusalCounts;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One callback link: bytes to messages, one message after another to the phase, answers back.
 *
 * <pre>
 *   reading ── message ──► phase ──┬─ nothing to say ───────────────► reading
 *                                  └─ hold / send ──► held ── sent ──► reading
 * </pre>
 *
 * While held, bytes that come are kept and reading stops. So a link's memory is bounded by
 * construction, whatever the peer does: one request, one burst of reading, one answer. Phases use
 * it on its event loop only, but for {@link #execute}.
 */
final class Link extends ChannelInboundHandlerAdapter {
  private static final Logger log = LoggerFactory.getLogger(Link.class);
  private static final SqlError INTERNAL_ERROR =
      new SqlError(
          SqlState.INTERNAL_ERROR, "internal error in the proxy", null, "See the proxy's log.");
  private static final SqlError SHUTDOWN =
      new SqlError(
          SqlState.ADMIN_SHUTDOWN,
          "terminating connection because pg-lambda-proxy is shutting down",
          "If a call was in progress, its request to Lambda was cancelled and its outcome is"
              + " unknown.",
          null);

  private static final LogThrottle REFUSALS = new LogThrottle();

  private final Channel channel;
  private final MemoryAccount memory;
  private final RefusalCounts refusals;

  /** Bytes to be released when what is being sent has left. */
  private long sending;

  private final Queue<ByteBuf> unread = new ArrayDeque<>();
  private LinkPhase phase;
  private boolean held;
  private boolean handling;
  private boolean closing;

  /** Whether it is admitted, or counted as refused. */
  private boolean decided;

  Link(
      Channel channel,
      MemoryBudget budget,
      RefusalCounts refusals,
      Function<Link, LinkPhase> firstPhase) {
    this.channel = channel;
    this.refusals = refusals;
    this.memory = budget.open();
    this.phase = firstPhase.apply(this);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    phase.begin();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (!(message instanceof ByteBuf bytes)) {
      ctx.fireChannelRead(message);
      return;
    }
    unread.add(bytes);
    handleUnread();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    ended();
    ctx.fireChannelInactive();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    ended();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof IOException) {
      log.debug("callback link {}: {}", channel, cause.toString());
    } else {
      log.warn("callback link {}", channel, cause);
    }
    close();
  }

  private void handleUnread() {
    if (handling) {
      return;
    }
    handling = true;
    try {
      while (!closing && !held && !unread.isEmpty()) {
        handleNext(unread.element());
      }
    } catch (ProtocolViolation violation) {
      fail(new SqlError(SqlState.PROTOCOL_VIOLATION, String.valueOf(violation.getMessage())));
    } catch (RuntimeException e) {
      failOnBug(e);
    } finally {
      handling = false;
    }
    if (closing) {
      releaseUnread();
    } else if (held && isTerminateNext()) {
      close();
    } else {
      ReadControl.of(channel).set(Reason.HELD, !unread.isEmpty());
    }
  }

  private void handleNext(ByteBuf bytes) throws ProtocolViolation {
    RawMessage message = phase.reader().read(bytes);
    if (!bytes.isReadable()) {
      unread.remove().release();
    }
    if (message == null) {
      return;
    }
    if (message.type() == FrontendMessage.TERMINATE) {
      close();
    } else {
      phase.receive(message);
    }
  }

  /**
   * A server that gives up a call says so before it closes: the call need not wait for its answer.
   */
  private boolean isTerminateNext() {
    ByteBuf next = unread.peek();
    return next != null
        && phase.reader().isBetweenMessages()
        && next.getByte(next.readerIndex()) == FrontendMessage.TERMINATE;
  }

  /** What is held for the link. */
  MemoryAccount memory() {
    return memory;
  }

  /** Releases bytes when what is being sent, or is sent next, has left. */
  void releaseWhenSent(long bytes) {
    sending += bytes;
  }

  ByteBufAllocator alloc() {
    return channel.alloc();
  }

  /** Sends messages as {@link #send(ByteBuf)} does; texts are UTF-8. */
  void send(Message... messages) {
    send(MessageWriter.buffer(alloc(), UTF_8, messages));
  }

  /**
   * Sends and flushes; takes the buffer over. No further message is handled until these bytes have
   * left for the network, so that a peer which does not read makes us hold one answer at most.
   */
  void send(ByteBuf bytes) {
    if (closing) {
      bytes.release();
      return;
    }
    held = true;
    channel.writeAndFlush(bytes).addListener((ChannelFutureListener) this::sent);
  }

  private void sent(ChannelFuture write) {
    memory.release(sending);
    sending = 0;
    if (write.isSuccess()) {
      held = false;
      handleUnread();
    } else {
      close();
    }
  }

  /** Where the link comes from; null: it is closed. */
  @Nullable SocketAddress peer() {
    return PeerAddress.of(channel);
  }

  /** No further message is handled until something is sent. */
  void hold() {
    held = true;
  }

  /** Goes on to another phase: who has connected is admitted, unless that refuses it. */
  void enter(LinkPhase next) {
    phase = next;
    next.begin();
    decided = true;
  }

  /** Counts it as refused, once; it need not be answered yet. */
  void refused(SqlError error) {
    if (!decided) {
      decided = true;
      refusals.count(error.sqlState());
    }
  }

  /** Answers FATAL and closes. */
  void fail(SqlError error) {
    if (!closing) {
      if (!error.equals(SHUTDOWN)) {
        refused(error);
      }
      if (!error.equals(SHUTDOWN) && REFUSALS.passes()) {
        log.info(
            "ended a callback link of {}: {} {}{}",
            PeerAddress.of(channel),
            error.sqlState(),
            LogThrottle.onOneLine(error.message()),
            REFUSALS.others());
      }
      closing = true;
      ByteBuf out =
          MessageWriter.buffer(
              alloc(), UTF_8, new ErrorResponse(ErrorFields.of(ErrorFields.FATAL, error)));
      channel.writeAndFlush(out).addListener(ChannelFutureListener.CLOSE);
    }
  }

  /** Answers FATAL and closes, because the proxy stops. Any thread. */
  void shutDown() {
    execute(() -> fail(SHUTDOWN));
  }

  private void failOnBug(Throwable cause) {
    log.error("callback link {}", channel, cause);
    fail(INTERNAL_ERROR);
  }

  private void close() {
    closing = true;
    ChannelFuture unused = channel.close();
  }

  private void ended() {
    closing = true;
    releaseUnread();
    phase.closed();
    memory.close();
  }

  private void releaseUnread() {
    for (ByteBuf bytes = unread.poll(); bytes != null; bytes = unread.poll()) {
      bytes.release();
    }
  }

  /** Runs a task on the event loop after a time. */
  ScheduledFuture<?> schedule(Runnable task, Duration delay) {
    return channel.eventLoop().schedule(() -> guarded(task), delay.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Runs a task on the event loop, from any thread. A task for a loop that ended is dropped. */
  void execute(Runnable task) {
    try {
      channel.eventLoop().execute(() -> guarded(task));
    } catch (RejectedExecutionException e) {
      log.debug("callback link {}: its event loop has ended", channel);
    }
  }

  private void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      failOnBug(e);
    }
  }
}
