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
import io.netty.util.NetUtil;
import java.net.InetAddress;
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
        .connect(address());
  }

  /** An address is used as it is, without waking the resolver; a name is resolved each time. */
  private InetSocketAddress address() {
    InetAddress literal = NetUtil.createInetAddressFromIpAddressString(settings.backendHost());
    return literal == null
        ? InetSocketAddress.createUnresolved(settings.backendHost(), settings.backendPort())
        : new InetSocketAddress(literal, settings.backendPort());
  }

  @Override
  public void close() {
    resolver.close();
  }
}
