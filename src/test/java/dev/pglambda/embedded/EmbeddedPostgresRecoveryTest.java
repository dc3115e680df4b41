package dev.pglambda.embedded;

import static dev.pglambda.embedded.TestDataDirectory.connect;
import static dev.pglambda.embedded.TestDataDirectory.execute;
import static dev.pglambda.embedded.TestDataDirectory.query;
import static dev.pglambda.embedded.TestDataDirectory.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.embedded.EmbeddedPostgres.EmbeddedSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Starts on directories that earlier starts, other proxies or other programs left behind. */
class EmbeddedPostgresRecoveryTest {

  @TempDir Path directory;

  private final List<String> progress = new ArrayList<>();

  @AfterEach
  void unlinkPrograms() throws Exception {
    TestDataDirectory.unlinkPrograms(directory);
  }

  @Test
  void refusesADirectoryThatThisProcessUses() throws Exception {
    Path dataDir = TestDataDirectory.withCluster(directory);
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
    Path dataDir = TestDataDirectory.withCluster(directory);
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
    Path dataDir = TestDataDirectory.withCluster(directory);
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
  void leavesAnotherProcessWithThePidOfACrashedServerAlone() throws Exception {
    Path dataDir = TestDataDirectory.withCluster(directory);
    start(settings(dataDir)).close();
    Path pidFile = dataDir.resolve("postgres-17/postmaster.pid");
    Files.writeString(pidFile, ProcessHandle.current().pid() + "\n/elsewhere\n1\n5432\n\n\n\n");

    try (EmbeddedPostgres postgres = start(settings(dataDir))) {
      assertThat(query(postgres.port(), "SELECT 1")).isEqualTo("1");
    }
  }

  @Test
  void startsBesideTheFileOfAServerThatIsGone() throws Exception {
    Path dataDir = TestDataDirectory.withCluster(directory);
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
    Path dataDir = TestDataDirectory.withPrograms(directory);
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
              TestDataDirectory.programs().getFileName().toString());
    }
  }

  @Test
  void leavesADirectoryOfAnotherKindAlone() throws Exception {
    Path dataDir = TestDataDirectory.withPrograms(directory);
    Files.createDirectory(dataDir.resolve("postgres-17"));
    Files.writeString(dataDir.resolve("postgres-17/PG_VERSION"), "16\n");

    assertThatThrownBy(() -> start(settings(dataDir)))
        .isInstanceOf(EmbeddedPostgresException.class)
        .hasMessageContaining(dataDir.resolve("postgres-17") + " is not a cluster of PostgreSQL 17")
        .hasMessageContaining("found: 16");
  }

  @Test
  void saysThatTheDataOfAnotherVersionIsNotUsed() throws Exception {
    Path dataDir = TestDataDirectory.withPrograms(directory);
    Path other = Files.createDirectory(dataDir.resolve("postgres-16"));

    start(settings(dataDir)).close();

    assertThat(progress)
        .first()
        .isEqualTo("Not used: " + other + ", the data of another PostgreSQL version");
    assertThat(other).isEmptyDirectory();
  }

  @Test
  void hidesTheEnvironmentFromTheServer() throws Exception {
    Path dataDir = TestDataDirectory.withCluster(directory);
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

  private EmbeddedPostgres start(EmbeddedSettings settings)
      throws EmbeddedPostgresException, InterruptedException {
    return EmbeddedPostgres.start(settings, progress::add);
  }
}
