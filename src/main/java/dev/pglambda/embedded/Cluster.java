package dev.pglambda.embedded;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A PostgreSQL database cluster on disk.
 *
 * @param directory its data directory, absolute
 * @param log what the server writes to stderr
 * @param majorVersion of the programs that can use it, for example 17
 * @param created whether it has just been created
 */
record Cluster(Path directory, Path log, int majorVersion, boolean created) {

  /**
   * Finds the cluster of these programs' major version, or creates it: completely or not at all.
   *
   * @param superuser name of a new cluster's first role
   * @param sync whether a new cluster must survive a crash of the machine
   */
  static Cluster open(
      DataDirectory dataDirectory,
      Binaries binaries,
      ProgramLauncher launcher,
      String superuser,
      boolean sync,
      Consumer<String> progress)
      throws IOException, EmbeddedPostgresException, InterruptedException {
    int majorVersion = binaries.majorVersion();
    Path directory = dataDirectory.path().resolve("postgres-" + majorVersion);
    Path log = directory.resolveSibling("postgres-" + majorVersion + ".log");
    boolean known = Files.exists(directory);
    Cluster cluster = new Cluster(directory, log, majorVersion, !known);
    PrivateFile.hide(log);
    PrivateFile.hide(cluster.oldLog());
    for (Path other : stopOrphans(dataDirectory)) {
      if (!known) {
        progress.accept("Not used: " + other + ", the data of another PostgreSQL version");
      }
    }
    if (known) {
      cluster.check();
      launcher.ownTree(directory);
    } else {
      cluster.create(dataDirectory, binaries, launcher, superuser, sync, progress);
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
          ("%s is not a cluster of PostgreSQL %d (found: %s); move it away, or name another"
                  + " directory with --data-dir")
              .formatted(directory, majorVersion, found),
          null);
    }
  }

  /** Its pg_hba.conf lets everybody on this machine in; {@link InstanceSetup} writes another. */
  private void create(
      DataDirectory dataDirectory,
      Binaries binaries,
      ProgramLauncher launcher,
      String superuser,
      boolean sync,
      Consumer<String> progress)
      throws IOException, EmbeddedPostgresException, InterruptedException {
    progress.accept(
        "Creating the databases of PostgreSQL " + binaries.version() + " in " + directory);
    Path temporary = dataDirectory.createTemporaryDirectory();
    launcher.own(temporary);
    List<String> arguments = new ArrayList<>(List.of("-D", temporary.toString(), "-U", superuser));
    arguments.addAll(List.of("-E", "UTF8", "--locale=C", "--auth=trust"));
    if (!sync) {
      arguments.add("--no-sync");
    }
    PrivateFile.create(log);
    launcher.run(binaries.program("initdb"), arguments, log);
    Files.move(temporary, directory, StandardCopyOption.ATOMIC_MOVE);
  }

  /** The options that give the server its directory and these settings. */
  List<String> serverOptions(Map<String, String> settings) {
    List<String> options = new ArrayList<>(List.of("-D", directory.toString()));
    settings.forEach((name, value) -> options.addAll(List.of("-c", name + "=" + value)));
    return options;
  }

  /** Keeps the log of the run before, and no more; the new one is empty. */
  void rotateLog() throws IOException {
    if (Files.exists(log)) {
      Files.move(log, oldLog(), StandardCopyOption.REPLACE_EXISTING);
    }
    PrivateFile.create(log);
  }

  private Path oldLog() {
    return log.resolveSibling(log.getFileName() + ".old");
  }
}
