package dev.pglambda.config;

import java.net.InetAddress;
import java.util.List;

/**
 * From where PostgreSQL may call the proxy.
 *
 * @param all from anywhere
 * @param server from the addresses at which the proxy reaches the server, and from this machine
 * @param ranges from these, too
 */
public record CallbackPeers(boolean all, boolean server, List<AddressRange> ranges) {
  private static final String ALL = "all";
  private static final String SERVER = "server";

  public CallbackPeers {
    ranges = List.copyOf(ranges);
  }

  /** Reads names and ranges with commas between them. */
  static CallbackPeers parse(String text) {
    List<String> names = Values.names(text);
    return new CallbackPeers(
        names.contains(ALL),
        names.contains(SERVER),
        names.stream()
            .filter(name -> !name.equals(ALL) && !name.equals(SERVER))
            .map(AddressRange::parse)
            .toList());
  }

  /**
   * Whether a call may come from there.
   *
   * @param isServer whether the proxy reaches the server at this address
   * @param isThisMachine whether it is the machine that the proxy runs on
   */
  public boolean allows(InetAddress from, boolean isServer, boolean isThisMachine) {
    return all
        || (server && (isServer || isThisMachine))
        || ranges.stream().anyMatch(range -> range.contains(from));
  }
}
