package dev.pglambda;

import dev.pglambda.config.HostAndPort;
import dev.pglambda.config.ListenAddresses;
import dev.pglambda.config.UnixSocket;
import dev.pglambda.limits.ReadControl;
import dev.pglambda.limits.ReadControl.Reason;
import dev.pglambda.listener.ClientListener;
import dev.pglambda.listener.SocketFile;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the proxy listens. All is bound first, so that an address in use is found at once; clients
 * wait in the backlog until they are accepted. Methods block, and are called on one thread.
 */
final class ListeningSockets implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ListeningSockets.class);
  private static final int BACKLOG = 1024;
  private static final long CLOSE_MS = 3_000;

  private final EventLoopGroup loops;
  private final List<Channel> channels = new ArrayList<>();
  private @Nullable UnixSocket socket;
  private @Nullable SocketFile socketFile;
  private volatile @Nullable ClientListener clients;

  private ListeningSockets(EventLoopGroup loops) {
    this.loops = loops;
  }

  /** Binds all, or nothing. */
  static ListeningSockets bind(ListenAddresses addresses, EventLoopGroup loops)
      throws StartException, InterruptedException {
    ListeningSockets sockets = new ListeningSockets(loops);
    boolean bound = false;
    try {
      sockets.bindTcp(addresses.tcp());
      if (addresses.socket() != null) {
        sockets.bindSocket(addresses.socket().orPort(sockets.address().getPort()));
      }
      bound = true;
      return sockets;
    } finally {
      if (!bound) {
        sockets.close();
      }
    }
  }

  private void bindTcp(HostAndPort listen) throws StartException, InterruptedException {
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.SO_KEEPALIVE, true);
    Throwable failure =
        bind(
            bootstrap,
            listen.host().isEmpty()
                ? new InetSocketAddress(listen.port())
                : new InetSocketAddress(listen.host(), listen.port()));
    if (failure != null) {
      String reason =
          failure instanceof UnresolvedAddressException ? "unknown host" : failure.getMessage();
      throw StartException.badUsage(
          "--listen %s: %s (expected: an address of this machine and a free port)"
              .formatted(listen, reason),
          failure);
    }
  }

  private void bindSocket(UnixSocket listen) throws StartException, InterruptedException {
    Throwable failure;
    try {
      SocketFile file = SocketFile.claim(listen);
      socketFile = file;
      failure =
          bind(
              new ServerBootstrap().channel(NioServerDomainSocketChannel.class),
              UnixDomainSocketAddress.of(listen.file()));
      if (failure == null) {
        file.open();
        socket = listen;
      }
    } catch (IOException e) {
      failure = e;
    }
    if (failure != null) {
      String reason =
          failure instanceof NoSuchFileException ? "no such directory" : failure.getMessage();
      throw StartException.badUsage(
          "--listen %s: %s (expected: a directory in which files can be made, without the socket of"
                  .formatted(listen, reason)
              + " another server)",
          failure);
    }
  }

  /** Returns why it cannot be bound, or null. */
  private @Nullable Throwable bind(ServerBootstrap bootstrap, SocketAddress address)
      throws InterruptedException {
    ChannelFuture binding =
        bootstrap
            .group(loops)
            .option(ChannelOption.AUTO_READ, false)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel client) {
                    client.pipeline().addLast(Objects.requireNonNull(clients));
                  }
                })
            .bind(address)
            .await();
    if (binding.isSuccess()) {
      channels.add(binding.channel());
    }
    return binding.cause();
  }

  /** The address of TCP. */
  InetSocketAddress address() {
    return (InetSocketAddress) channels.get(0).localAddress();
  }

  /** The Unix-domain socket beside it; null: none. */
  @Nullable UnixSocket socket() {
    return socket;
  }

  /** From now on clients are accepted. */
  void accept(ClientListener ready) {
    clients = ready;
    for (Channel channel : channels) {
      channel.pipeline().addLast(ready.acceptFailureHandler());
      ReadControl.of(channel).set(Reason.STARTUP, false);
    }
  }

  /** Accepts no more; those that were accepted stay. */
  @Override
  public void close() {
    channels.forEach(channel -> channel.close().awaitUninterruptibly(CLOSE_MS));
    if (socketFile != null) {
      try {
        socketFile.close();
        socketFile = null;
      } catch (IOException e) {
        log.warn("cannot delete the file of {}: {}", socket, e.toString());
      }
    }
  }
}
