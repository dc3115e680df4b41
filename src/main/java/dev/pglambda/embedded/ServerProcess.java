package dev.pglambda.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A server that accepts connections.
 *
 * @param process the postmaster
 * @param port it listens on
 */
record ServerProcess(Process process, int port) {

  static final String HOST = "127.0.0.1";

  private static final long POLL_MILLIS = 10;
  private static final int ATTEMPTS = 50;
  private static final long RETRY_MILLIS = 200;

  /**
   * Starts the server of a cluster, on a free port if 0 is wanted, and waits until it is ready;
   * leaves nothing running if not.
   */
  static ServerProcess start(
      int wantedPort,
      Map<String, String> parameters,
      Binaries binaries,
      Cluster cluster,
      ProgramLauncher launcher,
      Duration timeout,
      Consumer<String> progress)
      throws IOException, EmbeddedPostgresException, InterruptedException {
    cluster.rotateLog();
    for (int attempt = 1; ; attempt++) {
      int port = availablePort(wantedPort);
      progress.accept("Starting PostgreSQL " + binaries.version() + " on port " + port);
      List<String> arguments = cluster.serverOptions(settings(parameters, port));
      Process process = launcher.start(binaries.program("postgres"), arguments, cluster.log());
      boolean ready = false;
      try {
        ready = awaitReady(process, cluster, timeout);
        if (ready) {
          return new ServerProcess(process, port);
        }
        String log = ProgramLauncher.logTail(cluster.log());
        if (attempt == ATTEMPTS || !mayPass(log, wantedPort)) {
          throw failed(process, cluster, timeout, log);
        }
        TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
      } finally {
        if (!ready) {
          Postmaster.stop(process.toHandle());
        }
      }
    }
  }

  /** Whether the reason for a failed start goes away by itself. */
  private static boolean mayPass(String log, int wantedPort) {
    // The sessions of a killed server take a moment to notice that it is gone.
    return log.contains("pre-existing shared memory block")
        // Someone else may take a free port before the server does.
        || (wantedPort == 0 && log.contains("could not bind"));
  }

  private static int availablePort(int wanted) throws EmbeddedPostgresException {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true); // As PostgreSQL does: connections of an earlier run may linger.
      socket.bind(
          new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), wanted));
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new EmbeddedPostgresException(
          ("embedded PostgreSQL cannot listen on port %d of %s: %s; stop what uses the port,"
                  + " or choose another")
              .formatted(wanted, HOST, e.getMessage()),
          e);
    }
  }

  /** What the configuration may not change, and what it may. */
  private static Map<String, String> settings(Map<String, String> parameters, int port) {
    Map<String, String> settings = new LinkedHashMap<>(parameters);
    settings.put("listen_addresses", HOST);
    settings.put("port", Integer.toString(port));
    settings.putIfAbsent("unix_socket_directories", "");
    settings.put("log_destination", "stderr");
    settings.put("logging_collector", "off");
    return settings;
  }

  /** The server's own file is surer than its port, where another server may answer. */
  private static boolean awaitReady(Process process, Cluster cluster, Duration timeout)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (System.nanoTime() < deadline) {
      if (Postmaster.of(cluster.directory())
          .filter(postmaster -> postmaster.pid() == process.pid() && postmaster.ready())
          .isPresent()) {
        return true;
      }
      if (process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
        return false;
      }
    }
    return false;
  }

  private static EmbeddedPostgresException failed(
      Process process, Cluster cluster, Duration timeout, String log) {
    String what =
        process.isAlive()
            ? "is not ready after " + timeout.toSeconds() + " s"
            : "ended with status " + process.exitValue();
    return new EmbeddedPostgresException(
        "embedded PostgreSQL %s; its data is in %s, its log in %s%s"
            .formatted(
                what,
                cluster.directory(),
                cluster.log(),
                log.isEmpty() ? "" : ", which ends:" + log),
        null);
  }
}
