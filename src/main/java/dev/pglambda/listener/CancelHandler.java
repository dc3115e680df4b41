package dev.pglambda.listener;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The server's channel of a cancel request. PostgreSQL answers nothing and closes once the signal
 * is sent; only then is the client's connection closed, so that a client which waits for it knows
 * that the request was handled (PostgreSQL manual, "Canceling Requests in Progress").
 */
final class CancelHandler extends ChannelInboundHandlerAdapter {
  private final Channel client;
  private final Duration answerTimeout;
  private @Nullable Future<?> giveUp;

  CancelHandler(Channel client, Duration answerTimeout) {
    this.client = client;
    this.answerTimeout = answerTimeout;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    giveUp =
        ctx.executor().schedule(() -> ctx.close(), answerTimeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ReferenceCountUtil.release(message);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (giveUp != null) {
      giveUp.cancel(false);
    }
    client.close();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    ctx.close();
  }
}
