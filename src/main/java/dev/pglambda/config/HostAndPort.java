package dev.pglambda.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An address as the user wrote it; nothing is looked up.
 *
 * @param host name, IPv4 address or IPv6 address (without brackets); empty: all of this machine's
 *     addresses
 * @param port 0 to 65535; 0 lets the operating system choose when listening
 */
public record HostAndPort(String host, int port) {
  private static final Pattern SYNTAX =
      Pattern.compile(
          "(?:\\[(?<v6>[^\\]\\[]+)\\]|(?<name>[A-Za-z0-9._-]*))(?::(?<port>\\d{1,5}))?");

  /** An address whose port may be missing. */
  record HostAndOptionalPort(String host, int port) {
    static final int NO_PORT = -1;

    boolean hasPort() {
      return port != NO_PORT;
    }
  }

  /**
   * Reads {@code host:port}, {@code host}, {@code :port}, {@code [IPv6]:port} or {@code [IPv6]}.
   *
   * @param defaultPort the port if none is written
   * @throws IllegalArgumentException if the text is no address
   */
  static HostAndPort parse(String text, int defaultPort) {
    HostAndOptionalPort address = parse(text);
    return new HostAndPort(address.host(), address.hasPort() ? address.port() : defaultPort);
  }

  /**
   * Reads what {@link #parse(String, int)} reads and says whether a port was written.
   *
   * @throws IllegalArgumentException if the text is no address
   */
  static HostAndOptionalPort parse(String text) {
    Matcher matcher = SYNTAX.matcher(text);
    if (text.isEmpty() || !matcher.matches()) {
      throw new IllegalArgumentException("not an address");
    }
    String v6 = matcher.group("v6");
    if (v6 != null && !isIpv6(v6)) {
      throw new IllegalArgumentException("not an IPv6 address");
    }
    String digits = matcher.group("port");
    int port = digits == null ? HostAndOptionalPort.NO_PORT : Integer.parseInt(digits);
    if (port > 65535) {
      throw new IllegalArgumentException("not a port");
    }
    String host = v6 != null ? v6 : matcher.group("name");
    return new HostAndOptionalPort(host == null ? "" : host, port);
  }

  private static boolean isIpv6(String text) {
    // A scope id names an interface, which may not be there (yet): it is not looked up here.
    String address = text.replaceFirst("%[A-Za-z0-9._-]+$", "");
    if (!address.contains(":")) {
      return false;
    }
    try {
      // Brackets make this a literal, for which the JDK asks no name server.
      InetAddress.getByName("[" + address + "]");
      return true;
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /** As it is written on a command line: {@code host:port} or {@code [IPv6]:port}. */
  @Override
  public String toString() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }
}
