package dev.pglambda.embedded;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Makes a cluster resemble an instance of RDS before its server starts, in single-user mode: roles,
 * owners, the files that the server reads. Done again it changes nothing. A cluster of an earlier
 * version, whose first superuser is {@code postgres}, becomes one of ours: nothing in it is lost.
 *
 * <p>An interrupted set-up is repeated by the next start, because what is known of the cluster is
 * written last; no session can have come in between.
 */
final class InstanceSetup {

  /** Databases that a cluster has unless somebody has dropped them; one is needed. */
  private static final List<String> USUAL_DATABASES = List.of("template1", "postgres");

  private static final String HBA_FILE = "pg_hba.conf";

  private static final String DATABASES =
      "SELECT encode(convert_to(datname::text, getdatabaseencoding()::name), 'hex') AS database"
          + " FROM pg_database WHERE datname <> 'template0' AND datconnlimit <> -2";

  private static final Pattern NOTICE = Pattern.compile("(?m)NOTICE:  pg-lambda-proxy: (.*)$");

  /** From this version on the schema public belongs to whoever owns the database. */
  private static final int PUBLIC_OF_DATABASE_OWNER = 15;

  private final InstanceSettings settings;
  private final Cluster cluster;
  private final SingleUserServer server;
  private final ProgramLauncher launcher;
  private final Consumer<String> progress;

  InstanceSetup(
      InstanceSettings settings,
      Cluster cluster,
      SingleUserServer server,
      ProgramLauncher launcher,
      Consumer<String> progress) {
    this.settings = settings;
    this.cluster = cluster;
    this.server = server;
    this.launcher = launcher;
    this.progress = progress;
  }

  /** Does what is to be done; the server must not run. */
  void run() throws IOException, EmbeddedPostgresException, InterruptedException {
    Path directory = cluster.directory();
    InstanceState before = InstanceState.read(directory);
    PrivateFile.replace(directory.resolve(InstanceSettings.KEYS_FILE), settings.keys(), launcher);
    if (before.known() && settings.superuser() && !before.superuser()) {
      // First, so that a start without the option takes back what this one leaves half done.
      new InstanceState(true, true, "").write(directory, launcher);
    }
    boolean adopt = before.mayHaveOtherSuperusers() && !(before.known() && settings.superuser());
    List<byte[]> databases = setUpRoles(adopt);
    List<String> script = databaseScript(before, adopt);
    for (byte[] database : script.isEmpty() ? List.<byte[]>of() : databases) {
      report(server.run(database, script));
    }
    PrivateFile.replace(directory.resolve(HBA_FILE), hostBasedAuthentication(), launcher);
    new InstanceState(true, settings.superuser(), fingerprint()).write(directory, launcher);
  }

  /**
   * The rules of {@code pg_hba.conf} (manual, "The pg_hba.conf File"): the first that fits counts.
   */
  private String hostBasedAuthentication() {
    // The server sees the proxy only, at a loopback address, whoever is behind it.
    String from = ServerProcess.HOST + "/32 " + (settings.passwords() ? "scram-sha-256" : "trust");
    return """
        # Written by pg-lambda-proxy at each start: changes are lost.
        host replication %1$s all reject
        host all %1$s all reject
        %2$shost all all %3$s
        """
        .formatted(
            InstanceSettings.ADMINISTRATOR,
            settings.superuser() ? "host replication all " + from + "\n" : "",
            from);
  }

  /** Settings of the server that hold whatever its configuration files say. */
  Map<String, String> serverParameters(Binaries binaries) throws IOException {
    return Map.of(
        "hba_file", cluster.directory().resolve(HBA_FILE).toString(),
        "password_encryption", "scram-sha-256",
        "rds.extensions", String.join(", ", binaries.extensions()),
        "rds.allowed_extensions", "",
        "rds.superuser_variables", "session_replication_role");
  }

  /** Returns the names of the databases. */
  private List<byte[]> setUpRoles(boolean adopt)
      throws IOException, EmbeddedPostgresException, InterruptedException {
    List<String> statements = new ArrayList<>();
    statements.add(script("roles.sql").replace("{{adopt}}", Boolean.toString(adopt)));
    if (settings.passwordVerifier() != null) {
      statements.add("ALTER ROLE postgres PASSWORD '" + settings.passwordVerifier() + "'");
    }
    statements.add(DATABASES);
    EmbeddedPostgresException failure = null;
    for (String database : USUAL_DATABASES) {
      try {
        String printed = server.run(database.getBytes(US_ASCII), statements);
        report(printed);
        return SingleUserServer.values(printed, "database");
      } catch (EmbeddedPostgresException e) {
        failure = e;
        if (!String.valueOf(e.getMessage())
            .contains("database \"" + database + "\" does not exist")) {
          throw e;
        }
      }
    }
    throw new EmbeddedPostgresException(
        cluster.directory() + " has neither a database template1 nor postgres", failure);
  }

  /** What is to be run in every database, or nothing. */
  private List<String> databaseScript(InstanceState before, boolean adopt) throws IOException {
    boolean owners =
        adopt && !(cluster.created() && cluster.majorVersion() >= PUBLIC_OF_DATABASE_OWNER);
    List<String> script = new ArrayList<>();
    if (owners) {
      script.add(script("ownership.sql"));
    }
    if (!cluster.created() && (owners || !before.fingerprint().equals(fingerprint()))) {
      script.addAll(settings.databaseScript());
    }
    return script;
  }

  private String script(String name) throws IOException {
    try (InputStream in = InstanceSetup.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("resource of dev.pglambda.embedded: none named " + name);
      }
      return new String(in.readAllBytes(), US_ASCII)
          .replace("{{superuser}}", Boolean.toString(settings.superuser()));
    }
  }

  private void report(String printed) {
    NOTICE.matcher(printed).results().forEach(notice -> progress.accept(notice.group(1)));
  }

  private String fingerprint() {
    MessageDigest sha256 = BinariesArchive.sha256();
    sha256.update(settings.keys().getBytes(UTF_8));
    settings.databaseScript().forEach(statement -> sha256.update(statement.getBytes(UTF_8)));
    return HexFormat.of().formatHex(sha256.digest());
  }

  /**
   * What the last complete set-up of a cluster left, kept in a file beside the cluster's own.
   *
   * @param known whether there was one: not for a cluster of an earlier version of this program,
   *     nor for one whose set-up was interrupted
   * @param superuser whether {@code postgres} was superuser
   * @param fingerprint of what had been run in every database
   */
  private record InstanceState(boolean known, boolean superuser, String fingerprint) {

    private static final String FILE = "pg-lambda-proxy.state";

    /** Whether roles and objects may be another superuser's than {@code rdsadmin}'s. */
    boolean mayHaveOtherSuperusers() {
      return !known || superuser;
    }

    static InstanceState read(Path cluster) throws IOException {
      Path file = cluster.resolve(FILE);
      if (!Files.exists(file)) {
        return new InstanceState(false, false, "");
      }
      Properties properties = new Properties();
      properties.load(new StringReader(Files.readString(file)));
      return new InstanceState(
          true,
          !"off".equals(properties.getProperty("superuser")),
          properties.getProperty("fingerprint", ""));
    }

    void write(Path cluster, ProgramLauncher launcher) throws IOException {
      String text =
          "superuser=%s\nfingerprint=%s\n".formatted(superuser ? "on" : "off", fingerprint);
      PrivateFile.replace(cluster.resolve(FILE), text, launcher);
    }
  }
}
