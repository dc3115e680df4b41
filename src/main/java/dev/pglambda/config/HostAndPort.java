package dev.pglambda.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An address as the user wrote it; nothing is looked up.
 *
 * @param host name, IPv4 address or IPv6 address (without brackets); empty: all of this machine's
 *     addresses
 * @param port 0 to 65535; 0 lets the operating system choose when listening
 */
public record HostAndPort(String host, int port) implements ServerAddress {
  private static final Pattern SYNTAX =
      Pattern.compile(
          "(?:\\[(?<v6>[^\\]\\[]+)\\]|(?<name>[A-Za-z0-9._-]*))(?::(?<port>\\d{1,5}))?");

  /** An address whose port may be missing. */
  public record HostAndOptionalPort(String host, @Nullable Integer port) {
    /** Whether it is this host, in upper or lower case, and this port, if it has one. */
    public boolean holdsFor(String otherHost, int otherPort) {
      return host.equalsIgnoreCase(otherHost) && (port == null || port == otherPort);
    }

    HostAndPort orPort(int defaultPort) {
      return new HostAndPort(host, port == null ? defaultPort : port);
    }
  }

  /**
   * Reads {@code host:port}, {@code host}, {@code :port}, {@code [IPv6]:port} or {@code [IPv6]}.
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
    Integer port = digits == null ? null : Integer.valueOf(digits);
    if (port != null && port > 65535) {
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
