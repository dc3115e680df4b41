package dev.pglambda.config;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The load balancers that tell whose connections they pass on, by the PROXY protocol.
 *
 * @param ranges their addresses
 * @param local whether those are some that connect at the Unix-domain socket
 */
public record Balancers(List<AddressRange> ranges, boolean local) {
  public static final Balancers NONE = new Balancers(List.of(), false);

  private static final String LOCAL = "unix";

  public Balancers {
    ranges = List.copyOf(ranges);
  }

  /** Reads ranges, and {@code unix}, with commas between them. */
  static Balancers parse(String text) {
    List<String> names = Values.names(text);
    return new Balancers(
        names.stream().filter(name -> !name.equals(LOCAL)).map(AddressRange::parse).toList(),
        names.contains(LOCAL));
  }

  /** Whether the other end of a connection is one of them. */
  public boolean include(@Nullable SocketAddress address) {
    return address instanceof InetSocketAddress inet
        ? ranges.stream().anyMatch(range -> range.contains(inet.getAddress()))
        : local && address instanceof UnixDomainSocketAddress;
  }
}
