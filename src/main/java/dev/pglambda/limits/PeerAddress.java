package dev.pglambda.limits;

import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Where a connection comes from, as limits and logs see it: the client's address where a load
 * balancer has told it, else that of the other end. Nothing else asks a channel for it.
 */
public final class PeerAddress {
  private static final AttributeKey<SocketAddress> TOLD =
      AttributeKey.valueOf(PeerAddress.class, "told");

  private PeerAddress() {}

  /** The other end of a Unix-domain socket, which has no address: PostgreSQL's word for it. */
  private static final class Local extends SocketAddress {
    private static final long serialVersionUID = 1L;
    private static final Local ADDRESS = new Local();

    @Override
    public String toString() {
      return "[local]";
    }
  }

  /** Null if the other end had gone before anybody asked. */
  public static @Nullable SocketAddress of(Channel channel) {
    SocketAddress told = channel.attr(TOLD).get();
    return told == null ? ofOtherEnd(channel) : told;
  }

  /** The host alone, without a port, as PostgreSQL prints it; null as for {@link #of}. */
  public static @Nullable String host(Channel channel) {
    SocketAddress address = of(channel);
    return address instanceof InetSocketAddress inet && inet.getAddress() != null
        ? inet.getAddress().getHostAddress()
        : address instanceof Local ? address.toString() : null;
  }

  /** Whether it is one of a Unix-domain socket. */
  public static boolean isLocal(Channel channel) {
    return channel.remoteAddress() instanceof UnixDomainSocketAddress;
  }

  /**
   * Whether the other end is on this machine: over its file system or loopback, or with one address
   * at both ends. Never the client of a load balancer, whose loopback is another one.
   */
  public static boolean isThisMachine(Channel channel) {
    return !isTold(channel)
        && (isLocal(channel)
            || (channel.remoteAddress() instanceof InetSocketAddress other
                && channel.localAddress() instanceof InetSocketAddress own
                && (other.getAddress().isLoopbackAddress()
                    || other.getAddress().equals(own.getAddress()))));
  }

  /**
   * A load balancer has told for whom it opened the connection.
   *
   * @param client null: for itself, or it does not know
   */
  public static void tell(Channel channel, @Nullable InetSocketAddress client) {
    channel.attr(TOLD).set(client == null ? ofOtherEnd(channel) : client);
  }

  /** Whether a load balancer has told it, be it that the connection is its own. */
  public static boolean isTold(Channel channel) {
    return channel.attr(TOLD).get() != null;
  }

  private static @Nullable SocketAddress ofOtherEnd(Channel channel) {
    SocketAddress address = channel.remoteAddress();
    return address instanceof UnixDomainSocketAddress ? Local.ADDRESS : address;
  }
}
