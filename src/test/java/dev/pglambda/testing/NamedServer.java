package dev.pglambda.testing;

import java.io.IOException;
import java.util.Objects;
import org.opentest4j.TestAbortedException;

/**
 * A PostgreSQL server somebody has started for tests that compare with the real thing: system
 * property {@code pglambda.test.postgres=host:port}, superuser and database {@code postgres}, no
 * password.
 */
public record NamedServer(String host, int port, String user, String database, int version) {
  private static final String PROPERTY = "pglambda.test.postgres";

  /**
   * The server.
   *
   * @throws TestAbortedException if none is named
   * @throws IOException if it cannot be reached
   */
  public static NamedServer orSkip() throws IOException {
    String address = System.getProperty(PROPERTY);
    if (address == null) {
      throw new TestAbortedException(
          "SKIPPED: no server to compare with (-D" + PROPERTY + "=host:port)");
    }
    String host = address.substring(0, address.lastIndexOf(':'));
    int port = Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    try (WireClient client = WireClient.connect(host, port, "postgres", "postgres", null)) {
      String version = Objects.requireNonNull(client.parameter("server_version"));
      int major = Integer.parseInt(version.replaceFirst("\\D.*", ""));
      return new NamedServer(host, port, "postgres", "postgres", major);
    }
  }

  /** A new session. */
  public WireClient connect() throws IOException {
    return WireClient.connect(host, port, user, database, null);
  }
}
