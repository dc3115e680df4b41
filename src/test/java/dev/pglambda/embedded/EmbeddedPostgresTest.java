package dev.pglambda.embedded;

import static dev.pglambda.embedded.TestDataDirectory.connect;
import static dev.pglambda.embedded.TestDataDirectory.execute;
import static dev.pglambda.embedded.TestDataDirectory.query;
import static dev.pglambda.embedded.TestDataDirectory.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.embedded.EmbeddedPostgres.EmbeddedSettings;
import dev.pglambda.testing.TestBinaries;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedPostgresTest {

  @TempDir Path directory;

  private final List<String> progress = new ArrayList<>();

  @AfterEach
  void unlinkPrograms() throws Exception {
    TestDataDirectory.unlinkPrograms(directory);
  }

  @Test
  void tellsWhatTheFirstStartDoes() throws Exception {
    start(settings(directory)).close();

    assertThat(progress).hasSize(3);
    assertThat(progress.get(0)).isEqualTo("Unpacking PostgreSQL into " + directory);
    assertThat(progress.get(1)).startsWith("Creating the databases of PostgreSQL 17.");
    assertThat(progress.get(2)).startsWith("Starting PostgreSQL 17.");
  }

  @Test
  void keepsPermissionsAndSymbolicLinksOfThePrograms() throws Exception {
    Path binaries = TestDataDirectory.programs();

    assertThat(binaries.resolve("bin/postgres")).isExecutable();
    assertThat(binaries.resolve("share/postgresql/postgres.bki")).isRegularFile();
    assertThat(Files.isExecutable(binaries.resolve("share/postgresql/postgres.bki"))).isFalse();
    try (Stream<Path> libraries = Files.list(binaries.resolve("lib"))) {
      assertThat(libraries.filter(Files::isSymbolicLink)).isNotEmpty().allMatch(Files::exists);
    }
  }

  @Test
  void keepsRowsOverARestart() throws Exception {
    Path dataDir = TestDataDirectory.withCluster(directory);
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
        start(
            new EmbeddedSettings(
                TestDataDirectory.withPrograms(directory), 0, Map.of(), Map.of()))) {
      assertThat(query(postgres.port(), "SHOW server_encoding")).isEqualTo("UTF8");
      assertThat(query(postgres.port(), "SHOW listen_addresses")).isEqualTo("127.0.0.1");
      assertThat(query(postgres.port(), "SHOW fsync")).isEqualTo("on");
    }
  }

  @Test
  void stopsTheServerOnClose() throws Exception {
    EmbeddedPostgres postgres = start(settings(TestDataDirectory.withCluster(directory)));
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
  void listensOnTheGivenPort() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }

    try (EmbeddedPostgres postgres =
        start(
            new EmbeddedSettings(
                TestDataDirectory.withCluster(directory), port, Map.of(), Map.of()))) {
      assertThat(postgres.port()).isEqualTo(port);
      assertThat(query(port, "SHOW port")).isEqualTo(Integer.toString(port));
    }
  }

  @Test
  void namesThePortThatIsInUse() throws Exception {
    Path dataDir = TestDataDirectory.withCluster(directory);
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = socket.getLocalPort();

      assertThatThrownBy(() -> start(new EmbeddedSettings(dataDir, port, Map.of(), Map.of())))
          .isInstanceOf(EmbeddedPostgresException.class)
          .hasMessageContaining("cannot listen on port " + port);
    }
    start(settings(dataDir)).close();
  }

  @Test
  void namesADirectoryThatCannotBeUsed() throws Exception {
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
  void showsTheLogOfAServerThatDoesNotStart() throws Exception {
    Path dataDir = TestDataDirectory.withCluster(directory);
    EmbeddedSettings wrong =
        new EmbeddedSettings(dataDir, 0, Map.of(), Map.of("max_connections", "many"));

    assertThatThrownBy(() -> start(wrong))
        .isInstanceOf(EmbeddedPostgresException.class)
        .hasMessageContaining("ended with status 1")
        .hasMessageContaining(dataDir.resolve("postgres-17.log").toString())
        .hasMessageContaining("invalid value for parameter \"max_connections\": \"many\"");
    start(settings(dataDir)).close();
  }

  @Test
  void stopsAServerThatIsNotReadyInTime() throws Exception {
    Path dataDir = TestDataDirectory.withCluster(directory);

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
    Path dataDir = TestDataDirectory.withCluster(directory);
    start(settings(dataDir)).close();
    Map<String, String> files =
        Map.of(
            "greeting.control", "default_version = '1.2'\ncomment = 'Grüße'\n",
            "greeting--1.2.sql", "CREATE FUNCTION greet() RETURNS text RETURN 'hello';");

    try (EmbeddedPostgres postgres = start(new EmbeddedSettings(dataDir, 0, files, Map.of()))) {
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
        start(
            new EmbeddedSettings(
                TestDataDirectory.withCluster(directory), 0, Map.of(), parameters))) {
      int port = postgres.port();
      assertThat(query(port, "SHOW aws_lambda.connect_timeout_ms")).isEqualTo("1000");
      assertThat(query(port, "SHOW aws_lambda.endpoint_override")).isEqualTo("it's a = \"b\"");
      assertThat(query(port, "SHOW fsync")).isEqualTo("off");
      assertThat(query(port, "SHOW port")).isEqualTo(Integer.toString(port));
    }
  }

  @Test
  void doesTheSameWithTheOldestVersion() throws Exception {
    BinariesArchive archive = TestBinaries.require("12");
    Map<String, String> files =
        Map.of(
            "greeting.control", "default_version = '1.2'\n",
            "greeting--1.2.sql", "CREATE FUNCTION greet() RETURNS int LANGUAGE sql AS 'SELECT 1'");
    EmbeddedSettings settings =
        new EmbeddedSettings(directory, 0, files, Map.of("aws_lambda.x", "1000", "fsync", "off"));
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

  private EmbeddedPostgres start(EmbeddedSettings settings)
      throws EmbeddedPostgresException, InterruptedException {
    return EmbeddedPostgres.start(settings, progress::add);
  }
}
