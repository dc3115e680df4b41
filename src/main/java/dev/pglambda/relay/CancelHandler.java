package dev.pglambda.relay;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.TimeUnit;

/**
 * The server's channel of a cancel request. PostgreSQL answers nothing and closes once the signal
 * is sent; only then is the client's connection closed, so that a client which waits for it knows
 * that the request was handled (PostgreSQL manual, "Canceling Requests in Progress").
 */
final class CancelHandler extends ChannelInboundHandlerAdapter {
  private static final long ANSWER_SECONDS = 10;

  private final Channel client;

  CancelHandler(Channel client) {
    this.client = client;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    ctx.pipeline().addFirst(new ReadTimeoutHandler(ANSWER_SECONDS, TimeUnit.SECONDS));
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ReferenceCountUtil.release(message);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    client.close();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    ctx.close();
  }
}
