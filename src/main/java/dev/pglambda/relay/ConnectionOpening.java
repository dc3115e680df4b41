package dev.pglambda.relay;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.protocol.StartupPacket.SslRequest;
import dev.pglambda.relay.NegotiationException.Next;
import dev.pglambda.tls.BackendTls;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.Promise;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The first handler of a connection to the server: negotiates TLS where that is wanted, and gives
 * its place to the handler of those who want the connection.
 *
 * <pre>
 *   connected ─┬─ no TLS ──────────────────────────────────────► open
 *              ├─ SSLRequest ─┬─ 'N' ── if TLS is not required ──► open
 *              │              └─ 'S' ─┐
 *              └─ direct ─────────────┴─ handshake ─────────────► open
 * </pre>
 *
 * What is not in the drawing fails (PostgreSQL manual, "SSL Session Encryption"; libpq,
 * fe-connect.c).
 */
final class ConnectionOpening extends ChannelInboundHandlerAdapter {
  /** The server's answer to SSLRequest if it is willing. */
  private static final byte WILLING = 'S';

  private final @Nullable BackendTls tls;
  private final long deadline;
  private final ChannelHandler handler;
  private final Promise<Channel> opened;
  private @Nullable Future<?> timeout;
  private boolean handshaking;

  /**
   * @param tls null: none
   * @param deadline until when it must be open, in {@link System#nanoTime}
   * @param handler of the open connection
   * @param opened completed here, unless the connection cannot be made
   */
  ConnectionOpening(
      @Nullable BackendTls tls, long deadline, ChannelHandler handler, Promise<Channel> opened) {
    this.tls = tls;
    this.deadline = deadline;
    this.handler = handler;
    this.opened = opened;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    if (tls == null) {
      succeed(ctx);
      return;
    }
    timeout =
        ctx.executor()
            .schedule(() -> timedOut(ctx), deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
    if (tls.isDirect()) {
      handshake(ctx, tls);
    } else {
      ctx.writeAndFlush(
          MessageWriter.buffer(ctx.alloc(), StandardCharsets.US_ASCII, new SslRequest()));
      ctx.read();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    try {
      if (tls != null && !handshaking && !opened.isDone()) {
        answered(ctx, tls, bytes.readByte(), bytes.readableBytes());
      }
    } finally {
      bytes.release();
    }
  }

  /** The answer to SSLRequest is one byte; what follows 'S' unencrypted is not the server's. */
  private void answered(ChannelHandlerContext ctx, BackendTls with, byte answer, int more) {
    if (answer == BackendMessage.ERROR_RESPONSE) {
      fail(ctx, "server sent an error response during SSL exchange", Next.PLAIN, null);
    } else if (answer != WILLING && answer != BackendMessage.NO_ENCRYPTION) {
      String text = "received invalid response to SSL negotiation: 0x%02x".formatted(answer & 0xff);
      fail(ctx, text, Next.NOTHING, null);
    } else if (more > 0) { // CVE-2021-23222
      fail(ctx, "received unencrypted data after SSL response", Next.NOTHING, null);
    } else if (answer == WILLING) {
      handshake(ctx, with);
    } else if (with.isRequired()) {
      fail(ctx, "server does not support SSL, but SSL was required", Next.NOTHING, null);
    } else {
      succeed(ctx);
    }
  }

  private void handshake(ChannelHandlerContext ctx, BackendTls with) {
    handshaking = true;
    with.begin(ctx.pipeline());
    ctx.read();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof SslHandshakeCompletionEvent completion && tls != null) {
      SslHandler ssl = ctx.pipeline().get(SslHandler.class);
      if (!completion.isSuccess()) {
        fail(ctx, tls.failure(completion.cause()), Next.PLAIN, completion.cause());
      } else if (tls.isDirect() && !BackendTls.PROTOCOL.equals(ssl.applicationProtocol())) {
        String text =
            "direct SSL connection was established without ALPN protocol negotiation extension";
        fail(ctx, text, Next.NOTHING, null);
      } else {
        succeed(ctx);
      }
    }
    ctx.fireUserEventTriggered(event);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    fail(ctx, BackendTls.CLOSED, Next.NOTHING, null);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    Throwable inner = cause instanceof DecoderException ? cause.getCause() : cause;
    String message = inner == null ? null : inner.getMessage();
    fail(
        ctx,
        message == null ? cause.toString() : message,
        handshaking ? Next.PLAIN : Next.NOTHING,
        cause);
  }

  private void timedOut(ChannelHandlerContext ctx) {
    fail(ctx, "connection timed out during SSL negotiation", Next.ADDRESS, null);
  }

  private void succeed(ChannelHandlerContext ctx) {
    if (!opened.isDone()) {
      end();
      ctx.pipeline().addLast(handler);
      opened.setSuccess(ctx.channel());
      ctx.fireChannelActive();
      ctx.pipeline().remove(this);
    }
  }

  private void fail(
      ChannelHandlerContext ctx, String message, Next next, @Nullable Throwable cause) {
    if (!opened.isDone()) {
      end();
      ctx.close();
      opened.setFailure(new NegotiationException(message, next, cause));
    }
  }

  private void end() {
    if (timeout != null) {
      timeout.cancel(false);
    }
  }
}
