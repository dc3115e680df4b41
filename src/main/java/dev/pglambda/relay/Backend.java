package dev.pglambda.relay;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.dns.DnsAddressResolverGroup;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import java.net.InetSocketAddress;

/**
 * Opens connections to the PostgreSQL server, on the event loop of the client they serve.
 * Thread-safe.
 */
final class Backend implements AutoCloseable {
  private final RelaySettings settings;

  /** Resolves names without blocking the event loop. */
  private final AddressResolverGroup<InetSocketAddress> resolver =
      new DnsAddressResolverGroup(
          new DnsNameResolverBuilder().datagramChannelType(NioDatagramChannel.class));

  Backend(RelaySettings settings) {
    this.settings = settings;
  }

  /**
   * Connects for a client.
   *
   * @param autoRead whether reading starts at once
   */
  ChannelFuture connect(Channel client, ChannelHandler handler, boolean autoRead) {
    return new Bootstrap()
        .group(client.eventLoop())
        .channel(NioSocketChannel.class)
        .resolver(resolver)
        .option(ChannelOption.TCP_NODELAY, true)
        .option(ChannelOption.SO_KEEPALIVE, true)
        .option(ChannelOption.AUTO_READ, autoRead)
        .option(
            ChannelOption.CONNECT_TIMEOUT_MILLIS,
            Math.toIntExact(settings.connectTimeout().toMillis()))
        .handler(handler)
        .connect(
            InetSocketAddress.createUnresolved(settings.backendHost(), settings.backendPort()));
  }

  @Override
  public void close() {
    resolver.close();
  }
}
