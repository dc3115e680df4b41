package dev.pglambda.config;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A Unix-domain socket, whose file PostgreSQL and its clients name by a port (PostgreSQL manual,
 * "unix_socket_directories").
 *
 * @param directory an absolute path
 * @param port 0: that of the TCP address beside it
 */
public record UnixSocket(Path directory, int port) implements ServerAddress {
  private static final String SCHEME = "unix:";
  private static final Pattern SYNTAX =
      Pattern.compile(SCHEME + "(?<directory>/.*?)(?::(?<port>\\d{1,5}))?");

  static boolean isOne(String text) {
    return text.startsWith(SCHEME + "/");
  }

  /**
   * Reads {@code unix:/directory} or {@code unix:/directory:port}.
   *
   * @throws IllegalArgumentException if the text is neither
   */
  static UnixSocket parse(String text, int defaultPort) {
    Matcher matcher = SYNTAX.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("no directory");
    }
    String digits = matcher.group("port");
    int port = digits == null ? defaultPort : Values.integer(digits, 1, 65535);
    return new UnixSocket(Path.of(matcher.group("directory")), port);
  }

  /** With a port, if it has none. */
  public UnixSocket orPort(int ofTcp) {
    return port == 0 ? new UnixSocket(directory, ofTcp) : this;
  }

  public Path file() {
    return directory.resolve(".s.PGSQL." + port);
  }

  @Override
  public String toString() {
    return SCHEME + directory + ":" + port;
  }
}
