package dev.pglambda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.testing.ProxyProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The jar with embedded PostgreSQL: starts, restarts, ends. */
@Timeout(120)
class RunnableJarIT {
  private static final int TERMINATED = 128 + 15;

  @TempDir private static Path parent;
  private static Path dataDirectory;
  private static String firstStart;
  private static int firstExitCode;

  /** The first start takes longest, so that all tests share its directory. */
  @BeforeAll
  static void startForTheFirstTime() throws Exception {
    dataDirectory = parent.resolve("visible-data");
    try (ProxyProcess proxy = embedded("--once").run()) {
      firstStart = proxy.out().text();
      firstExitCode = proxy.awaitExit();
      assertThat(proxy.err().lines()).isEmpty();
      assertThat(proxy.children()).isEmpty();
    }
  }

  private static ProxyProcess.Builder embedded(String... more) {
    return ProxyProcess.with("--listen", "127.0.0.1:0", "--data-dir", dataDirectory.toString())
        .arguments(more);
  }

  @Test
  void firstStartCreatesTheDataAndSaysWhatIsEmbeddedAndHowToConnect() {
    assertThat(dataDirectory.resolve("postgres-17/PG_VERSION")).exists();
    assertThat(dataDirectory.resolve("installation-secret")).exists();
    assertThat(firstStart)
        .contains("Unpacking PostgreSQL into " + dataDirectory)
        .contains("Creating the databases of PostgreSQL 17")
        .containsPattern("pg-lambda-proxy listens on 127\\.0\\.0\\.1:\\d+\n")
        .containsPattern(
            "  Lambda +sample functions inside the proxy, because neither --lambda-endpoint nor"
                + " AWS settings were found\n")
        .containsPattern("\n +simple +says hello")
        .containsPattern(
            "  PostgreSQL +embedded: version 17 on 127\\.0\\.0\\.1:\\d+, .*visible-data")
        .containsPattern("Connect with\n  psql -h 127\\.0\\.0\\.1 -p \\d+ -U postgres postgres\n");
  }

  @Test
  void onceRunsTheGuideWithItsTriggerAndEndsInOrder() {
    assertThat(firstExitCode).isZero();
    assertThat(firstStart)
        .contains(
            """
            => CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE;
            NOTICE:  installing required extension "aws_commons"
            CREATE EXTENSION
            """)
        .contains(
            """
             status_code |                        payload                        | executed_version | log_result
            -------------+-------------------------------------------------------+------------------+------------
                     200 | {"statusCode": 200, "body": "\\"Hello from Lambda!\\""} | $LATEST          |
            (1 row)
            """)
        .contains("         202 |         |                  |\n")
        .contains("CREATE TRIGGER\n")
        .contains("INSERT 0 2\n")
        .contains("  1 | a lamp  | {\"id\": 1, \"item\": \"a lamp\", \"reply\": null}\n")
        .contains("  2 | a genie | {\"id\": 2, \"item\": \"a genie\", \"reply\": null}\n");
  }

  @Test
  void restartReusesTheDataAndTheExtension() throws Exception {
    try (ProxyProcess proxy = embedded().startAndAwait()) {
      execute(proxy, "CREATE TABLE kept AS SELECT 42 AS answer");
      stop(proxy);
    }
    try (ProxyProcess proxy = embedded().startAndAwait()) {
      assertThat(query(proxy, "SELECT answer FROM kept")).isEqualTo("42");
      assertThat(query(proxy, "SELECT payload FROM aws_lambda.invoke('echo', '[7]'::json)"))
          .isEqualTo("[7]");
      assertThat(proxy.out().text()).doesNotContain("Unpacking").doesNotContain("Creating");
      stop(proxy);
    }
  }

