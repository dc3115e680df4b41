package dev.pglambda.relay;

import static dev.pglambda.testing.Peer.startup;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.config.Config;
import dev.pglambda.testing.Peer;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class TcpKeepalivesTest extends RelayStage {
  /** Of the timers in /proc (Linux manual, proc_pid_net): hundredths of a second. */
  private static final int TICKS_PER_SECOND = 100;

  private static final String KEEPALIVE_TIMER = "02";
  private static final String ESTABLISHED = "01";

  @Test
  void setsAllThreeOnAConnection() throws Exception {
    Channel channel = connection();

    TcpKeepalives.set(
        channel, new Config.Keepalives(Duration.ofSeconds(100), Duration.ofSeconds(7), 3));

    assertThat(options(channel)).containsExactly(100, 7, 3);
  }

  @Test
  void leavesTheOperatingSystemsWhereNoneIsGiven() throws Exception {
    Channel channel = connection();
    List<Integer> before = options(channel);

    TcpKeepalives.set(channel, new Config.Keepalives(Duration.ZERO, Duration.ZERO, 0));

    assertThat(options(channel)).isEqualTo(before);
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "only Linux shows the timers of connections")
  void holdForClientAndServer() throws Exception {
    keepalives = new Config.Keepalives(Duration.ofSeconds(100), Duration.ofSeconds(7), 3);
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);

    assertThat(secondsToProbe(client.socket().getPort(), client.socket().getLocalPort()))
        .isBetween(1, 100);
    assertThat(secondsToProbe(backend.socket().getPort(), backend.socket().getLocalPort()))
        .isBetween(1, 100);
  }

  /** Until the first probe on the proxy's end of a connection. */
  private static int secondsToProbe(int localPort, int remotePort) throws IOException {
    String ends = "(?s).*:%04X [0-9A-F]+:%04X %s .*".formatted(localPort, remotePort, ESTABLISHED);
    for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
      for (String line : Files.readAllLines(Path.of(table))) {
        String[] timer = line.trim().split("\\s+", -1);
        if (line.matches(ends) && timer[5].startsWith(KEEPALIVE_TIMER + ":")) {
          return Integer.parseInt(timer[5].substring(3), 16) / TICKS_PER_SECOND;
        }
      }
    }
    throw new AssertionError("no keepalive timer from port " + localPort);
  }

  private Channel connection() throws InterruptedException {
    Channel channel =
        new Bootstrap()
            .group(loops)
            .channel(NioSocketChannel.class)
            .handler(new ChannelInboundHandlerAdapter())
            .connect(server.getLocalSocketAddress())
            .sync()
            .channel();
    open.add(0, () -> channel.close().sync()); // before the server resets it
    return channel;
  }

  private static List<Integer> options(Channel channel) {
    return List.of(
        channel.config().getOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE)),
        channel.config().getOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL)),
        channel.config().getOption(NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT)));
  }
}
