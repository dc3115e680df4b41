package dev.pglambda.relay;

import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.SocketOption;
import java.time.Duration;
import jdk.net.ExtendedSocketOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * When TCP notices that the other side is gone without a word; PostgreSQL's settings of the same
 * names (PostgreSQL manual, "Connection Settings"). Zero each: as the operating system is set.
 *
 * @param idle time without traffic after which the first probe is sent, in whole seconds
 * @param interval time from one probe to the next, in whole seconds
 * @param count how many probes may be lost
 */
public record TcpKeepalives(Duration idle, Duration interval, int count) {
  private static final Logger log = LoggerFactory.getLogger(TcpKeepalives.class);

  /** Sets them on a connection that has been made. */
  public void applyTo(Channel channel) {
    try {
      channel.config().setOption(ChannelOption.SO_KEEPALIVE, true);
      set(channel, ExtendedSocketOptions.TCP_KEEPIDLE, (int) idle.toSeconds());
      set(channel, ExtendedSocketOptions.TCP_KEEPINTERVAL, (int) interval.toSeconds());
      set(channel, ExtendedSocketOptions.TCP_KEEPCOUNT, count);
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
