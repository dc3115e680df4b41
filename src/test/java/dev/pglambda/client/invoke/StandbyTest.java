package dev.pglambda.client.invoke;

import static dev.pglambda.testing.Awaiting.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.embedded.EmbeddedPostgres;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import dev.pglambda.testing.TestBinaries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Calls on a hot standby, where nothing can be written (manual, "Hot Standby"). */
class StandbyTest {
  private static final String DATABASE = "postgres";
  private static final String CALL = "SELECT payload FROM aws_lambda.invoke('echo', '[1]'::json)";
  private static final String[] SAME_SECRET = {
    "--callback-secret", "standby-test-secret-0123456789abcdef"
  };

  @TempDir private Path directory;

  /** The oldest and the newest. */
  static Stream<String> versions() {
    List<String> versions = PostgresServer.versions();
    return Stream.of(versions.get(0), versions.get(versions.size() - 1));
  }

  @ParameterizedTest(name = "PostgreSQL {0}")
  @MethodSource("versions")
  void callsWorkWhereNothingCanBeWritten(String version) throws Exception {
    try (FakeLambdaEndpoint lambda = FakeLambdaEndpoint.start()) {
      lambda.on("echo", Reply.echo());
      Path primaryData = directory.resolve("primary");
      Path standbyData = directory.resolve("standby");
      start(primaryData, version).close();
      copy(primaryData, standbyData);
      try (EmbeddedPostgres primary = start(primaryData, version)) {
        follow(standbyData.resolve("postgres-" + version), primary);
        try (EmbeddedPostgres standby = start(standbyData, version);
            ProxyUnderTest beforePrimary = proxy(primary, lambda);
            ProxyUnderTest beforeStandby = proxy(standby, lambda)) {
          install(beforePrimary, primary, standby);

          try (Connection connection = beforeStandby.connect(DATABASE)) {
            assertThat(Queries.row(connection, "SELECT pg_is_in_recovery()")).isEqualTo("t");
            assertThat(Queries.row(connection, CALL)).isEqualTo("[1]");
            assertThat(Queries.row(connection, CALL)).isEqualTo("[1]");
            assertRefusedAsPostgresDoes(connection);
          }
          // Without the proxy: by the address that was stored on the primary.
          try (Connection connection = directly(standby)) {
            assertThat(Queries.row(connection, CALL)).isEqualTo("[1]");
          }
          assertThat(lambda.requests("echo")).hasSize(3);
        }
      }
    }
  }

  private static void assertRefusedAsPostgresDoes(Connection connection) {
    assertThatThrownBy(() -> Queries.execute(connection, "CREATE EXTENSION aws_lambda CASCADE"))
        .hasMessageContaining("cannot execute CREATE EXTENSION in a read-only transaction");
    assertThatThrownBy(() -> Queries.execute(connection, "ALTER EXTENSION aws_lambda UPDATE"))
        .hasMessageContaining("cannot execute ALTER EXTENSION in a read-only transaction");
  }

  private static ProxyUnderTest proxy(EmbeddedPostgres server, FakeLambdaEndpoint lambda)
      throws Exception {
    return ProxyUnderTest.startBefore(
        server.host() + ":" + server.port(),
        SAME_SECRET[0],
        SAME_SECRET[1],
        "--lambda-endpoint",
        lambda.uri().toString());
  }

  /** Installs the extension on the primary, and waits until the standby has it. */
  private static void install(
      ProxyUnderTest beforePrimary, EmbeddedPostgres primary, EmbeddedPostgres standby)
      throws Exception {
    try (Connection connection = beforePrimary.connect(DATABASE)) {
      Queries.execute(connection, "CREATE EXTENSION aws_lambda CASCADE");
    }
    String written;
    try (Connection connection = directly(primary)) {
      written = Queries.row(connection, "SELECT pg_current_wal_flush_lsn()");
    }
    try (Connection connection = directly(standby)) {
      String behind = "SELECT pg_last_wal_replay_lsn() < '" + written + "'::pg_lsn";
      await("the standby has replayed " + written)
          .until(() -> Queries.row(connection, behind).equals("f"));
    }
  }

  private static Connection directly(EmbeddedPostgres server) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://" + server.host() + ":" + server.port() + "/" + DATABASE,
        server.user(),
        "");
  }

  private static EmbeddedPostgres start(Path data, String version) throws Exception {
    Map<String, String> parameters =
        Map.of("fsync", "off", "shared_buffers", "16MB", "wal_level", "replica");
    return EmbeddedPostgres.start(
        new EmbeddedPostgres.EmbeddedSettings(data, 0, Map.of(), parameters),
        TestBinaries.require(version),
        line -> {});
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(
            file,
            to.resolve(from.relativize(file).toString()),
            StandardCopyOption.COPY_ATTRIBUTES,
            LinkOption.NOFOLLOW_LINKS);
      }
    }
  }

  private static void follow(Path standbyCluster, EmbeddedPostgres primary) throws IOException {
    Files.createFile(standbyCluster.resolve("standby.signal"));
    Files.writeString(
        standbyCluster.resolve("postgresql.auto.conf"),
        "primary_conninfo = 'host=%s port=%d user=%s'%n"
            .formatted(primary.host(), primary.port(), primary.user()),
        StandardOpenOption.APPEND);
  }
}
