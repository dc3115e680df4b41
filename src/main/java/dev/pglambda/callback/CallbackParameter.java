package dev.pglambda.callback;

import java.net.InetAddress;

/**
 * The run-time parameter that tells the server where to call back
 * (docs/development/callback-protocol.md, "Where the worker connects to").
 *
 * @param host name or address of the proxy as the server reaches it; with {@code ?} before it, it
 *     counts only in a session that the server sees to come from there
 * @param port port of the proxy as the server reaches it
 * @param session random token of one client's session
 */
public record CallbackParameter(String host, int port, String session) {
  /** Name of the parameter. */
  public static final String NAME = "pglambda.callback";

  /**
   * Checks the parts, of which the value is put together without quoting.
   *
   * @throws IllegalArgumentException if the host or the session has a character other than visible
   *     ASCII, or {@code |}, or if the port is none
   */
  public CallbackParameter {
    requirePlain("host", host);
    requirePlain("session", session);
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException(
          "callback port: %d (expected: 1 to 65535)".formatted(port));
    }
  }

  /**
   * The parameter of a session whose server is to call back to where the session comes from: the
   * proxy's own address, of its connection to the server.
   */
  public static CallbackParameter ofAddress(InetAddress address, int port, String session) {
    String text = address.getHostAddress();
    int zone = text.indexOf('%'); // inet_client_addr() has none
    return new CallbackParameter("?" + (zone < 0 ? text : text.substring(0, zone)), port, session);
  }

  /** The value to send: {@code <host>|<port>|<session>|<signature>}. */
  public String signedWith(HmacKey key) {
    String value = host + "|" + port + "|" + session;
    return value + "|" + key.sign("callback " + value);
  }

  private static void requirePlain(String part, String text) {
    if (!text.chars().allMatch(c -> c > ' ' && c <= '~' && c != '|')) {
      throw new IllegalArgumentException(
          "callback %s: %s (expected: visible ASCII characters without |)".formatted(part, text));
    }
  }
}
