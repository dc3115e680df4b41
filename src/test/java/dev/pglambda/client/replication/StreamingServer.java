package dev.pglambda.client.replication;

import dev.pglambda.embedded.EmbeddedPostgres;
import dev.pglambda.testing.Awaiting;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.TestBinaries;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A server of its own whose changes can be streamed, with a proxy of its own before it. One that
 * tests share cannot be used: its {@code wal_level} does not allow logical replication.
 */
public final class StreamingServer implements AutoCloseable {
  public static final String DATABASE = "postgres";

  /** So many times a state is asked for at most, 50 ms apart. */
  private static final Duration PATIENCE = Duration.ofSeconds(50);

  private static final Map<String, String> PARAMETERS =
      Map.of(
          "fsync", "off",
          "shared_buffers", "16MB",
          "wal_level", "logical",
          "wal_retrieve_retry_interval", "100ms");

  private final Path data;

  /** Whether the data end with the server. */
  private final boolean temporary;

  private final String version;
  private final EmbeddedPostgres postgres;
  private final ProxyUnderTest proxy;

  private StreamingServer(Path data, boolean temporary, String version, EmbeddedPostgres postgres)
      throws Exception {
    this.data = data;
    this.temporary = temporary;
    this.version = version;
    this.postgres = postgres;
    this.proxy =
        ProxyUnderTest.startBefore(
            postgres.host() + ":" + postgres.port(), "--sample-functions", "on");
  }

  /** One of the oldest and one of the newest version, each started when it is its turn. */
  public static Stream<StreamingServer> ofOldestAndNewestVersion() {
    return LambdaDatabase.oldestAndNewestVersion().map(StreamingServer::of);
  }

  /** In a directory of its own below {@code target}. */
  public static StreamingServer of(String version) {
    try {
      Path parent = Files.createDirectories(Path.of("target", "streaming-servers"));
      Path data = Files.createTempDirectory(parent, "data");
      return new StreamingServer(data, true, version, startPostgres(data, version));
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** With the data that is in the directory, or with fresh ones if there are none. */
  public static StreamingServer start(Path data, String version) throws Exception {
    return new StreamingServer(data, false, version, startPostgres(data, version));
  }

  private static EmbeddedPostgres startPostgres(Path data, String version) throws Exception {
    return EmbeddedPostgres.start(
        new EmbeddedPostgres.EmbeddedSettings(data, 0, Map.of(), PARAMETERS),
        TestBinaries.require(version),
        line -> {});
  }

  /**
   * A standby that streams through this server's proxy. This server must have been stopped when its
   * data were copied.
   *
   * @param copy of this server's data directory
   */
  public StreamingServer startStandby(Path copy) throws Exception {
    Path cluster = copy.resolve("postgres-" + version);
    Files.createFile(cluster.resolve("standby.signal"));
    Files.writeString(
        cluster.resolve("postgresql.auto.conf"),
        "primary_conninfo = '%s application_name=standby'%n".formatted(connectionThroughProxy()),
        StandardOpenOption.APPEND);
    return start(copy, version);
  }

  /** Copies the data of a server that is stopped. */
  public static void copy(Path from, Path to) throws IOException {
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

  public String version() {
    return version;
  }

  public EmbeddedPostgres postgres() {
    return postgres;
  }

  public ProxyUnderTest proxy() {
    return proxy;
  }

  /** A connection string of libpq to the proxy. */
  public String connectionThroughProxy() {
    return "host=%s port=%d user=%s".formatted(proxy.host(), proxy.port(), postgres.user());
  }

  /** Without the proxy. */
  public Connection connect() throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://%s:%d/%s".formatted(postgres.host(), postgres.port(), DATABASE),
        postgres.user(),
        "");
  }

  /** Executes statements without the proxy. */
  public void execute(String... statements) throws SQLException {
    try (Connection connection = connect()) {
      Queries.execute(connection, statements);
    }
  }

  /** The only row of a query, without the proxy. */
  public String row(String sql) throws SQLException {
    try (Connection connection = connect()) {
      return Queries.row(connection, sql);
    }
  }

  /** Asks again and again, without the proxy, until the only row is the expected one. */
  public void await(String sql, String expected) throws SQLException {
    try (Connection connection = connect()) {
      Awaiting.await(sql)
          .atMost(PATIENCE)
          .until(() -> Queries.row(connection, sql), expected::equals);
    }
  }

  /** Parameters of a StartupMessage for a replication session. */
  public Map<String, String> replication(String mode) {
    Map<String, String> parameters = new HashMap<>();
    parameters.put("user", postgres.user());
    parameters.put("replication", mode);
    if (mode.equals("database")) {
      parameters.put("database", DATABASE);
    }
    return parameters;
  }

  @Override
  public void close() {
    proxy.close();
    postgres.close();
    if (temporary) {
      deleteData();
    }
  }

  private void deleteData() {
    try (Stream<Path> files = Files.walk(data)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String toString() {
    return "PostgreSQL " + version;
  }
}
