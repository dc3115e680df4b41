package dev.pglambda.relay;

import dev.pglambda.config.HostAndPort;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.NoopAddressResolverGroup;
import io.netty.resolver.dns.DnsAddressResolverGroup;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.function.Consumer;

/**
 * Opens connections to the PostgreSQL server, on the event loop of the client they serve.
 * Thread-safe.
 */
public final class ServerConnector implements AutoCloseable {
  private final RelaySettings settings;
  private final InetSocketAddress address;
  private final AddressResolverGroup<? extends SocketAddress> resolver;

  public ServerConnector(RelaySettings settings) {
    this.settings = settings;
    HostAndPort backend = settings.backend();
    byte[] numeric = NetUtil.createByteArrayFromIpAddressString(backend.host());
    if (numeric == null) {
      address = InetSocketAddress.createUnresolved(backend.host(), backend.port());
      resolver = // without blocking the event loop
          new DnsAddressResolverGroup(
              new DnsNameResolverBuilder().datagramChannelType(NioDatagramChannel.class));
    } else {
      address = new InetSocketAddress(addressOf(numeric), backend.port());
      resolver = NoopAddressResolverGroup.INSTANCE;
    }
  }

  private static InetAddress addressOf(byte[] numeric) {
    try {
      return InetAddress.getByAddress(numeric);
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e); // only if it has neither 4 nor 16 bytes
    }
  }

  /**
   * Connects for a client.
   *
   * @param autoRead whether reading starts at once
   * @param then learns on the client's event loop what has become of it: a connection for which no
   *     socket could be opened fails on a thread of its own
   */
  public void connect(
      Channel client, ChannelHandler handler, boolean autoRead, Consumer<ChannelFuture> then) {
    EventLoop loop = client.eventLoop();
    new Bootstrap()
        .group(loop)
        .channel(NioSocketChannel.class)
        .resolver(resolver)
        .option(ChannelOption.TCP_NODELAY, true)
        .option(ChannelOption.SO_KEEPALIVE, true)
        .option(ChannelOption.AUTO_READ, autoRead)
        .option(
            ChannelOption.CONNECT_TIMEOUT_MILLIS,
            Math.toIntExact(settings.connectTimeout().toMillis()))
        .handler(handler)
        .connect(address)
        .addListener(
            (ChannelFuture done) -> {
              if (loop.inEventLoop()) {
                then.accept(done);
              } else {
                loop.execute(() -> then.accept(done));
              }
            });
  }

  @Override
  public void close() {
    resolver.close();
  }
}
