package dev.pglambda.testing;

import static dev.pglambda.testing.Awaiting.await;

import dev.pglambda.embedded.BinariesArchive;
import dev.pglambda.embedded.EmbeddedPostgres;
import dev.pglambda.embedded.EmbeddedPostgresException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A PostgreSQL server that all test classes of a JVM share: one for each version, with and without
 * the extensions' files, started when it is first asked for and stopped when the JVM ends. Roles
 * and {@code pg_hba.conf} are the whole server's: choose names of your own, and restore what you
 * change. A database is yours alone: {@link #createDatabase()}.
 */
public final class PostgresServer {

  private static final Logger log = LoggerFactory.getLogger(PostgresServer.class);

  private static final Path DIRECTORY = ForkDirectory.named("postgresql-servers");

  /**
   * Nothing here outlives the tests, so that nothing needs to be written safely. The file of its
   * Unix-domain socket is in the data directory.
   */
  private static final Map<String, String> PARAMETERS =
      Map.of(
          "fsync", "off",
          "synchronous_commit", "off",
          "full_page_writes", "off",
          "shared_buffers", "32MB",
          "unix_socket_directories", ".",
          "max_connections", "600");

  private static final int VALIDATION_SECONDS = 10;

  private static final Map<String, PostgresServer> SERVERS = new HashMap<>();

  private final EmbeddedPostgres postgres;
  private final Path hbaFile;
  private final List<String> originalHba;
  private final AtomicInteger databases = new AtomicInteger();
  private @Nullable Connection administrator;

  private PostgresServer(EmbeddedPostgres postgres) throws IOException {
    this.postgres = postgres;
    this.hbaFile = postgres.clusterDirectory().resolve("pg_hba.conf");
    this.originalHba = Files.readAllLines(hbaFile);
  }

  /**
   * The major versions that tests can have on this machine, oldest first, for a {@code
   * MethodSource}.
   */
  public static List<String> versions() {
    return TestBinaries.versions();
  }

  /** The server of a version, without the extensions' files. */
  public static PostgresServer of(String version) {
    return of(version, false);
  }

  /**
   * The server of a version. If its programs are not on this machine the calling test is skipped:
   * call it in a test or a {@code BeforeAll} method, not in an initializer.
   *
   * @param version major version, for example {@code 12}
   * @param controlFiles whether the server has the files of aws_commons and aws_lambda, as if they
   *     were installed by a package
   */
  public static PostgresServer of(String version, boolean controlFiles) {
    return named(version + (controlFiles ? "-with-control-files" : ""), version, controlFiles);
  }

  /**
   * A server of a version of which {@link #setTls} and {@link #setTlsOff} say whether it takes TLS.
   */
  public static PostgresServer withTls(String version) {
    return named(version + "-with-tls", version, false);
  }

  private static PostgresServer named(String name, String version, boolean controlFiles) {
    BinariesArchive archive = TestBinaries.require(version);
    synchronized (SERVERS) {
      PostgresServer server = SERVERS.get(name);
      if (server == null) {
        server = start(archive, version, name, controlFiles);
        if (TestCertificates.EVERYWHERE) {
          server.takeTls();
        }
        Runtime.getRuntime().addShutdownHook(new Thread(server::stop));
        SERVERS.put(name, server);
      }
      return server;
    }
  }

  private static PostgresServer start(
      BinariesArchive archive, String version, String name, boolean controlFiles) {
    Map<String, String> files = controlFiles ? TestBinaries.extensionFiles() : Map.of();
    if (controlFiles && files.isEmpty()) {
      throw new IllegalStateException("no files of aws_commons and aws_lambda in target/classes");
    }
    EmbeddedPostgres.EmbeddedSettings settings =
        new EmbeddedPostgres.EmbeddedSettings(DIRECTORY.resolve(name), 0, files, PARAMETERS);
    try {
      // Left by a test run that was killed: its roles and databases would be in the way.
      Path cluster = settings.dataDir().resolve("postgres-" + version);
      boolean leftover = Files.exists(cluster);
      if (leftover && !Files.exists(cluster.resolve("PG_VERSION"))) {
        deleteTree(cluster); // and this one while it was deleting it
      }
      copyPrograms(version, settings.dataDir());
      EmbeddedPostgres postgres = EmbeddedPostgres.start(settings, archive, log::info);
      if (leftover) {
        stop(postgres);
        postgres = EmbeddedPostgres.start(settings, archive, log::info);
      }
      if (!version.equals(Integer.toString(postgres.majorVersion()))) {
        postgres.close();
        throw new IllegalStateException(
            "PostgreSQL " + postgres.majorVersion() + " (expected: " + version + ")");
      }
      return new PostgresServer(postgres);
    } catch (EmbeddedPostgresException | IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /**
   * Takes the programs that another server of the version has unpacked, which takes seconds of a
   * processor; a copy, because a server can get files of its own.
   */
  private static void copyPrograms(String version, Path dataDirectory) throws IOException {
    List<Path> own = programs(version, dataDirectory);
    List<Path> others = new ArrayList<>(programs(version, DIRECTORY.resolve(version)));
    others.addAll(programs(version, DIRECTORY.resolve(version + "-with-tls")));
    if (!own.isEmpty() || others.isEmpty()) {
      return;
    }
    Path programs = others.get(0);
    // As DataDirectory names what it deletes if this is left half done.
    Path copy = dataDirectory.resolve(".pg-lambda-proxy-tmp-programs");
    Files.createDirectories(dataDirectory);
    try (Stream<Path> files = Files.walk(programs)) {
      for (Path file : files.toList()) {
        Files.copy(
            file,
            copy.resolve(programs.relativize(file).toString()),
            StandardCopyOption.COPY_ATTRIBUTES,
            LinkOption.NOFOLLOW_LINKS);
      }
    }
    Files.move(copy, dataDirectory.resolve(programs.getFileName()));
  }

  private static List<Path> programs(String version, Path dataDirectory) throws IOException {
    if (!Files.isDirectory(dataDirectory)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(dataDirectory)) {
      return entries
          .filter(entry -> entry.getFileName().toString().startsWith("binaries-" + version + "."))
          .toList();
    }
  }

  private void stop() {
    stop(postgres);
  }

  private static void stop(EmbeddedPostgres postgres) {
    postgres.close();
    try {
      deleteTree(postgres.clusterDirectory());
    } catch (IOException e) {
      log.warn("cannot delete {}", postgres.clusterDirectory(), e);
    }
  }

  private static void deleteTree(Path root) throws IOException {
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e)
              throws IOException {
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  public String host() {
    return postgres.host();
  }

  public int port() {
    return postgres.port();
  }

  /** The directory of its Unix-domain socket, whose file is named by the {@link #port()}. */
  public Path socketDirectory() {
    return postgres.clusterDirectory().toAbsolutePath();
  }

  /** The superuser, who needs no password unless {@link #setHba} says so. */
  public String user() {
    return postgres.user();
  }

  public int majorVersion() {
    return postgres.majorVersion();
  }

  /** Creates an empty database; nobody else has its name. */
  public String createDatabase() throws SQLException {
    String name = "test_" + databases.incrementAndGet();
    // The other strategy, the default since 15, takes five times as long with few shared buffers.
    String strategy = majorVersion() >= 15 ? " STRATEGY file_copy" : "";
    executeAsAdministrator("CREATE DATABASE " + name + strategy);
    return name;
  }

  /** Waits until a statement runs in a database. */
  public void awaitStatement(String database, String sql) throws SQLException {
    String running =
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND datname = '%s' AND query = '%s'"
            .formatted(database, sql.replace("'", "''"));
    await("\"" + sql + "\" runs").until(() -> !"0".equals(query(running)));
  }

  /** Drops a database in which no session is left. */
  public void dropDatabase(String name) throws SQLException {
    executeAsAdministrator("DROP DATABASE " + name);
  }

  /** In a session that is kept: for what is done before and after each of many tests. */
  private synchronized void executeAsAdministrator(String sql) throws SQLException {
    if (administrator == null || !administrator.isValid(VALIDATION_SECONDS)) {
      administrator = connect("postgres"); // a server that has crashed has closed the one before
    }
    try (Statement statement = administrator.createStatement()) {
      statement.execute(sql);
    }
  }

  /**
   * Creates a role that can log in. The caller drops it, or chooses a name that no other test has.
   *
   * @param passwordEncryption how the server keeps the password, {@code md5} or {@code
   *     scram-sha-256}
   */
  public void createRole(String name, String password, String passwordEncryption)
      throws SQLException {
    execute(
        "SET password_encryption = '" + passwordEncryption + "'",
        "CREATE ROLE \"" + name + "\" LOGIN PASSWORD '" + password.replace("'", "''") + "'");
  }

  /** Connects directly, as the superuser; the caller closes the connection. */
  public Connection connect(String database) throws SQLException {
    return connect(database, user(), "");
  }

  /** Connects directly; the caller closes the connection. */
  public Connection connect(String database, String user, String password) throws SQLException {
    String url = "jdbc:postgresql://" + host() + ":" + port() + "/" + database;
    return DriverManager.getConnection(url, user, password);
  }

  /** Runs statements in one session of the superuser in the database {@code postgres}. */
  public void execute(String... statements) throws SQLException {
    try (Connection connection = connect("postgres");
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  /**
   * Puts rules before those that let everybody in, for example {@code host all alice all md5}
   * (PostgreSQL manual, "The pg_hba.conf File"). New connections follow them when this returns. The
   * superuser gets in without a password whatever they say. End with {@link #resetHba()}.
   */
  public void setHba(String... rules) throws SQLException {
    List<String> all = new ArrayList<>(List.of(rules));
    all.addAll(originalHba);
    setHbaOnly(all.toArray(String[]::new));
  }

  /** As {@link #setHba}, and nobody is let in whom no rule names, but for the superuser. */
  public void setHbaOnly(String... rules) throws SQLException {
    try {
      List<String> lines = new ArrayList<>();
      lines.add("host all " + user() + " " + host() + "/32 trust");
      lines.addAll(List.of(rules));
      Files.write(hbaFile, lines);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    reloadHba();
  }

  /**
   * The server's maps of user names (manual, "User Name Maps") from now on. {@link #setHba} makes
   * it read them.
   */
  public void setIdent(String... lines) {
    writeForServer("pg_ident.conf", String.join("\n", lines) + "\n");
  }

  /** Lets everybody in again. */
  public void resetHba() throws SQLException {
    setHba();
  }

  /**
   * New connections can have TLS when this returns.
   *
   * @param identity what the server proves itself with
   * @param clients which authority signs the certificates of clients
   */
  public void setTls(TestIdentity identity, TestIdentity clients) throws SQLException {
    writeForServer("server.crt", identity.certificatePem());
    writeForServer("server.key", identity.keyPem());
    writeForServer("root.crt", clients.certificatePem());
    execute("ALTER SYSTEM SET ssl = on", "ALTER SYSTEM SET ssl_ca_file = 'root.crt'");
    reload();
  }

  private void takeTls() {
    TestIdentity identity = TestIdentity.authority("server");
    try {
      setTls(identity, identity);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The server answers requests for TLS with no. */
  public void setTlsOff() throws SQLException {
    execute("ALTER SYSTEM SET ssl = off");
    reload();
  }

  /** The server reads no key that others may read, and runs as another user than root. */
  private void writeForServer(String name, String content) {
    Path file = postgres.clusterDirectory().resolve(name);
    try {
      Files.deleteIfExists(file);
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(file, content);
      Files.setOwner(file, Files.getOwner(postgres.clusterDirectory()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void reloadHba() throws SQLException {
    String wrong = query("SELECT string_agg(error, '; ') FROM pg_hba_file_rules");
    if (wrong != null) {
      throw new IllegalArgumentException("pg_hba.conf: " + wrong);
    }
    reload();
  }

  private void reload() throws SQLException {
    String before = query("SELECT pg_conf_load_time()");
    execute("SELECT pg_reload_conf()");
    // The server reads pg_hba.conf in the same step, and a new session inherits the time from it.
    await("the configuration is read")
        .until(() -> !Objects.equals(query("SELECT pg_conf_load_time()"), before));
  }

  private @Nullable String query(String sql) throws SQLException {
    try (Connection connection = connect("postgres");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }
}
