package dev.pglambda.relay;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.socket.DuplexChannel;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Closes a client's connection so that what was said last reaches it. */
final class Farewell {
  /** How long a client may take to notice and to close, in milliseconds. */
  static final long LINGER_MS = 1_000;

  private Farewell() {}

  /** For a client that is silent: sends a last message, which may be empty, and closes. */
  static void toSilent(Channel client, ByteBuf last) {
    client.writeAndFlush(last).addListener(ChannelFutureListener.CLOSE);
  }

  /**
   * For a client that may be sending still: sends a last message, which may be empty, and the end
   * of the stream, and closes when the client does. A socket that is closed before all has been
   * read from it resets the connection, and a reset can overtake the message or make the client
   * drop it (RFC 1122, section 4.2.2.13). Whoever reads from the channel must drop what still
   * comes.
   */
  static void toSending(Channel client, ByteBuf last) {
    client.writeAndFlush(last).addListener((ChannelFuture sent) -> linger(sent));
  }

  private static void linger(ChannelFuture sent) {
    Channel client = sent.channel();
    if (!sent.isSuccess() || !(client instanceof DuplexChannel duplex)) {
      client.close();
      return;
    }
    duplex.shutdownOutput();
    client.config().setAutoRead(true); // else its end is not noticed
    Future<?> giveUp =
        client.eventLoop().schedule(() -> client.close(), LINGER_MS, TimeUnit.MILLISECONDS);
    client.closeFuture().addListener(closed -> giveUp.cancel(false));
  }
}
