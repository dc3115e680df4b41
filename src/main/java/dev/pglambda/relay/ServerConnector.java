package dev.pglambda.relay;

import dev.pglambda.config.HostAndPort;
import dev.pglambda.config.ServerAddress;
import dev.pglambda.config.UnixSocket;
import dev.pglambda.limits.LogThrottle;
import dev.pglambda.relay.NegotiationException.Next;
import dev.pglambda.tls.BackendTls;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.NoopAddressResolverGroup;
import io.netty.resolver.dns.DnsAddressResolverGroup;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.FutureListener;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens connections to the PostgreSQL server, on the event loop of the client they serve, with TLS
 * as configured. Thread-safe.
 *
 * <p>A name can have several addresses. As in libpq, they are tried in turn, each with the whole
 * time-out, until one accepts the connection; what it says then is final.
 */
public final class ServerConnector implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ServerConnector.class);
  private static final LogThrottle NOT_ENCRYPTED = new LogThrottle();

  private static final int MOST_KNOWN = 1_000;

  private final RelaySettings settings;
  private final SocketAddress address;

  /** Null where there is nothing to look up. */
  private final @Nullable AddressResolverGroup<InetSocketAddress> resolver;

  /** Addresses of the server that were found since the start: a name can lead to each in turn. */
  private final Set<InetAddress> known = ConcurrentHashMap.newKeySet();

  public ServerConnector(RelaySettings settings) {
    this(settings, ServerConnector::dns);
  }

  ServerConnector(
      RelaySettings settings, Supplier<AddressResolverGroup<InetSocketAddress>> resolvers) {
    this.settings = settings;
    address = addressOf(settings.backend());
    boolean isName = address instanceof InetSocketAddress inet && inet.isUnresolved();
    resolver = isName ? resolvers.get() : null;
    if (address instanceof InetSocketAddress inet && !isName) {
      known.add(inet.getAddress());
    }
  }

  private static SocketAddress addressOf(ServerAddress backend) {
    if (backend instanceof HostAndPort tcp) {
      byte[] numeric = NetUtil.createByteArrayFromIpAddressString(tcp.host());
      return numeric == null
          ? InetSocketAddress.createUnresolved(tcp.host(), tcp.port())
          : new InetSocketAddress(addressOf(numeric), tcp.port());
    }
    return UnixDomainSocketAddress.of(((UnixSocket) backend).file());
  }

  /**
   * Looks the server's name up once, if it has one, so that {@link #isReachedAt} knows of it before
   * the first connection.
   */
  public void lookUp(EventLoop loop) {
    if (resolver != null) {
      resolveAll(resolver, loop, found -> {});
    }
  }

  /** Whether the server has been found at an address. */
  public boolean isReachedAt(@Nullable SocketAddress peer) {
    return peer instanceof InetSocketAddress internet && known.contains(internet.getAddress());
  }

  private void resolveAll(
      AddressResolverGroup<InetSocketAddress> group,
      EventLoop loop,
      Consumer<Future<List<InetSocketAddress>>> then) {
    group
        .getResolver(loop)
        .resolveAll((InetSocketAddress) address)
        .addListener(
            (FutureListener<List<InetSocketAddress>>)
                found -> {
                  if (found.isSuccess()) {
                    remember(found.getNow());
                  }
                  then.accept(found);
                });
  }

  private void remember(List<InetSocketAddress> found) {
    if (known.size() < MOST_KNOWN) {
      found.forEach(each -> known.add(each.getAddress()));
    }
  }

  /** Looks names up without blocking the event loop. */
  private static AddressResolverGroup<InetSocketAddress> dns() {
    return new DnsAddressResolverGroup(
        new DnsNameResolverBuilder().datagramChannelType(NioDatagramChannel.class));
  }

  private static InetAddress addressOf(byte[] numeric) {
    try {
      return InetAddress.getByAddress(numeric);
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e); // only if it has neither 4 nor 16 bytes
    }
  }

  /**
   * Connects for a client. Called on its event loop.
   *
   * @param handler of the connection, added when it is open
   * @param autoRead whether reading starts at once
   * @param then learns on the client's event loop what has become of it
   */
  public void connect(
      Channel client, ChannelHandler handler, boolean autoRead, Consumer<Future<Channel>> then) {
    connectTo(null, client, handler, autoRead, then);
  }

  /**
   * The same, at one address only: a cancel request is for the server that has the session, and a
   * name can stand for several.
   *
   * @param known null: at any
   */
  public void connectTo(
      @Nullable InetSocketAddress known,
      Channel client,
      ChannelHandler handler,
      boolean autoRead,
      Consumer<Future<Channel>> then) {
    EventLoop loop = client.eventLoop();
    if (resolver == null || known != null) {
      List<SocketAddress> only = List.of(known == null ? address : known);
      new Attempt(loop, only, handler, autoRead, then).begin(settings.tls());
      return;
    }
    resolveAll(
        resolver,
        loop,
        found -> {
          if (found.isSuccess()) {
            new Attempt(loop, found.getNow(), handler, autoRead, then).begin(settings.tls());
          } else {
            then.accept(loop.newFailedFuture(found.cause()));
          }
        });
  }

  /** One connection that is wanted, by one address after the other. */
  private final class Attempt {
    private final EventLoop loop;
    private final List<? extends SocketAddress> addresses;
    private final ChannelHandler handler;
    private final boolean autoRead;
    private final Consumer<Future<Channel>> then;
    private int next;

    Attempt(
        EventLoop loop,
        List<? extends SocketAddress> addresses,
        ChannelHandler handler,
        boolean autoRead,
        Consumer<Future<Channel>> then) {
      this.loop = loop;
      this.addresses = addresses;
      this.handler = handler;
      this.autoRead = autoRead;
      this.then = then;
    }

    void begin(@Nullable BackendTls tls) {
      int timeout = Math.toIntExact(settings.connectTimeout().toMillis());
      long deadline = System.nanoTime() + settings.connectTimeout().toNanos();
      Promise<Channel> opened = loop.newPromise();
      opened.addListener((FutureListener<Channel>) this::ended);
      SocketAddress to = addresses.get(next);
      (to instanceof UnixDomainSocketAddress ? overUnixSocket() : overTcp())
          .group(loop)
          .resolver(NoopAddressResolverGroup.INSTANCE)
          .option(ChannelOption.AUTO_READ, autoRead)
          .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, timeout)
          .handler(new ConnectionOpening(tls, deadline, handler, opened))
          .connect(to)
          .addListener(
              (ChannelFuture connecting) -> {
                if (!connecting.isSuccess()) {
                  // One for which no socket could be opened fails on a thread of its own, but the
                  // promise tells its listeners on the loop.
                  opened.tryFailure(connecting.cause());
                }
              });
    }

    private static Bootstrap overUnixSocket() {
      return new Bootstrap().channel(NioDomainSocketChannel.class);
    }

    private static Bootstrap overTcp() {
      return new Bootstrap()
          .channel(NioSocketChannel.class)
          .option(ChannelOption.TCP_NODELAY, true)
          .option(ChannelOption.SO_KEEPALIVE, true);
    }

    private void ended(Future<Channel> opened) {
      Throwable cause = opened.cause();
      if (cause instanceof NegotiationException failure
          && failure.next() == Next.PLAIN
          && !isEncryptionRequired()) {
        NOT_ENCRYPTED.warn(
            log,
            "no encryption with server {}: {}; connecting without",
            settings.backend(),
            failure.getMessage());
        begin(null);
      } else if (cause != null && isOfThisAddressAlone(cause) && next + 1 < addresses.size()) {
        next++;
        begin(settings.tls());
      } else {
        then.accept(opened);
      }
    }

    private boolean isEncryptionRequired() {
      BackendTls tls = settings.tls();
      return tls != null && tls.isRequired();
    }

    private boolean isOfThisAddressAlone(Throwable cause) {
      return cause instanceof NegotiationException failure
          ? failure.next() == Next.ADDRESS
          : !(cause instanceof ChannelException); // no socket could be opened
    }
  }

  @Override
  public void close() {
    if (resolver != null) {
      resolver.close();
    }
  }
}
