package dev.pglambda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.config.ConfigLoader;
import dev.pglambda.guide.Guide;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What people can and cannot do on the embedded server, through the proxy and past it. */
class MasterUserTest {
  private static final Pattern SERVER_PORT = Pattern.compile("on 127\\.0\\.0\\.1:(\\d+), data in");

  @TempDir private static Path directory;
  private static ProxyServer proxy;

  @BeforeAll
  static void start() throws Exception {
    proxy = proxy("127.0.0.1:0");
  }

  @AfterAll
  static void stop() {
    proxy.close();
  }

  private static ProxyServer proxy(String listen, String... more) throws Exception {
    List<String> arguments =
        new ArrayList<>(
            List.of("--listen", listen, "--data-dir", directory.resolve("data").toString()));
    arguments.addAll(List.of("--sample-functions", "on"));
    arguments.addAll(List.of(more));
    ConfigLoader.LoadResult result = ConfigLoader.load(arguments.toArray(String[]::new), Map.of());
    return ProxyServer.start(((ConfigLoader.Run) result).config(), line -> {});
  }

  @Test
  void isMasterUserAsOnRds() throws Exception {
    try (Connection master = connect("postgres")) {
      assertThat(
              value(
                  master,
                  "SELECT concat_ws(',', rolsuper, rolcreatedb, rolcreaterole, rolreplication,"
                      + " rolbypassrls, pg_has_role('rds_superuser', 'USAGE'),"
                      + " pg_has_role('pg_monitor', 'USAGE'), pg_has_role('pg_signal_backend',"
                      + " 'USAGE'), pg_has_role('pg_checkpoint', 'USAGE')) FROM pg_roles WHERE"
                      + " rolname = current_user"))
          .isEqualTo("f,t,t,f,f,t,t,t,t");
      assertThat(
              value(
                  master,
                  "SELECT string_agg(rolname, ',' ORDER BY rolname) FROM pg_roles WHERE rolname"
                      + " LIKE 'rds%' AND NOT rolcanlogin"))
          .isEqualTo("rds_iam,rds_password,rds_replication,rds_superuser");
      assertThat(
              value(
                  master,
                  "SELECT string_agg(concat(datname, '=', datdba::regrole), ',' ORDER BY datname)"
                      + " FROM pg_database WHERE datname IN ('postgres', 'template0',"
                      + " 'template1')"))
          .isEqualTo("postgres=postgres,template0=rdsadmin,template1=postgres");
      assertThat(value(master, "SHOW rds.extensions"))
          .contains("aws_commons, aws_lambda", "pg_trgm");
    }
  }

