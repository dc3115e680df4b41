package dev.pglambda.embedded;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A real PostgreSQL server as a child process, with its data in a directory that survives restarts.
 * It listens on loopback and ends with {@link #close()}; a server that outlived a killed proxy is
 * stopped by the next start.
 *
 * <p>Every method may be called by any thread. Starting and closing block (seconds; the first start
 * unpacks 15 MB): never call them on an event loop.
 */
public final class EmbeddedPostgres implements AutoCloseable {

  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

  /**
   * What to start.
   *
   * @param dataDir keeps programs and data; created if need be
   * @param port to listen on, or 0 for a free one, another at each start
   * @param extensionFiles control files and scripts that the server is to find (PostgreSQL manual,
   *     "Packaging Related Objects into an Extension"): name, without a directory → content
   * @param serverParameters settings of the server by name; they hold until it ends and override
   *     its configuration file. The listen address, the port and the log are not up to them.
   * @param instance how the server resembles an instance of RDS; null: it does not, everybody is
   *     let in as anybody, and {@code postgres} is the superuser
   */
  public record EmbeddedSettings(
      Path dataDir,
      int port,
      Map<String, String> extensionFiles,
      Map<String, String> serverParameters,
      @Nullable InstanceSettings instance) {

    public EmbeddedSettings {
      extensionFiles = Map.copyOf(extensionFiles);
      serverParameters = Map.copyOf(serverParameters);
    }

    /** A server as initdb makes it. */
    public EmbeddedSettings(
        Path dataDir,
        int port,
        Map<String, String> extensionFiles,
        Map<String, String> serverParameters) {
      this(dataDir, port, extensionFiles, serverParameters, null);
    }
  }

  private final DataDirectory dataDirectory;
  private final Cluster cluster;
  private final ServerProcess server;
  private final @Nullable String runsAs;
  private final CompletableFuture<Integer> onExit;
  private volatile boolean closing;

  private EmbeddedPostgres(
      DataDirectory dataDirectory, Cluster cluster, ServerProcess server, @Nullable String runsAs) {
    this.runsAs = runsAs;
    this.dataDirectory = dataDirectory;
    this.cluster = cluster;
    this.server = server;
    this.onExit =
        server
            .process()
            .onExit()
            .thenCompose(
                ended ->
                    closing
                        ? new CompletableFuture<>()
                        : CompletableFuture.completedFuture(ended.exitValue()));
  }

  /**
   * Starts the server of the archive on the class path and waits until it accepts connections; if
   * it cannot, or is interrupted, nothing is left running. {@code progress} gets a line before each
   * step that takes a while.
   */
  public static EmbeddedPostgres start(EmbeddedSettings settings, Consumer<String> progress)
      throws EmbeddedPostgresException, InterruptedException {
    return start(settings, BinariesArchive.onClassPath(), progress);
  }

  /** Like {@link #start(EmbeddedSettings, Consumer)}, with programs of another version. */
  public static EmbeddedPostgres start(
      EmbeddedSettings settings, BinariesArchive archive, Consumer<String> progress)
      throws EmbeddedPostgresException, InterruptedException {
    return start(settings, archive, progress, START_TIMEOUT);
  }

  static EmbeddedPostgres start(
      EmbeddedSettings settings,
      BinariesArchive archive,
      Consumer<String> progress,
      Duration timeout)
      throws EmbeddedPostgresException, InterruptedException {
    DataDirectory dataDirectory = DataDirectory.open(settings.dataDir());
    boolean started = false;
    try {
      InstanceSettings instance = settings.instance();
      ProgramLauncher launcher =
          instance == null
              ? ProgramLauncher.forThisUser()
              : ProgramLauncher.forDirectory(dataDirectory);
      Binaries binaries = Binaries.unpack(archive, dataDirectory, launcher, progress);
      boolean sync = !"off".equals(settings.serverParameters().get("fsync"));
      String superuser =
          instance == null ? InstanceSettings.MASTER_USER : InstanceSettings.ADMINISTRATOR;
      Cluster cluster = Cluster.open(dataDirectory, binaries, launcher, superuser, sync, progress);
      binaries.write(settings.extensionFiles());
      Map<String, String> parameters = new LinkedHashMap<>(settings.serverParameters());
      if (instance != null) {
        Path temporary = dataDirectory.createTemporaryDirectory();
        SingleUserServer server =
            new SingleUserServer(cluster, binaries, launcher, temporary, sync);
        InstanceSetup setup = new InstanceSetup(instance, cluster, server, launcher, progress);
        setup.run();
        parameters.putAll(setup.serverParameters(binaries));
      }
      ServerProcess server =
          ServerProcess.start(
              settings.port(), parameters, binaries, cluster, launcher, timeout, progress);
      started = true;
      return new EmbeddedPostgres(dataDirectory, cluster, server, launcher.userDescription());
    } catch (IOException e) {
      throw DataDirectory.unusable(settings.dataDir(), e);
    } finally {
      dataDirectory.deleteTemporaryDirectories();
      if (!started) {
        dataDirectory.close();
      }
    }
  }

  /** The address it listens on. */
  public String host() {
    return ServerProcess.HOST;
  }

  /** The port it listens on. */
  public int port() {
    return server.port();
  }

  /** The user that people get; its superuser, unless it resembles an instance of RDS. */
  public String user() {
    return InstanceSettings.MASTER_USER;
  }

  /** Which other user of the machine it runs as, for people; null: as this process's. */
  public @Nullable String runsAs() {
    return runsAs;
  }

  /** For example 17. */
  public int majorVersion() {
    return cluster.majorVersion();
  }

  /** Where the cluster's configuration files are, absolute. */
  public Path clusterDirectory() {
    return cluster.directory();
  }

  /**
   * What the server logs since this start, absolute; the run before is in {@code .old} beside it.
   */
  public Path log() {
    return cluster.log();
  }

  /** The server's process, for a look from outside. */
  public ProcessHandle process() {
    return server.process().toHandle();
  }

  /**
   * Completes with the exit status when the server ends by itself, on any thread; never after
   * {@link #close()} was called.
   */
  public CompletableFuture<Integer> onExit() {
    return onExit.copy();
  }

  /**
   * Stops the server: its sessions end, its data is written. Waits half a minute at most. If the
   * thread is interrupted the server is left to end alone. A second call does nothing.
   */
  @Override
  public synchronized void close() {
    if (closing) {
      return;
    }
    closing = true;
    try {
      Postmaster.stop(process());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      dataDirectory.close();
    }
  }
}
