package dev.pglambda.relay;

import dev.pglambda.limits.ReadControl;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Closes a connection so that what was sent last reaches the peer. */
public final class GracefulClose {
  /** How long the other side may take to notice and to close, in milliseconds. */
  static final long LINGER_MS = 1_000;

  /** How long the other side may take nothing of what is still to be sent, in seconds. */
  private static final int STALL_S = 60;

  private GracefulClose() {}

  /**
   * For a peer that sends nothing more, or nothing that matters: sends what is waiting and a last
   * message, which may be empty, and closes.
   */
  static void flushAndClose(Channel channel, ByteBuf last) {
    send(channel, last).addListener(ChannelFutureListener.CLOSE);
  }

  /**
   * For a client that may be sending still: sends a last message, which may be empty, and the end
   * of the stream, and closes when the client does. A socket that is closed before all has been
   * read from it resets the connection, and a reset can overtake the message or make the client
   * drop it (RFC 1122, section 4.2.2.13). What still comes is to be dropped by the handlers.
   */
  public static void lingeringClose(Channel client, ByteBuf last) {
    send(client, last).addListener((ChannelFuture sent) -> linger(sent));
  }

  private static ChannelFuture send(Channel channel, ByteBuf last) {
    ChannelFuture sending = channel.writeAndFlush(last);
    if (!sending.isDone()) {
      channel.pipeline().addFirst(new StallHandler());
    }
    return sending;
  }

  /** Closes a connection over which nothing goes out any more. */
  private static final class StallHandler extends IdleStateHandler {
    StallHandler() {
      super(true, 0, STALL_S, 0, TimeUnit.SECONDS);
    }

    @Override
    protected void channelIdle(ChannelHandlerContext ctx, IdleStateEvent event) {
      ctx.close();
    }
  }

  private static void linger(ChannelFuture sent) {
    Channel client = sent.channel();
    if (!sent.isSuccess() || !(client instanceof DuplexChannel duplex)) {
      client.close();
      return;
    }
    SslHandler encryption = client.pipeline().get(SslHandler.class);
    if (encryption == null) {
      duplex.shutdownOutput();
    } else {
      // With TLS the end of the stream is a message, close_notify (RFC 8446, section 6.1).
      encryption.closeOutbound().addListener(notified -> duplex.shutdownOutput());
    }
    ReadControl.of(client).readToEnd();
    Future<?> giveUp =
        client.eventLoop().schedule(() -> client.close(), LINGER_MS, TimeUnit.MILLISECONDS);
    client.closeFuture().addListener(closed -> giveUp.cancel(false));
  }
}