  @Test
  void doesWhatAMasterUserDoes() throws Exception {
    try (Connection master = connect("postgres")) {
      execute(
          master,
          "CREATE ROLE doer LOGIN PASSWORD 'doer'; GRANT rds_superuser, pg_monitor TO doer; GRANT"
              + " rds_iam, rds_replication, rds_password TO doer; CREATE SCHEMA doers AUTHORIZATION"
              + " postgres; CREATE TABLE public.made (x int); CREATE EXTENSION pg_trgm; SET"
              + " session_replication_role = replica; RESET session_replication_role; DROP TABLE"
              + " public.made; DROP ROLE doer");
      execute(master, "CHECKPOINT");
      execute(master, "CREATE DATABASE made");
      execute(master, "DROP DATABASE made");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "COPY (SELECT 1) TO PROGRAM 'id' | 42501",
        "COPY (SELECT 1) TO '/pglambda-file' | 42501",
        "SELECT pg_read_file('pg-lambda-proxy.keys') | 42501",
        "SELECT pg_read_binary_file('pg-lambda-proxy.keys') | 42501",
        "SELECT pg_ls_dir('.') | 42501",
        "SELECT lo_import('/etc/passwd') | 42501",
        "LOAD 'auto_explain' | 42501",
        "CREATE FUNCTION f() RETURNS int LANGUAGE c AS '$libdir/dblink', 'dblink_connect' | 42501",
        "CREATE EXTENSION dblink | 42501",
        "ALTER ROLE postgres SUPERUSER | 42501",
        "CREATE ROLE evil SUPERUSER | 42501",
        "CREATE ROLE evil REPLICATION | 42501",
        "SET ROLE rdsadmin | 42501",
        "SET SESSION AUTHORIZATION rdsadmin | 42501",
        "GRANT rdsadmin TO postgres | 42501",
        "GRANT pg_execute_server_program TO postgres | 42501",
        "GRANT pg_read_server_files TO postgres | 42501",
        "ALTER ROLE rdsadmin PASSWORD 'x' | 42501",
        "ALTER SYSTEM SET log_statement = 'all' | 42501",
        "SET log_statement = 'all' | 42501",
        "ALTER DEFAULT PRIVILEGES FOR ROLE rdsadmin GRANT ALL ON TABLES TO PUBLIC | 42501",
        "SELECT * FROM pg_authid | 42501",
        "UPDATE pg_class SET relowner = 1 WHERE false | 42501"
      })
  void mayNotDoWhatASuperuserDoes(String statement, String sqlstate) throws Exception {
    try (Connection master = connect("postgres")) {
      assertThatThrownBy(() -> execute(master, statement))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo(sqlstate));
    }
  }

  @Test
  void administratorCannotLogInThroughTheProxyNorPastIt() throws Exception {
    for (int port : List.of(proxy.address().getPort(), serverPort(proxy))) {
      for (String more : List.of("", "?replication=true&preferQueryMode=simple")) {
        assertThatThrownBy(
                () -> DriverManager.getConnection(url(port, "postgres") + more, "rdsadmin", ""))
            .isInstanceOfSatisfying(
                SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("28000"));
      }
    }
    try (Connection past =
        DriverManager.getConnection(url(serverPort(proxy), "postgres"), "postgres", "")) {
      assertThat(value(past, "SHOW is_superuser")).isEqualTo("off");
      assertThat(value(past, "SHOW listen_addresses") + value(past, "SHOW unix_socket_directories"))
          .isEqualTo("127.0.0.1");
    }
  }

  @Test
  void installsTheExtensionWithItsKeysAndGrantsItOn() throws Exception {
    String database = database();
    try (Connection master = connect(database)) {
      execute(
          master,
          "DO $$ BEGIN CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE;"
              + " PERFORM aws_lambda.invoke('echo', '[0]'::json); END $$");
      assertThat(invoke(master, 1)).isEqualTo("[1]");
      assertThat(
              value(
                  master,
                  "SELECT string_agg(DISTINCT o::regrole::text, ',') FROM (SELECT nspowner FROM"
                      + " pg_namespace WHERE nspname ~ 'lambda|commons' UNION SELECT proowner FROM"
                      + " pg_proc WHERE oid >= 16384 UNION SELECT relowner FROM pg_class WHERE"
                      + " relname = 'settings') AS owners (o)"))
          .isEqualTo("rdsadmin");
      execute(
          master,
          "CREATE ROLE app_"
              + database
              + " LOGIN;"
              + " GRANT USAGE ON SCHEMA aws_lambda TO app_"
              + database
              + ";"
              + " GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA aws_lambda TO app_"
              + database);
      try (Connection app =
          DriverManager.getConnection(
              url(proxy.address().getPort(), database), "app_" + database, "")) {
        assertThat(invoke(app, 2)).isEqualTo("[2]");
      }
      execute(master, "DROP EXTENSION aws_lambda; DROP EXTENSION aws_commons");
      execute(master, "CREATE EXTENSION aws_lambda CASCADE");
      assertThat(invoke(master, 3)).isEqualTo("[3]");
      execute(master, "ALTER EXTENSION aws_lambda UPDATE");
      assertThat(invoke(master, 4)).isEqualTo("[4]");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT * FROM pglambda.settings",
        "COPY pglambda.settings TO STDOUT",
        "TABLE pglambda.settings",
        "ALTER TABLE pglambda.settings OWNER TO postgres",
        "CREATE TRIGGER t BEFORE INSERT ON pglambda.settings FOR EACH ROW EXECUTE FUNCTION"
            + " suppress_redundant_updates_trigger()",
        "GRANT SELECT ON pglambda.settings TO postgres",
        "ALTER EXTENSION aws_lambda DROP TABLE pglambda.settings",
        "CREATE OR REPLACE FUNCTION pglambda.connection_value(value text) RETURNS text LANGUAGE sql"
            + " AS 'SELECT 1'",
        "SELECT pglambda.invoke('name', 'echo', NULL, '1', NULL, NULL, NULL, NULL, NULL)",
        "SELECT lo_export(1, 'pg-lambda-proxy.keys')",
        "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION pg_catalog.version()"
      })
  void keysStayWithTheServer(String statement) throws Exception {
    try (Connection master = connect("postgres")) {
      execute(master, "CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE");
      assertThatThrownBy(() -> execute(master, statement))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isIn("42501", "42883", "42P17"));
    }
  }

  @Test
  void seesWhatWasCalledInTheDatabaseAndNothingOfOthers() throws Exception {
    for (int number : List.of(1, 2)) {
      try (Connection master = connect(database())) {
        execute(master, "CREATE EXTENSION aws_lambda CASCADE");
        assertThat(invoke(master, number)).isEqualTo("[" + number + "]");

        assertThat(value(master, "SELECT response FROM pglambda.invocations"))
            .isEqualTo("[" + number + "]");
        assertThat(value(master, "SELECT count(*) FROM pglambda.invocations")).isEqualTo("1");
      }
    }
  }

  @Test
  void installationShowsNoKeyAndRunsNothingOfTheCallers() throws Exception {
    String keys = Files.readString(directory.resolve("data/postgres-17/pg-lambda-proxy.keys"));
    Matcher secrets =
        Pattern.compile("\"[a-z_]*(?:pad|password)\": \"(?:\\\\\\\\x)?([0-9a-f]+)").matcher(keys);
    String database = database();
    try (Connection master = connect(database)) {
      execute(
          master,
          "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC; ALTER DEFAULT PRIVILEGES GRANT"
              + " ALL ON SCHEMAS TO PUBLIC; ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO"
              + " PUBLIC; CREATE SCHEMA trap; CREATE TABLE trap.caught (who text); GRANT ALL ON"
              + " SCHEMA trap TO PUBLIC; GRANT ALL ON trap.caught TO PUBLIC; CREATE FUNCTION"
              + " trap.equal(oid, regrole) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO"
              + " trap.caught VALUES (current_user); RETURN true; END $$; CREATE OPERATOR trap.="
              + " (LEFTARG = oid, RIGHTARG = regrole, FUNCTION = trap.equal); CREATE FUNCTION"
              + " trap.octet_length(bytea) RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO"
              + " trap.caught VALUES (current_user); RETURN 64; END $$; CREATE FUNCTION"
              + " trap.pg_read_file(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO"
              + " trap.caught VALUES (current_user); RETURN '{}'; END $$; CREATE FUNCTION"
              + " trap.concat(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO"
              + " trap.caught VALUES (current_user); RETURN ''; END $$; SET search_path = trap,"
              + " pg_catalog; SET client_min_messages = log; SET debug_print_plan = on; SET"
              + " debug_print_parse = on; SET debug_print_rewritten = on; SET"
              + " log_parameter_max_length_on_error = -1");
      StringBuilder seen = new StringBuilder();
      try (Statement statement = master.createStatement()) {
        statement.execute("CREATE EXTENSION aws_lambda SCHEMA trap CASCADE");
        for (var warning = statement.getWarnings();
            warning != null;
            warning = warning.getNextWarning()) {
          seen.append(warning);
        }
      }
      execute(
          master,
          "SET debug_print_plan = off; SET debug_print_parse = off;"
              + " SET debug_print_rewritten = off; SET client_min_messages = notice;"
              + " SET search_path = public");
      assertThat(secrets.results().map(secret -> secret.group(1)).toList())
          .hasSize(5)
          .noneMatch(secret -> seen.toString().contains(secret));
      assertThat(value(master, "SELECT count(*) FROM trap.caught")).isEqualTo("0");
      assertThat(invoke(master, 1)).isEqualTo("[1]");
      execute(master, "CREATE ROLE low_" + database + " LOGIN");
    }
    try (Connection low =
        DriverManager.getConnection(
            url(proxy.address().getPort(), database), "low_" + database, "")) {
      assertThatThrownBy(() -> invoke(low, 1))
          .hasMessageContaining("permission denied for schema aws_lambda");
    }
  }

  @Test
  void whoIsNotTrustedMayNotInstall() throws Exception {
    String database = database();
    try (Connection master = connect(database)) {
      execute(
          master,
          "CREATE ROLE plain_"
              + database
              + " LOGIN; GRANT CREATE ON DATABASE "
              + database
              + " TO plain_"
              + database);
    }
    for (int port : List.of(proxy.address().getPort(), serverPort(proxy))) {
      try (Connection plain =
          DriverManager.getConnection(url(port, database), "plain_" + database, "")) {
        assertThatThrownBy(() -> execute(plain, "CREATE EXTENSION aws_commons"))
            .hasMessageContaining("permission denied to create extension \"aws_commons\"")
            .hasMessageContaining("--trusted-roles");
      }
    }
  }

  @Test
  void renewsAddressAndKeysAtTheNextStart() throws Exception {
    String database = database();
    try (Connection master = connect(database)) {
      execute(master, "CREATE EXTENSION aws_lambda CASCADE");
    }
    stop();
    proxy = proxy("127.0.0.1:0", "--callback-secret", "another secret than the first start had");
    try (Connection master = connect(database)) {
      assertThat(invoke(master, 5)).isEqualTo("[5]");
    }
    try (Connection past =
        DriverManager.getConnection(url(serverPort(proxy), database), "postgres", "")) {
      assertThat(invoke(past, 6)).as("at the stored address").isEqualTo("[6]");
    }
  }

  @Test
  void runsTheGuideWithThePasswordThatAnOpenAddressDemands() throws Exception {
    stop();
    proxy = proxy("0.0.0.0:0");
    try {
      String password = proxy.embeddedPassword();
      assertThat(password).hasSizeGreaterThan(20);
      assertThat(String.join("\n", proxy.description()))
          .contains("password of postgres: " + password + " (kept in ")
          .doesNotContain("WARNING");
      assertThat(
              PosixFilePermissions.toString(
                  Files.getPosixFilePermissions(directory.resolve("data/embedded-password"))))
          .isEqualTo("rw-------");
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      Guide.run(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), proxy.address().getPort()),
          "postgres",
          password,
          "postgres",
          new PrintStream(out, true, StandardCharsets.UTF_8));
      assertThat(out.toString(StandardCharsets.UTF_8)).contains("a genie", "Hello from Lambda!");
      for (String wrong : List.of("", "wrong")) {
        assertThatThrownBy(
                () ->
                    DriverManager.getConnection(
                        url(serverPort(proxy), "postgres"), "postgres", wrong))
            .isInstanceOf(SQLException.class);
      }
    } finally {
      stop();
      proxy = proxy("127.0.0.1:0");
    }
  }

  @Test
  void asksForTheGivenPassword() throws Exception {
    stop();
    proxy = proxy("127.0.0.1:0", "--embedded-password", "it's-$ecret");
    try (Connection master =
        DriverManager.getConnection(
            url(proxy.address().getPort(), "postgres"), "postgres", "it's-$ecret")) {
      assertThat(value(master, "SELECT 1")).isEqualTo("1");
      assertThatThrownBy(() -> connect("postgres")).isInstanceOf(SQLException.class);
    } finally {
      stop();
      proxy = proxy("127.0.0.1:0");
    }
  }

  @Test
  void filesAreNobodyElses() throws Exception {
    Path data = directory.resolve("data");
    assertThat(mode(data)).isIn("rwx------", "rwx--x---");
    assertThat(mode(data.resolve("postgres-17"))).isEqualTo("rwx------");
    for (String file :
        List.of(
            "postgres-17.log",
            "postgres-17/pg_hba.conf",
            "postgres-17/pg-lambda-proxy.keys",
            "postgres-17/pg-lambda-proxy.state")) {
      assertThat(mode(data.resolve(file))).as(file).isEqualTo("rw-------");
    }
    assertThat(data.resolve("postgres-17.log")).content().doesNotContain("installation\":");
  }

  private static String mode(Path path) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private static int databases;

  /** A new database of the master user's. */
  private static String database() throws SQLException {
    String name = "test_" + ++databases;
    try (Connection master = connect("postgres")) {
      execute(master, "CREATE DATABASE " + name);
    }
    return name;
  }

  private static Connection connect(String database) throws SQLException {
    return DriverManager.getConnection(url(proxy.address().getPort(), database), "postgres", "");
  }

  private static String url(int port, String database) {
    return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
  }

  private static int serverPort(ProxyServer proxy) {
    Matcher port = SERVER_PORT.matcher(String.join("\n", proxy.description()));
    assertThat(port.find()).isTrue();
    return Integer.parseInt(port.group(1));
  }

  private static String invoke(Connection connection, int number) throws SQLException {
    return value(
        connection, "SELECT payload FROM aws_lambda.invoke('echo', '[" + number + "]'::json)");
  }

  private static String value(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      rows.next();
      return rows.getString(1);
    }
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
