package dev.pglambda.client.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.ProxyServer;
import dev.pglambda.config.ConfigLoader;
import dev.pglambda.testing.Psql;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.TestIdentity;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients of the embedded server: TLS works at once, and its certificate can be trusted. */
@Timeout(120)
class EmbeddedTlsTest {
  @TempDir private static Path directory;
  private static ProxyServer proxy;

  @BeforeAll
  static void start() throws Exception {
    String[] arguments = {"--listen", "127.0.0.1:0", "--data-dir", data().toString()};
    ConfigLoader.LoadResult result = ConfigLoader.load(arguments, Map.of());
    proxy = ProxyServer.start(((ConfigLoader.Run) result).config(), line -> {});
  }

  @AfterAll
  static void stop() {
    proxy.close();
  }

  private static Path data() {
    return directory.resolve("data");
  }

  private static Path certificate() {
    return data().resolve("tls-certificate.pem");
  }

  private static String pgjdbc(String host, String parameters) throws SQLException {
    String url =
        "jdbc:postgresql://%s:%d/postgres?%s"
            .formatted(host, proxy.address().getPort(), parameters);
    try (Connection connection = DriverManager.getConnection(url, "postgres", "")) {
      return Queries.row(connection, "SELECT 'served'");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "127.0.0.1"})
  void servesPgjdbc(String host) throws Exception {
    assertThat(pgjdbc(host, "sslmode=require")).isEqualTo("served");
    for (String mode : new String[] {"verify-ca", "verify-full"}) {
      assertThat(pgjdbc(host, "sslmode=" + mode + "&sslrootcert=" + certificate()))
          .isEqualTo("served");
    }
  }

  @Test
  void pgjdbcThatTrustsAnotherCertificateGoesAway() {
    Path other = TestIdentity.authority("Other").certificateIn(directory, "other.crt");

    assertThatThrownBy(() -> pgjdbc("localhost", "sslmode=verify-full&sslrootcert=" + other))
        .isInstanceOf(SQLException.class)
        .hasMessageContaining("SSL error");
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "127.0.0.1"})
  void servesPsql(String host) throws Exception {
    String connection =
        "host=%s port=%d user=postgres dbname=postgres sslmode=verify-full sslrootcert=%s"
            .formatted(host, proxy.address().getPort(), certificate());

    Psql.Output output =
        Psql.program("psql", "--no-psqlrc", "--no-password", connection).run("\\conninfo");

    assertThat(output.text()).contains("SSL connection (protocol: TLSv1.3");
  }
}
