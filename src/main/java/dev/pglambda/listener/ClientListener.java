package dev.pglambda.listener;

import dev.pglambda.config.Balancers;
import dev.pglambda.config.ClientLimits;
import dev.pglambda.iam.TokenVerifier;
import dev.pglambda.intercept.Interceptor;
import dev.pglambda.limits.PeerAddress;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.protocol.StartupPacket.StartupMessage;
import dev.pglambda.relay.CallbackKeyDelivery;
import dev.pglambda.relay.LocalExecution;
import dev.pglambda.relay.RelaySettings;
import dev.pglambda.relay.ServerConnector;
import dev.pglambda.relay.Sessions;
import dev.pglambda.relay.TcpKeepalives;
import dev.pglambda.tls.ClientTls;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Relays the clients of one listener to one PostgreSQL server. The initializer of the listener's
 * child channels.
 */
public final class ClientListener extends ChannelInitializer<Channel> implements AutoCloseable {
  private static final String CALLBACK_PARAMETER = "pglambda.callback";

  final RelaySettings settings;
  final Interceptor interceptor;
  final CallbackKeyDelivery keys;
  final ReservedDatabase reserved;

  /** Null: nobody logs in by a token. */
  final @Nullable TokenVerifier tokens;

  final LocalExecution.Provider localExecution;
  final Sessions sessions;
  final ServerConnector backend;
  final Admission admission;
  final PendingClients pending;
  private final Balancers balancers;
  private final @Nullable ClientTls tls;
  private final @Nullable BiFunction<String, InetAddress, String> callbackParameter;

  /**
   * @param balancers whose connections begin with a header of the PROXY protocol
   * @param tls null: clients cannot use TLS
   * @param tokens of those who log in to the proxy by one; null: nobody does
   * @param callbackParameter makes the value of the run-time parameter {@code pglambda.callback}
   *     from a session's token and the proxy's own address of its connection to the server; null if
   *     that parameter is not to be added to startup messages
   */
  public ClientListener(
      RelaySettings settings,
      ClientLimits limits,
      Balancers balancers,
      @Nullable ClientTls tls,
      @Nullable TokenVerifier tokens,
      Sessions sessions,
      Interceptor interceptor,
      CallbackKeyDelivery keys,
      ReservedDatabase reserved,
      LocalExecution.Provider localExecution,
      @Nullable BiFunction<String, InetAddress, String> callbackParameter) {
    this.settings = settings;
    this.balancers = balancers;
    this.tls = tls;
    this.tokens = tokens;
    this.sessions = sessions;
    this.interceptor = interceptor;
    this.keys = keys;
    this.reserved = reserved;
    this.localExecution = localExecution;
    this.callbackParameter = callbackParameter;
    this.backend = new ServerConnector(settings);
    this.admission = new Admission(limits);
    this.pending = new PendingClients(limits.maxPendingClients());
  }

  @Override
  protected void initChannel(Channel client) {
    TcpKeepalives.set(client, settings.keepalives());
    boolean fromBalancer = balancers.include(client.remoteAddress());
    if (fromBalancer) {
      client.pipeline().addLast(new ProxyHeaderDetector());
    }
    // PostgreSQL encrypts no Unix-domain socket either (backend_startup.c, ProcessStartupPacket).
    ClientTls encryption = PeerAddress.isLocal(client) ? null : tls;
    client.pipeline().addLast(new StartupHandler(this, fromBalancer, encryption));
  }

  /**
   * A new handler for the end of the listener's pipeline: what to do if clients cannot be accepted.
   */
  public ChannelHandler acceptFailureHandler() {
    return new AcceptFailureHandler(pending);
  }

  /** Finds the server's addresses, of which {@link ReservedDatabase#admits} is told. */
  public void lookUpServer(EventLoop loop) {
    backend.lookUp(loop);
  }

  /**
   * The client's startup message, byte for byte, with the callback parameter added at its end. A
   * walsender calls no function, and a message that would become too long is left alone: both pass
   * unchanged.
   *
   * @param bytes the client's packet; not consumed
   * @param address the proxy's own, of its connection to the server; null if it has gone
   * @return a new reference, to be released
   */
  ByteBuf withParameters(
      StartupMessage startup,
      ByteBuf bytes,
      String token,
      @Nullable SocketAddress address,
      ByteBufAllocator allocator) {
    if (callbackParameter == null || startup.replication() || address == null) {
      return bytes.retainedDuplicate();
    }
    InetAddress own =
        address instanceof InetSocketAddress inet
            ? inet.getAddress()
            : InetAddress.getLoopbackAddress(); // at a Unix-domain socket
    String value = callbackParameter.apply(token, own);
    ByteBuf longer = StartupPacket.with(bytes, CALLBACK_PARAMETER, value, allocator);
    return longer == null ? bytes.retainedDuplicate() : longer;
  }

  @Override
  public void close() {
    backend.close();
  }
}
