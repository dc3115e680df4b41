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
 * @param tls whether the proxy has TLS there, and a certificate to which SCRAM can be bound
 */
public record CallbackParameter(String host, int port, String session, boolean tls) {
  /** Name of the parameter. */
  public static final String NAME = "pglambda.callback";

  /**
   * How the session's name begins in the value if {@link #tls}. A part of its own would be one too
   * many for workers of earlier versions.
   */
  private static final String TLS = "tls.";

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
  public static CallbackParameter ofAddress(
      InetAddress address, int port, String session, boolean tls) {
    String text = address.getHostAddress();
    int zone = text.indexOf('%'); // inet_client_addr() has none
    String own = "?" + (zone < 0 ? text : text.substring(0, zone));
    return new CallbackParameter(own, port, session, tls);
  }

  /** The token of a session from its name in a value. */
  static String token(String name) {
    return name.startsWith(TLS) ? name.substring(TLS.length()) : name;
  }

  /** The value to send: {@code <host>|<port>|<session>|<signature>}. */
  public String signedWith(HmacKey key) {
    String value = host + "|" + port + "|" + (tls ? TLS : "") + session;
    return value + "|" + key.sign("callback " + value);
  }

  private static void requirePlain(String part, String text) {
    if (!text.chars().allMatch(c -> c > ' ' && c <= '~' && c != '|')) {
      throw new IllegalArgumentException(
          "callback %s: %s (expected: visible ASCII characters without |)".formatted(part, text));
    }
  }
}
