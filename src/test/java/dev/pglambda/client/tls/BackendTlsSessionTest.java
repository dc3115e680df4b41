package dev.pglambda.client.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import dev.pglambda.testing.TestIdentity;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/** A session whose connection to the server is encrypted is like any other. */
@Timeout(180)
class BackendTlsSessionTest {
  private static final TestIdentity AUTHORITY = TestIdentity.authority("Test authority");
  private static final int ROWS = 200_000;

  @TempDir Path directory;

  static Stream<String> versions() {
    List<String> versions = PostgresServer.versions();
    return Stream.of(versions.get(0), versions.get(versions.size() - 1)).distinct();
  }

  @ParameterizedTest
  @MethodSource("versions")
  void doesWhatOthersDo(String version) throws Exception {
    PostgresServer postgres = PostgresServer.withTls(version);
    postgres.setTls(AUTHORITY.sign("x", "127.0.0.1"), AUTHORITY);
    String root = AUTHORITY.certificateIn(directory, "root.crt").toString();
    String database = postgres.createDatabase();
    try (FakeLambdaEndpoint lambda = FakeLambdaEndpoint.start().on("echo", Reply.json("{}"));
        ProxyUnderTest proxy =
            ProxyUnderTest.start(
                postgres,
                lambda,
                "--backend-sslmode",
                "verify-full",
                "--backend-sslrootcert",
                root);
        Connection connection = proxy.connect(database)) {
      assertThat(
              Queries.row(
                  connection, "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))
          .isEqualTo("true");
      copiesBothWays(connection);
      isCancelled(connection);
      callsLambda(connection);
    } finally {
      postgres.setTlsOff();
    }
  }

  /** Some ten megabytes, so that records end anywhere within messages. */
  private static void copiesBothWays(Connection connection) throws Exception {
    Queries.execute(connection, "CREATE TABLE copied (id int, filler text)");
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < ROWS; i++) {
      rows.append(i).append('\t').append("x".repeat(i % 100)).append('\n');
    }
    CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();

    assertThat(copy.copyIn("COPY copied FROM STDIN", new StringReader(rows.toString())))
        .isEqualTo(ROWS);

    StringWriter out = new StringWriter();
    copy.copyOut("COPY (SELECT * FROM copied ORDER BY id) TO STDOUT", out);
    assertThat(out.toString().contentEquals(rows)).isTrue();
  }

  private static void isCancelled(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.setQueryTimeout(1); // pgjdbc sends a cancel request then
      assertThatThrownBy(() -> statement.execute("SELECT pg_sleep(60)"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57014"));
    }
  }

  private static void callsLambda(Connection connection) throws SQLException {
    Queries.execute(connection, "CREATE EXTENSION aws_lambda CASCADE");
    assertThat(
            Queries.row(
                connection,
                "SELECT status_code::text FROM aws_lambda.invoke('echo', '{}'::json, 'us-east-1')"))
        .isEqualTo("200");
  }
}
