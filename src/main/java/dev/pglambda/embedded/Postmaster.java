package dev.pglambda.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The server process of a cluster, as its {@code postmaster.pid} tells of it (PostgreSQL manual,
 * "Database File Layout"; the eighth line is what {@code pg_ctl} waits for).
 *
 * @param pid process id; after a crash it may belong to any other process
 * @param ready whether it accepts connections
 */
record Postmaster(long pid, boolean ready) {

  private static final long FAST_SECONDS = 20;
  private static final long IMMEDIATE_SECONDS = 5;

  /** Reads a cluster's file; empty if there is none, or it is not written yet. */
  static Optional<Postmaster> of(Path cluster) throws IOException {
    Path file = file(cluster);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    List<String> lines = Files.readAllLines(file);
    if (lines.isEmpty() || !lines.get(0).strip().matches("\\d{1,18}")) {
      return Optional.empty();
    }
    boolean ready = lines.size() >= 8 && lines.get(7).strip().equals("ready");
    return Optional.of(new Postmaster(Long.parseLong(lines.get(0).strip()), ready));
  }

  private static Path file(Path cluster) {
    return cluster.resolve("postmaster.pid");
  }

  /**
   * Stops a server that outlived a killed proxy. If the process id in its file has meanwhile gone
   * to another process, the file is removed, since PostgreSQL would take that for its server; a
   * file whose process is gone it handles itself.
   */
  static void stopOrphan(Path cluster) throws IOException, InterruptedException {
    Optional<Postmaster> postmaster = of(cluster);
    Optional<ProcessHandle> process = postmaster.flatMap(p -> ProcessHandle.of(p.pid()));
    if (process.isEmpty()) {
      return;
    }
    if (serves(process.get(), cluster)) {
      stop(process.get());
    } else {
      Files.deleteIfExists(file(cluster));
    }
  }

  private static boolean serves(ProcessHandle process, Path cluster) {
    List<String> arguments = process.info().arguments().map(Arrays::asList).orElseGet(List::of);
    return arguments.contains(cluster.toString());
  }

  /**
   * Ends a server: a fast shutdown, then an immediate one, then the hard way (PostgreSQL manual,
   * "Shutting Down the Server").
   */
  static void stop(ProcessHandle process) throws InterruptedException {
    ProgramLauncher.signal(process, "INT");
    if (ended(process, FAST_SECONDS)) {
      return;
    }
    ProgramLauncher.signal(process, "QUIT");
    if (!ended(process, IMMEDIATE_SECONDS)) {
      process.destroyForcibly();
      ended(process, IMMEDIATE_SECONDS);
    }
  }

  private static boolean ended(ProcessHandle process, long seconds) throws InterruptedException {
    try {
      process.onExit().get(seconds, TimeUnit.SECONDS);
      return true;
    } catch (TimeoutException | ExecutionException e) {
      return !process.isAlive();
    }
  }
}
