package dev.pglambda.client.tls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.StartException;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.TestIdentity;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each {@code --backend-sslmode} before servers that can do what it asks, and others. */
@Timeout(120)
class BackendSslModeTest {
  private static final TestIdentity AUTHORITY = TestIdentity.authority("Test authority");
  private static final TestIdentity OTHER = TestIdentity.authority("Other authority");
  private static final String ROLE = "tls_only";
  private static final String NO_SSL = "server does not support SSL, but SSL was required";
  private static final String NOT_SIGNED =
      "certificate verify failed: no certificate of --backend-sslrootcert signs it";
  private static final String EXPIRED = "certificate verify failed: certificate has expired";
  private static final String OF_OTHER_HOST =
      "server certificate does not match host name \"127.0.0.1\"";
  private static final String ENCRYPTED = "true";
  private static final String PLAIN = "false";

  @TempDir Path directory;
  private final List<AutoCloseable> open = new ArrayList<>();

  /** What becomes of a connection by each mode: encrypted or not, or why there is none. */
  enum Server {
    SSL_ON(PLAIN, ENCRYPTED, ENCRYPTED, ENCRYPTED, ENCRYPTED),
    SSL_OFF(PLAIN, PLAIN, NO_SSL, NO_SSL, NO_SSL),
    HOSTSSL_ONLY("pg_hba.conf rejects connection", ENCRYPTED, ENCRYPTED, ENCRYPTED, ENCRYPTED),
    OF_OTHER_AUTHORITY(PLAIN, ENCRYPTED, ENCRYPTED, NOT_SIGNED, NOT_SIGNED),
    OF_ANOTHER_HOST(PLAIN, ENCRYPTED, ENCRYPTED, ENCRYPTED, OF_OTHER_HOST),
    EXPIRED_YESTERDAY(PLAIN, ENCRYPTED, ENCRYPTED, EXPIRED, EXPIRED);

    @SuppressWarnings("ImmutableEnumChecker") // made by List.of
    final List<String> expected;

    Server(String... expected) {
      this.expected = List.of(expected);
    }
  }

  static Stream<String> versions() {
    List<String> versions = PostgresServer.versions();
    return Stream.of(versions.get(0), versions.get(versions.size() - 1)).distinct();
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
  }

  private ProxyUnderTest proxy(PostgresServer postgres, String... arguments)
      throws IOException, StartException, InterruptedException {
    ProxyUnderTest proxy = ProxyUnderTest.start(postgres, arguments);
    open.add(proxy);
    return proxy;
  }

  @ParameterizedTest
  @MethodSource("versions")
  void meansWhatItMeansToLibpq(String version) throws Exception {
    PostgresServer postgres = PostgresServer.withTls(version);
    postgres.createRole(ROLE, "secret", "scram-sha-256");
    String root = AUTHORITY.certificateIn(directory, "root.crt").toString();
    List<ProxyUnderTest> proxies =
        List.of(
            proxy(postgres, "--backend-sslmode", "disable"),
            proxy(postgres, "--backend-sslmode", "prefer"),
            proxy(postgres, "--backend-sslmode", "require"),
            proxy(postgres, "--backend-sslmode", "verify-ca", "--backend-sslrootcert", root),
            proxy(postgres, "--backend-sslmode", "verify-full", "--backend-sslrootcert", root));
    try {
      for (Server server : Server.values()) {
        set(postgres, server);
        for (int mode = 0; mode < proxies.size(); mode++) {
          assertThat(connect(proxies.get(mode)))
              .as("%s, mode %d", server, mode)
              .contains(server.expected.get(mode));
        }
      }
    } finally {
      postgres.setTlsOff();
      postgres.resetHba();
      postgres.execute("DROP ROLE " + ROLE);
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void directNegotiationIsForNewServers(String version) throws Exception {
    PostgresServer postgres = PostgresServer.withTls(version);
    postgres.createRole(ROLE, "secret", "scram-sha-256");
    try {
      set(postgres, Server.HOSTSSL_ONLY);
      ProxyUnderTest proxy =
          proxy(
              postgres,
              "--backend-sslmode",
              "verify-full",
              "--backend-sslrootcert",
              AUTHORITY.certificateIn(directory, "root.crt").toString(),
              "--backend-sslnegotiation",
              "direct");
      assertThat(connect(proxy))
          .contains(
              postgres.majorVersion() >= 17
                  ? ENCRYPTED
                  : "server closed the connection unexpectedly");
    } finally {
      postgres.setTlsOff();
      postgres.resetHba();
      postgres.execute("DROP ROLE " + ROLE);
    }
  }

  private static void set(PostgresServer postgres, Server server) throws SQLException {
    Instant yesterday = Instant.now().minus(1, ChronoUnit.DAYS);
    switch (server) {
      case SSL_OFF -> postgres.setTlsOff();
      case SSL_ON, HOSTSSL_ONLY ->
          postgres.setTls(AUTHORITY.sign("x", "localhost", "127.0.0.1"), AUTHORITY);
      case OF_OTHER_AUTHORITY ->
          postgres.setTls(OTHER.sign("x", "localhost", "127.0.0.1"), AUTHORITY);
      case OF_ANOTHER_HOST ->
          postgres.setTls(AUTHORITY.sign("localhost", "db.example", "10.0.0.1"), AUTHORITY);
      case EXPIRED_YESTERDAY ->
          postgres.setTls(AUTHORITY.sign(yesterday, "x", "localhost", "127.0.0.1"), AUTHORITY);
    }
    String type = server == Server.HOSTSSL_ONLY ? "hostssl" : "host";
    postgres.setHba(
        type + " all " + ROLE + " 127.0.0.1/32 scram-sha-256",
        "host all " + ROLE + " 127.0.0.1/32 reject");
  }

  private static String connect(ProxyUnderTest proxy) {
    try (Connection connection = proxy.connect("postgres", ROLE, "secret", "")) {
      return Queries.row(
          connection, "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    } catch (SQLException e) {
      return String.valueOf(e.getMessage());
    }
  }
}
