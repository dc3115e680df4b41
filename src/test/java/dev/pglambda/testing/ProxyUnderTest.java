package dev.pglambda.testing;

import dev.pglambda.ProxyServer;
import dev.pglambda.StartException;
import dev.pglambda.config.ConfigLoader;
import dev.pglambda.journal.JournalEntry;
import dev.pglambda.journal.JournalFilter;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The whole proxy in this JVM, on a free port of loopback, configured as by a command line; its
 * data directory is a fresh one below {@code target}.
 */
public final class ProxyUnderTest implements AutoCloseable {
  private final ProxyServer server;

  private ProxyUnderTest(ProxyServer server) {
    this.server = server;
  }

  /** Before a PostgreSQL server and an endpoint of Lambda. */
  public static ProxyUnderTest start(
      PostgresServer postgres, FakeLambdaEndpoint lambda, String... moreArguments)
      throws IOException, StartException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of(moreArguments));
    arguments.addAll(List.of("--lambda-endpoint", lambda.uri().toString()));
    return start(postgres, arguments.toArray(String[]::new));
  }

  /** Before a PostgreSQL server; the arguments say how Lambda is reached. */
  public static ProxyUnderTest start(PostgresServer postgres, String... moreArguments)
      throws IOException, StartException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of(moreArguments));
    if (TestCertificates.EVERYWHERE && !arguments.contains("--tls-cert")) {
      arguments.addAll(List.of(TestCertificates.shown("server", "--tls-mode", "require")));
    }
    if (TestCertificates.EVERYWHERE && !arguments.contains("--backend-sslmode")) {
      arguments.addAll(List.of("--backend-sslmode", "require"));
    }
    arguments.addAll(List.of("--backend", postgres.host() + ":" + postgres.port()));
    return start(arguments);
  }

  /**
   * Before any address. The server is not asked for TLS unless the arguments say so.
   *
   * @param backend host and port of a server that need not be there
   */
  public static ProxyUnderTest startBefore(String backend, String... moreArguments)
      throws IOException, StartException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of(moreArguments));
    if (!arguments.contains("--backend-sslmode") && !backend.startsWith("unix:")) {
      arguments.addAll(List.of("--backend-sslmode", "disable"));
    }
    arguments.addAll(List.of("--backend", backend));
    return start(arguments);
  }

  private static ProxyUnderTest start(List<String> arguments)
      throws IOException, StartException, InterruptedException {
    Path parent = Files.createDirectories(Path.of("target", "proxies"));
    List<String> all = new ArrayList<>(arguments);
    if (!all.contains("--listen")) {
      all.addAll(List.of("--listen", "127.0.0.1:0"));
    }
    all.addAll(List.of("--region", "us-east-1"));
    all.addAll(List.of("--data-dir", Files.createTempDirectory(parent, "data").toString()));
    ConfigLoader.LoadResult result = ConfigLoader.load(all.toArray(String[]::new), Map.of());
    if (result instanceof ConfigLoader.Run run) {
      return new ProxyUnderTest(ProxyServer.start(run.config(), line -> {}));
    }
    throw new IllegalArgumentException(result.toString());
  }

  public String host() {
    return "127.0.0.1";
  }

  public int port() {
    return server.address().getPort();
  }

  /** Where its calls are seen; it must have been started with {@code --admin}. */
  public URI admin() {
    return server.description().stream()
        .filter(line -> line.startsWith("  Calls "))
        .map(line -> URI.create(line.substring(line.indexOf("http"))))
        .findFirst()
        .orElseThrow();
  }

  /** As when the process is told to stop; blocks until no session is left, or for its grace. */
  public void drain() throws InterruptedException {
    server.drain();
  }

  /** How many clients are connected. */
  public int sessions() {
    return server.sessions();
  }

  /** The latest call; there must be one. */
  public JournalEntry lastCall() {
    return server.journal().find(JournalFilter.ALL, 1).get(0);
  }

  /** A connection of pgjdbc as the superuser {@code postgres}. */
  public Connection connect(String database) throws SQLException {
    return connect(database, "postgres", "", "");
  }

  /**
   * A connection of pgjdbc.
   *
   * @param options further parameters of the URL, for example {@code &preferQueryMode=simple}
   */
  public Connection connect(String database, String user, String password, String options)
      throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://%s:%d/%s?sslmode=%s%s"
            .formatted(
                host(),
                port(),
                database,
                TestCertificates.EVERYWHERE ? "require" : "disable",
                options),
        user,
        password);
  }

  @Override
  public void close() {
    server.close();
  }
}
