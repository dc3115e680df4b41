package dev.pglambda.relay;

import dev.pglambda.config.Config;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.SocketOption;
import jdk.net.ExtendedSocketOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** TCP keepalives of connections that have been made. */
public final class TcpKeepalives {
  private static final Logger log = LoggerFactory.getLogger(TcpKeepalives.class);

  private TcpKeepalives() {}

  /** Sets them; what is zero stays as the operating system has it. */
  public static void set(Channel channel, Config.Keepalives keepalives) {
    try {
      channel.config().setOption(ChannelOption.SO_KEEPALIVE, true);
      set(channel, ExtendedSocketOptions.TCP_KEEPIDLE, (int) keepalives.idle().toSeconds());
      set(channel, ExtendedSocketOptions.TCP_KEEPINTERVAL, (int) keepalives.interval().toSeconds());
      set(channel, ExtendedSocketOptions.TCP_KEEPCOUNT, keepalives.count());
    } catch (ChannelException closed) {
      // Lost already, which the next read will tell.
      log.debug("{}: {}", channel, closed.getMessage());
    }
  }

  private static void set(Channel channel, SocketOption<Integer> option, int value) {
    ChannelConfig config = channel.config();
    if (value > 0 && channel instanceof NioSocketChannel) {
      config.setOption(NioChannelOption.of(option), value);
    }
  }
}
