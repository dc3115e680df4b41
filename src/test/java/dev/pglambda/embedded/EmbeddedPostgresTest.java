package dev.pglambda.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.embedded.EmbeddedPostgres.ExtensionFile;
import dev.pglambda.embedded.EmbeddedPostgres.Settings;
import dev.pglambda.testing.TestBinaries;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class EmbeddedPostgresTest {

  @TempDir static Path unpacked;

  @TempDir Path directory;

  /** What is written is lost only if the machine crashes. */
  private static final Map<String, String> FAST = Map.of("fsync", "off");

  private final List<String> progress = new ArrayList<>();

  /** Unpacking takes longest, so that it is done once, by the first start. */
  @BeforeAll
  static void firstStart() throws EmbeddedPostgresException, InterruptedException {
    List<String> progress = new ArrayList<>();

    EmbeddedPostgres.start(settings(unpacked), progress::add).close();

    assertThat(progress).hasSize(3);
    assertThat(progress.get(0)).isEqualTo("Unpacking PostgreSQL into " + unpacked);
    assertThat(progress.get(1)).startsWith("Creating the databases of PostgreSQL 17.");
    assertThat(progress.get(2)).startsWith("Starting PostgreSQL 17.");
  }

  @Test
  void keepsPermissionsAndSymbolicLinksOfThePrograms() throws IOException {
    Path binaries = binaries(unpacked);

    assertThat(binaries.resolve("bin/postgres")).isExecutable();
    assertThat(binaries.resolve("share/postgresql/postgres.bki")).isRegularFile();
    assertThat(Files.isExecutable(binaries.resolve("share/postgresql/postgres.bki"))).isFalse();
    try (Stream<Path> libraries = Files.list(binaries.resolve("lib"))) {
      assertThat(libraries.filter(Files::isSymbolicLink)).isNotEmpty().allMatch(Files::exists);
    }
  }

  @Test
  void keepsRowsOverARestart() throws Exception {
    Path dataDir = dataDirWithCluster();
    try (EmbeddedPostgres postgres = start(settings(dataDir))) {
      execute(postgres.port(), "CREATE TABLE kept AS SELECT 42 AS n");
    }
    progress.clear();

    try (EmbeddedPostgres postgres = start(settings(dataDir))) {
      assertThat(query(postgres.port(), "SELECT n FROM kept")).isEqualTo("42");
      assertThat(postgres.majorVersion()).isEqualTo(17);
    }
    assertThat(progress).singleElement().asString().startsWith("Starting PostgreSQL 17.");
  }

  @Test
  void createsDatabasesInUtf8() throws Exception {
    try (EmbeddedPostgres postgres =
        start(new Settings(dataDirWithPrograms(), 0, List.of(), Map.of()))) {
      assertThat(query(postgres.port(), "SHOW server_encoding")).isEqualTo("UTF8");
      assertThat(query(postgres.port(), "SHOW listen_addresses")).isEqualTo("127.0.0.1");
      assertThat(query(postgres.port(), "SHOW fsync")).isEqualTo("on");
    }
  }

  @Test
  void refusesADirectoryThatThisProcessUses() throws Exception {
    Path dataDir = dataDirWithCluster();
    try (EmbeddedPostgres postgres = start(settings(dataDir))) {

      assertThatThrownBy(() -> start(settings(dataDir)))
          .isInstanceOf(EmbeddedPostgresException.class)
          .hasMessageContaining("another pg-lambda-proxy uses the data directory " + dataDir)
          .hasMessageContaining("--data-dir");

      assertThat(query(postgres.port(), "SELECT 1")).isEqualTo("1");
    }
  }

  @Test
  void recoversFromAKilledProxy() throws Exception {
    Path dataDir = dataDirWithCluster();
    try (ChildProxy child = ChildProxy.start(dataDir, Map.of());
        Connection session = connect(child.port())) {
      session.createStatement().execute("CREATE TABLE kept AS SELECT 42 AS n");
      assertThatThrownBy(() -> start(settings(dataDir)))
          .as("while the other process lives")
          .hasMessageContaining("another pg-lambda-proxy uses the data directory " + dataDir);
      ProcessHandle orphan = child.postgres().orElseThrow();
      child.kill();
      assertThat(orphan.isAlive()).isTrue();

      try (EmbeddedPostgres postgres = start(settings(dataDir))) {
        assertThat(orphan.isAlive()).isFalse();
        assertThat(query(postgres.port(), "SELECT n FROM kept")).isEqualTo("42");
      }
    }
  }

  @Test
  void recoversFromAKilledServer() throws Exception {
    Path dataDir = dataDirWithCluster();
    try (EmbeddedPostgres postgres = start(settings(dataDir))) {
      execute(postgres.port(), "CREATE TABLE kept AS SELECT 42 AS n");

      postgres.process().destroyForcibly();

      assertThat(postgres.onExit().get(30, TimeUnit.SECONDS)).isEqualTo(128 + 9);
    }
    try (EmbeddedPostgres postgres = start(settings(dataDir))) {
      assertThat(query(postgres.port(), "SELECT n FROM kept")).isEqualTo("42");
    }
  }

  @Test
  void stopsTheServerOnClose() throws Exception {
    EmbeddedPostgres postgres = start(settings(dataDirWithCluster()));
    ProcessHandle process = postgres.process();
    try (Connection session = connect(postgres.port())) {

      postgres.close();

      assertThat(session.isValid(5)).as("session of a stopped server").isFalse();
    }
    assertThat(process.isAlive()).isFalse();
    assertThat(postgres.onExit()).isNotDone();
    assertThat(postgres.log()).content().contains("database system is shut down");
    postgres.close();
  }

  @Test
  void leavesAnotherProcessWithThePidOfACrashedServerAlone() throws Exception {
    Path dataDir = dataDirWithCluster();
    start(settings(dataDir)).close();
    Path pidFile = dataDir.resolve("postgres-17/postmaster.pid");
    Files.writeString(pidFile, ProcessHandle.current().pid() + "\n/elsewhere\n1\n5432\n\n\n\n");

    try (EmbeddedPostgres postgres = start(settings(dataDir))) {
      assertThat(query(postgres.port(), "SELECT 1")).isEqualTo("1");
    }
  }

  @Test
  void startsBesideTheFileOfAServerThatIsGone() throws Exception {
    Path dataDir = dataDirWithCluster();
    start(settings(dataDir)).close();
    Process gone = new ProcessBuilder("true").start();
    gone.waitFor();
    Path pidFile = dataDir.resolve("postgres-17/postmaster.pid");
    Files.writeString(pidFile, gone.pid() + "\n/elsewhere\n1\n5432\n\n\n\n");

    try (EmbeddedPostgres postgres = start(settings(dataDir))) {
      assertThat(query(postgres.port(), "SELECT 1")).isEqualTo("1");
    }
  }

  @Test
  void removesWhatAKilledFirstStartLeft() throws Exception {
    Path dataDir = dataDirWithPrograms();
    Path halfDone = Files.createDirectory(dataDir.resolve(".pg-lambda-proxy-tmp-1"));
    Files.writeString(halfDone.resolve("PG_VERSION"), "17\n");

    start(settings(dataDir)).close();

    try (Stream<Path> entries = Files.list(dataDir)) {
      assertThat(entries.map(entry -> entry.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "pg-lambda-proxy.lock",
              "postgres-17",
              "postgres-17.log",
              "postgres-17.log.old",
              binaries(dataDir).getFileName().toString());
    }
  }

  @Test
  void listensOnTheGivenPort() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, loopback())) {
      port = socket.getLocalPort();
    }

    try (EmbeddedPostgres postgres =
        start(new Settings(dataDirWithCluster(), port, List.of(), Map.of()))) {
      assertThat(postgres.port()).isEqualTo(port);
      assertThat(query(port, "SHOW port")).isEqualTo(Integer.toString(port));
    }
  }

  @Test
  void namesThePortThatIsInUse() throws Exception {
    Path dataDir = dataDirWithCluster();
    try (ServerSocket socket = new ServerSocket(0, 1, loopback())) {
      int port = socket.getLocalPort();

      assertThatThrownBy(() -> start(new Settings(dataDir, port, List.of(), Map.of())))
          .isInstanceOf(EmbeddedPostgresException.class)
          .hasMessageContaining("cannot listen on port " + port);
    }
    start(settings(dataDir)).close();
  }

  @Test
  void namesADirectoryThatCannotBeUsed() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));

    assertThatThrownBy(() -> start(settings(file)))
        .isInstanceOf(EmbeddedPostgresException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("--data-dir");
    assertThatThrownBy(() -> start(settings(file.resolve("below"))))
        .isInstanceOf(EmbeddedPostgresException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("--data-dir");
  }

  @Test
  void leavesADirectoryOfAnotherKindAlone() throws IOException {
    Path dataDir = dataDirWithPrograms();
    Files.createDirectory(dataDir.resolve("postgres-17"));
    Files.writeString(dataDir.resolve("postgres-17/PG_VERSION"), "16\n");

    assertThatThrownBy(() -> start(settings(dataDir)))
        .isInstanceOf(EmbeddedPostgresException.class)
        .hasMessageContaining(dataDir.resolve("postgres-17") + " is not a cluster of PostgreSQL 17")
        .hasMessageContaining("found: 16");
  }

  @Test
  void saysThatTheDataOfAnotherVersionIsNotUsed() throws Exception {
    Path dataDir = dataDirWithPrograms();
    Path other = Files.createDirectory(dataDir.resolve("postgres-16"));

    start(settings(dataDir)).close();

    assertThat(progress)
        .first()
        .isEqualTo("Not used: " + other + ", the data of another PostgreSQL version");
    assertThat(other).isEmptyDirectory();
  }

  @Test
  void showsTheLogOfAServerThatDoesNotStart() throws Exception {
    Path dataDir = dataDirWithCluster();
    Settings wrong = new Settings(dataDir, 0, List.of(), Map.of("max_connections", "many"));

    assertThatThrownBy(() -> start(wrong))
        .isInstanceOf(EmbeddedPostgresException.class)
        .hasMessageContaining("ended with status 1")
        .hasMessageContaining(dataDir.resolve("postgres-17.log").toString())
        .hasMessageContaining("invalid value for parameter \"max_connections\": \"many\"");
    start(settings(dataDir)).close();
  }

  @Test
  void stopsAServerThatIsNotReadyInTime() throws Exception {
    Path dataDir = dataDirWithCluster();

    assertThatThrownBy(
            () ->
                EmbeddedPostgres.start(
                    settings(dataDir), BinariesArchive.onClassPath(), progress::add, Duration.ZERO))
        .isInstanceOf(EmbeddedPostgresException.class)
        .hasMessageContaining("is not ready after 0 s");

    assertThat(Postmaster.of(dataDir.resolve("postgres-17"))).isEmpty();
    start(settings(dataDir)).close();
  }

  @Test
  void hasTheGivenExtensions() throws Exception {
    Path dataDir = dataDirWithCluster();
    start(settings(dataDir)).close();
    List<ExtensionFile> files =
        List.of(
            new ExtensionFile("greeting.control", "default_version = '1.2'\ncomment = 'Grüße'\n"),
            new ExtensionFile(
                "greeting--1.2.sql", "CREATE FUNCTION greet() RETURNS text RETURN 'hello';"));

    try (EmbeddedPostgres postgres = start(new Settings(dataDir, 0, files, Map.of()))) {
      assertThat(
              query(
                  postgres.port(),
                  "SELECT default_version || comment FROM pg_available_extensions"
                      + " WHERE name = 'greeting'"))
          .isEqualTo("1.2Grüße");
      execute(postgres.port(), "CREATE EXTENSION greeting");
      assertThat(query(postgres.port(), "SELECT greet()")).isEqualTo("hello");
    }
  }

  @Test
  void hasTheGivenParameters() throws Exception {
    Map<String, String> parameters =
        Map.of(
            "aws_lambda.connect_timeout_ms", "1000",
            "aws_lambda.endpoint_override", "it's a = \"b\"",
            "fsync", "off",
            "port", "1");

    try (EmbeddedPostgres postgres =
        start(new Settings(dataDirWithCluster(), 0, List.of(), parameters))) {
      int port = postgres.port();
      assertThat(query(port, "SHOW aws_lambda.connect_timeout_ms")).isEqualTo("1000");
      assertThat(query(port, "SHOW aws_lambda.endpoint_override")).isEqualTo("it's a = \"b\"");
      assertThat(query(port, "SHOW fsync")).isEqualTo("off");
      assertThat(query(port, "SHOW port")).isEqualTo(Integer.toString(port));
    }
  }

  @Test
  void hidesTheEnvironmentFromTheServer() throws Exception {
    Path dataDir = dataDirWithCluster();
    Map<String, String> environment =
        Map.of("AWS_SECRET_ACCESS_KEY", "very-secret", "PGPORT", "1", "PGDATA", "/nowhere");

    try (ChildProxy child = ChildProxy.start(dataDir, environment)) {
      execute(child.port(), "CREATE TABLE environment (variable text)");
      execute(child.port(), "COPY environment FROM PROGRAM 'env'");
      assertThat(
              query(
                  child.port(),
                  "SELECT count(*) FROM environment WHERE variable ~ '^(AWS_|PGPORT|PGUSER)'"))
          .isEqualTo("0");
      child.kill();
    } finally {
      start(settings(dataDir)).close();
    }
  }

  @Test
  void doesTheSameWithTheOldestVersion() throws Exception {
    BinariesArchive archive = TestBinaries.require("12");
    List<ExtensionFile> files =
        List.of(
            new ExtensionFile("greeting.control", "default_version = '1.2'\n"),
            new ExtensionFile(
                "greeting--1.2.sql",
                "CREATE FUNCTION greet() RETURNS int LANGUAGE sql AS 'SELECT 1'"));
    Settings settings =
        new Settings(directory, 0, files, Map.of("aws_lambda.x", "1000", "fsync", "off"));
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(settings, archive, progress::add)) {
      assertThat(postgres.majorVersion()).isEqualTo(12);
      assertThat(query(postgres.port(), "SHOW aws_lambda.x")).isEqualTo("1000");
      execute(postgres.port(), "CREATE EXTENSION greeting");
      execute(postgres.port(), "CREATE TABLE kept AS SELECT 42 AS n");
      assertThat(postgres.clusterDirectory()).isEqualTo(directory.resolve("postgres-12"));
    }

    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(settings, archive, progress::add)) {
      assertThat(query(postgres.port(), "SELECT n + greet() FROM kept")).isEqualTo("43");
    }

    assertThat(progress).hasSize(4).element(3).asString().startsWith("Starting PostgreSQL 12.");
  }

  @Test
  void tellsRootWhatToDoWithoutUnshare() throws Exception {
    if (!System.getProperty("user.name").equals("root")) {
      LoggerFactory.getLogger(getClass()).warn("SKIPPED: needs root");
      Assumptions.abort("needs root");
    }
    Map<String, String> environment = Map.of("PATH", directory.toString());

    try (ChildProxy child = ChildProxy.start(directory.resolve("data"), environment)) {
      assertThat(child.answer())
          .contains("does not run as root", "no program 'unshare'", "as another user", "--backend");
    }
  }

  private EmbeddedPostgres start(Settings settings)
      throws EmbeddedPostgresException, InterruptedException {
    return EmbeddedPostgres.start(settings, progress::add);
  }

  private static Settings settings(Path dataDir) {
    return new Settings(dataDir, 0, List.of(), FAST);
  }

  /** A data directory after a first start that was killed when it had unpacked the programs. */
  private Path dataDirWithPrograms() throws IOException {
    Path dataDir = Files.createDirectory(directory.resolve("data"));
    copyTree(binaries(unpacked), dataDir);
    return dataDir;
  }

  /** A data directory after a first start. */
  private Path dataDirWithCluster() throws IOException {
    Path dataDir = dataDirWithPrograms();
    copyTree(unpacked.resolve("postgres-17"), dataDir);
    return dataDir;
  }

  private static void copyTree(Path source, Path parent) throws IOException {
    try (Stream<Path> entries = Files.walk(source)) {
      for (Path entry : entries.toList()) {
        Path copy = parent.resolve(unpacked.relativize(entry).toString());
        if (entry.startsWith(unpacked.resolve("postgres-17"))) {
          Files.copy(entry, copy, StandardCopyOption.COPY_ATTRIBUTES);
        } else if (Files.isDirectory(entry)) {
          Files.createDirectory(copy);
        } else if (Files.isSymbolicLink(entry)) {
          Files.createSymbolicLink(copy, Files.readSymbolicLink(entry));
        } else {
          Files.createLink(copy, entry);
        }
      }
    }
  }

  private static Path binaries(Path dataDir) throws IOException {
    try (Stream<Path> entries = Files.list(dataDir)) {
      return entries
          .filter(entry -> entry.getFileName().toString().startsWith("binaries-17."))
          .findFirst()
          .orElseThrow();
    }
  }

  private static InetAddress loopback() {
    return InetAddress.getLoopbackAddress();
  }

  private static Connection connect(int port) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + port + "/postgres", "postgres", "");
  }

  private static void execute(int port, String sql) throws SQLException {
    try (Connection connection = connect(port);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String query(int port, String sql) throws SQLException {
    try (Connection connection = connect(port);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }
}
