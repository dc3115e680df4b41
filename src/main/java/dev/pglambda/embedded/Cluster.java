package dev.pglambda.embedded;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A PostgreSQL database cluster on disk.
 *
 * @param directory its data directory, absolute
 * @param log what the server writes to stderr
 * @param majorVersion of the programs that can use it, for example 17
 */
record Cluster(Path directory, Path log, int majorVersion) {

  static final String SUPERUSER = "postgres";

  /**
   * Finds the cluster of these programs' major version, or creates it: completely or not at all.
   *
   * @param sync whether a new cluster must survive a crash of the machine
   */
  static Cluster open(
      DataDirectory dataDirectory,
      Binaries binaries,
      ProgramLauncher launcher,
      boolean sync,
      Consumer<String> progress)
      throws IOException, EmbeddedPostgresException, InterruptedException {
    int majorVersion = binaries.majorVersion();
    Path directory = dataDirectory.path().resolve("postgres-" + majorVersion);
    Path log = directory.resolveSibling("postgres-" + majorVersion + ".log");
    Cluster cluster = new Cluster(directory, log, majorVersion);
    boolean known = Files.exists(directory);
    for (Path other : stopOrphans(dataDirectory)) {
      if (!known) {
        progress.accept("Not used: " + other + ", the data of another PostgreSQL version");
      }
    }
    if (known) {
      cluster.check();
    } else {
      cluster.create(dataDirectory, binaries, launcher, sync, progress);
    }
    return cluster;
  }

  private static List<Path> stopOrphans(DataDirectory dataDirectory)
      throws IOException, InterruptedException {
    List<Path> clusters = new ArrayList<>();
    try (DirectoryStream<Path> found =
        Files.newDirectoryStream(dataDirectory.path(), "postgres-*")) {
      for (Path path : found) {
        if (Files.isDirectory(path)) {
          Postmaster.stopOrphan(path);
          clusters.add(path);
        }
      }
    }
    return clusters;
  }

  private void check() throws IOException, EmbeddedPostgresException {
    Path file = directory.resolve("PG_VERSION");
    String found = Files.exists(file) ? Files.readString(file).strip() : "no PG_VERSION";
    if (!found.equals(Integer.toString(majorVersion))) {
      throw new DataDirectoryException(
          directory
              + " is not a cluster of PostgreSQL "
              + majorVersion
              + " (found: "
              + found
              + "); move it away, or name another directory with --data-dir",
          null);
    }
  }

  /** Everybody on this machine may log in as anybody: the port is open to loopback only. */
  private void create(
      DataDirectory dataDirectory,
      Binaries binaries,
      ProgramLauncher launcher,
      boolean sync,
      Consumer<String> progress)
      throws IOException, EmbeddedPostgresException, InterruptedException {
    progress.accept(
        "Creating the databases of PostgreSQL " + binaries.version() + " in " + directory);
    Path temporary = dataDirectory.createTemporaryDirectory();
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "-D",
                temporary.toString(),
                "-U",
                SUPERUSER,
                "-E",
                "UTF8",
                "--locale=C",
                "--auth=trust"));
    if (!sync) {
      arguments.add("--no-sync");
    }
    launcher.run(binaries.program("initdb"), arguments, log);
    Files.move(temporary, directory, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Keeps the log of the run before, and no more. */
  void rotateLog() throws IOException {
    if (Files.exists(log)) {
      Path old = log.resolveSibling(log.getFileName() + ".old");
      Files.move(log, old, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
