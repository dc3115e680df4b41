package dev.pglambda.callback;

/**
 * The run-time parameter that tells the server where to call back (docs/architecture.md, "Where the
 * worker connects to").
 *
 * @param host name or address of the proxy as the server reaches it, or empty: the address at which
 *     the server sees the proxy
 * @param port port of the proxy as the server reaches it
 * @param session random token of one client's session
 */
public record CallbackParameter(String host, int port, String session) {
  /** Name of the parameter. */
  public static final String NAME = "pglambda.callback";

  private static final int SESSION_OCTETS = 16;

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

  /** The parameter of a new session, whose token has 128 random bits. */
  public static CallbackParameter ofNewSession(String host, int port) {
    return new CallbackParameter(host, port, RandomToken.hex(SESSION_OCTETS));
  }

  /** The value to send: {@code <host>|<port>|<session>|<signature>}. */
  public String signedWith(CallbackSecret secret) {
    String value = host + "|" + port + "|" + session;
    return value + "|" + secret.sign("callback " + value);
  }

  private static void requirePlain(String part, String text) {
    if (!text.chars().allMatch(c -> c > ' ' && c <= '~' && c != '|')) {
      throw new IllegalArgumentException(
          "callback %s: %s (expected: visible ASCII characters without |)".formatted(part, text));
    }
  }
}
