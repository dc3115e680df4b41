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

  final Wiring wiring;
  final ServerConnector backend;
  final Admission admission;
  final PendingClients pending;

  /**
   * What a listener is made of.
   *
   * @param balancers whose connections begin with a header of the PROXY protocol
   * @param tls null: clients cannot use TLS
   * @param tokens of those who log in to the proxy by one; null: nobody does
   * @param callbackParameter makes the value of the run-time parameter {@code pglambda.callback}
   *     from a session's token and the proxy's own address of its connection to the server; null if
   *     that parameter is not to be added to startup messages
   */
  public record Wiring(
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
      @Nullable BiFunction<String, InetAddress, String> callbackParameter) {}

  public ClientListener(Wiring wiring) {
    this.wiring = wiring;
    this.backend = new ServerConnector(wiring.settings());
    this.admission = new Admission(wiring.limits(), wiring.sessions().refusals());
    this.pending = new PendingClients(wiring.limits().maxPendingClients());
  }

  @Override
  protected void initChannel(Channel client) {
    TcpKeepalives.set(client, wiring.settings().keepalives());
    boolean fromBalancer = wiring.balancers().include(client.remoteAddress());
    if (fromBalancer) {
      client.pipeline().addLast(new ProxyHeaderDetector());
    }
    // PostgreSQL encrypts no Unix-domain socket either (backend_startup.c, ProcessStartupPacket).
    ClientTls encryption = PeerAddress.isLocal(client) ? null : wiring.tls();
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
    BiFunction<String, InetAddress, String> parameter = wiring.callbackParameter();
    if (parameter == null || startup.replication() || address == null) {
      return bytes.retainedDuplicate();
    }
    InetAddress own =
        address instanceof InetSocketAddress inet
            ? inet.getAddress()
            : InetAddress.getLoopbackAddress(); // at a Unix-domain socket
    String value = parameter.apply(token, own);
    ByteBuf longer = StartupPacket.with(bytes, CALLBACK_PARAMETER, value, allocator);
    return longer == null ? bytes.retainedDuplicate() : longer;
  }

  @Override
  public void close() {
    backend.close();
  }
}
