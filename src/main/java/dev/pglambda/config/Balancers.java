package dev.pglambda.config;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The load balancers that tell whose connections they pass on, by the PROXY protocol.
 *
 * @param subnets their addresses
 * @param local whether those are some that connect at the Unix-domain socket
 */
public record Balancers(List<Subnet> subnets, boolean local) {
  public static final Balancers NONE = new Balancers(List.of(), false);

  private static final String LOCAL = "unix";

  public Balancers {
    subnets = List.copyOf(subnets);
  }

  /** Reads subnets, and {@code unix}, with commas between them. */
  static Balancers parse(String text) {
    List<Subnet> subnets = new ArrayList<>();
    boolean local = false;
    for (String each : Values.names(text)) {
      if (each.equals(LOCAL)) {
        local = true;
      } else {
        subnets.add(Subnet.parse(each));
      }
    }
    return new Balancers(subnets, local);
  }

  /** Whether the other end of a connection is one of them. */
  public boolean include(@Nullable SocketAddress address) {
    if (address instanceof InetSocketAddress inet) {
      for (Subnet subnet : subnets) {
        if (subnet.contains(inet.getAddress())) {
          return true;
        }
      }
    }
    return local && address instanceof UnixDomainSocketAddress;
  }
}
