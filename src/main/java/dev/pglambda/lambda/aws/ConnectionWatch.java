package dev.pglambda.lambda.aws;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * First in the pipeline of each connection of the SDK's HTTP client: tells what the client does not
 * tell, that a connection has failed before it could carry a request, and what a proxy said.
 */
final class ConnectionWatch extends ChannelDuplexHandler {
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.\\d (\\d{3}[^\\r\\n]{0,100})");

  private final Duration answerTimeout;
  private boolean waitsForProxy;
  private boolean toldOfHandshake;
  private @Nullable Future<?> giveUp;

  /** A plain proxy is one that is spoken to without TLS; its answer may take up to the time-out. */
  ConnectionWatch(boolean plainProxy, Duration answerTimeout) {
    this.waitsForProxy = plainProxy;
    this.answerTimeout = answerTimeout;
  }

  /** A connection that failed before TLS was up. The request may be written, but is not sent. */
  static final class NotConnectedException extends IOException {
    private static final long serialVersionUID = 1L;

    NotConnectedException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /** What a proxy did instead of connecting; a verb begins the message. */
  static final class ProxyFailure extends IOException {
    private static final long serialVersionUID = 1L;

    ProxyFailure(String words) {
      super(words);
    }
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    if (waitsForProxy) {
      giveUp =
          ctx.executor()
              .schedule(
                  () ->
                      ctx.fireExceptionCaught(
                          new ProxyFailure(
                              "did not answer within %d ms".formatted(answerTimeout.toMillis()))),
                  answerTimeout.toMillis(),
                  TimeUnit.MILLISECONDS);
    }
    ctx.fireChannelActive();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (waitsForProxy && message instanceof ByteBuf bytes) {
      answered();
      Matcher status =
          STATUS.matcher(
              bytes.toString(bytes.readerIndex(), Math.min(bytes.readableBytes(), 200), US_ASCII));
      if (status.lookingAt() && !status.group(1).startsWith("2")) {
        bytes.release();
        ctx.fireExceptionCaught(
            new ProxyFailure(
                "answered \"" + status.group(1).strip().replaceAll("\\p{Cntrl}", "?") + "\""));
        return;
      }
    }
    ctx.fireChannelRead(message);
  }

  private void answered() {
    waitsForProxy = false;
    if (giveUp != null) {
      giveUp.cancel(false);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    answered();
    if (unfinished(ctx) != null) {
      ctx.fireExceptionCaught(
          new NotConnectedException("The connection was closed during the TLS handshake", null));
    }
    ctx.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    ctx.fireExceptionCaught(
        cause instanceof IOException && unfinished(ctx) != null ? handshakeFailed(cause) : cause);
  }

  /**
   * A handshake that fails closes the connection before it tells why. Who is told may close it,
   * too, and is not told again.
   */
  @Override
  public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
    SslHandler tls = unfinished(ctx);
    if (tls != null && tls.handshakeFuture().cause() != null && !toldOfHandshake) {
      toldOfHandshake = true;
      ctx.fireExceptionCaught(handshakeFailed(tls.handshakeFuture().cause()));
    }
    ctx.close(promise);
  }

  private static NotConnectedException handshakeFailed(Throwable cause) {
    return new NotConnectedException("The TLS handshake failed: " + cause.getMessage(), cause);
  }

  /** The connection's TLS while its handshake is not done; null if it is, or there is none. */
  private static @Nullable SslHandler unfinished(ChannelHandlerContext ctx) {
    for (Map.Entry<String, ChannelHandler> each : ctx.pipeline()) {
      if (each.getValue() instanceof SslHandler tls && !tls.handshakeFuture().isSuccess()) {
        return tls;
      }
    }
    return null;
  }
}
