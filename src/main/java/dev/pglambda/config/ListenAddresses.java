package dev.pglambda.config;

import org.jspecify.annotations.Nullable;

/**
 * Where clients connect.
 *
 * @param tcp where PostgreSQL calls back, too
 * @param socket or null
 */
public record ListenAddresses(HostAndPort tcp, @Nullable UnixSocket socket) {
  private static final int PORT = 5433;

  /**
   * Reads an address of TCP, or a Unix-domain socket, or both with a comma between them. TCP is
   * always there: without it PostgreSQL could not call back.
   *
   * @throws IllegalArgumentException if the text is none of them
   */
  static ListenAddresses parse(String text) {
    HostAndPort tcp = null;
    UnixSocket socket = null;
    for (String each : text.split(",", -1)) {
      String address = each.strip();
      if (UnixSocket.isOne(address) && socket == null) {
        socket = UnixSocket.parse(address, 0);
      } else if (tcp == null) {
        tcp = HostAndPort.parse(address).orPort(PORT);
      } else {
        throw new IllegalArgumentException("two of a kind");
      }
    }
    return new ListenAddresses(
        tcp == null ? parse(String.valueOf(Option.LISTEN.defaultText())).tcp() : tcp, socket);
  }
}