  @Test
  void sigtermStopsTheProxyAndPostgresAndTellsTheClients() throws Exception {
    // Given
    try (ProxyProcess proxy = embedded().startAndAwait();
        Connection client = proxy.connect();
        Statement statement = client.createStatement()) {
      assertThat(proxy.children()).isNotEmpty();

      // When
      int exitCode = stop(proxy);

      // Then
      assertThat(exitCode).isEqualTo(TERMINATED);
      assertThat(proxy.err().lines()).isEmpty();
      assertThat(dataDirectory.resolve("postgres-17/postmaster.pid")).doesNotExist();
      assertThatThrownBy(() -> statement.execute("SELECT 1"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57P01"));
    }
  }

  @Test
  void sigtermDuringTheFirstStartLeavesNoProcess() throws Exception {
    Path fresh = parent.resolve("interrupted");
    try (ProxyProcess proxy =
        ProxyProcess.with("--listen", "127.0.0.1:0", "--data-dir", fresh.toString()).start()) {
      proxy.out().await("Creating the databases");
      proxy.terminate();
      assertThat(proxy.awaitExit()).isEqualTo(TERMINATED);
      assertThat(proxy.err().lines()).isEmpty();
      awaitEnd(proxy);
      assertThat(processesOf(fresh)).isEmpty();
    }
  }

  @Test
  void startAfterSigkillStopsTheOldServerAndRecovers() throws Exception {
    List<ProcessHandle> orphans;
    try (ProxyProcess killed = embedded().startAndAwait()) {
      execute(killed, "CREATE TABLE committed AS SELECT 1 AS one");
      killed.kill();
      orphans = killed.children();
      assertThat(orphans).isNotEmpty();

      try (ProxyProcess proxy = embedded().startAndAwait()) {
        assertThat(orphans).noneMatch(ProcessHandle::isAlive);
        assertThat(query(proxy, "SELECT one FROM committed")).isEqualTo("1");
        stop(proxy);
      }
    }
  }

  @Test
  void startAfterACrashOfBothRecovers() throws Exception {
    try (ProxyProcess killed = embedded().startAndAwait()) {
      execute(killed, "CREATE TABLE crashed AS SELECT 2 AS two");
      killed.kill();
    } // Closing kills the server too.
    try (ProxyProcess proxy = embedded().startAndAwait()) {
      assertThat(query(proxy, "SELECT two FROM crashed")).isEqualTo("2");
      stop(proxy);
    }
  }

  @Test
  void twoProxiesDoNotShareADataDirectory() throws Exception {
    try (ProxyProcess first = embedded().startAndAwait();
        ProxyProcess second = embedded().run()) {
      assertThat(second.awaitExit()).isEqualTo(2);
      assertThat(second.out().lines()).isEmpty();
      assertThat(second.err().lines()).hasSize(1);
      assertThat(second.err().text()).contains("--data-dir").contains(dataDirectory.toString());
      assertThat(query(first, "SELECT 1")).isEqualTo("1");
      stop(first);
    }
  }

  @Test
  void serverThatCannotStartIsAFailureAndNoBadUsage() throws Exception {
    Path broken = parent.resolve("broken");
    Files.createDirectories(broken.resolve("postgres-17"));
    Files.writeString(broken.resolve("postgres-17/PG_VERSION"), "17\n");
    try (ProxyProcess proxy =
        ProxyProcess.with("--listen", "127.0.0.1:0", "--data-dir", broken.toString()).run()) {
      assertThat(proxy.awaitExit()).isEqualTo(1);
      assertThat(proxy.err().lines().get(0))
          .startsWith("embedded PostgreSQL ended with status")
          .contains(broken.toString());
      assertThat(proxy.err().text()).doesNotContain("\tat ");
    }
  }

  @Test
  void postgresHasNoRightsOfRoot() throws Exception {
    Assumptions.assumeTrue(
        Files.getOwner(Path.of("/proc/self")).getName().equals("root"),
        "these tests do not run as root, so that nothing is shown about root");
    try (ProxyProcess proxy = embedded().startAndAwait()) {
      // It is another user, or has a user namespace of its own, in which it is nobody.
      Path own = Files.readSymbolicLink(Path.of("/proc/self/ns/user"));
      for (ProcessHandle child : proxy.children()) {
        Path process = Path.of("/proc/" + child.pid());
        boolean isRoots = Files.getOwner(process).getName().equals("root");
        assertThat(isRoots && Files.readSymbolicLink(process.resolve("ns/user")).equals(own))
            .isFalse();
      }
      stop(proxy);
    }
  }

  /** Ends it by SIGTERM; nothing it started may be left. Returns the exit code. */
  private static int stop(ProxyProcess proxy) throws Exception {
    proxy.terminate();
    int exitCode = proxy.awaitExit();
    assertThat(proxy.children()).isEmpty();
    return exitCode;
  }

  /** The parts of a killed program need a moment. */
  private static void awaitEnd(ProxyProcess proxy) throws Exception {
    CompletableFuture<?>[] ends =
        proxy.children().stream().map(ProcessHandle::onExit).toArray(CompletableFuture[]::new);
    CompletableFuture.allOf(ends).get(20, TimeUnit.SECONDS);
  }

  private static List<String> processesOf(Path directory) {
    return ProcessHandle.allProcesses()
        .flatMap(process -> process.info().commandLine().stream())
        .filter(command -> command.contains(directory.toString()))
        .toList();
  }

  private static void execute(ProxyProcess proxy, String sql) throws SQLException {
    try (Connection client = proxy.connect();
        Statement statement = client.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String query(ProxyProcess proxy, String sql) throws SQLException {
    try (Connection client = proxy.connect();
        Statement statement = client.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }
}
