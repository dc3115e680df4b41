package dev.pglambda.client.install;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.util.PSQLWarning;
import org.postgresql.util.ServerErrorMessage;

/**
 * A database in which an earlier version of the proxy has installed the extension: calls say what
 * to do, and that brings everything up to date, with new keys.
 */
class EarlierVersionTest {
  private static final String ROLE = "earlier_role";
  private static final String UPDATE = "ALTER EXTENSION aws_lambda UPDATE";
  private static final String CALL = "SELECT payload FROM aws_lambda.invoke('echo', '1'::json)";

  /** What that version made of CREATE EXTENSION. */
  private static final String INSTALLING_BLOCK = resource("earlier/create_extension.sql");

  /** What that version made of CREATE EXTENSION aws_lambda CASCADE in the body of a function. */
  private static final String NESTED_BLOCK = resource("earlier/nested_block.sql").strip();

  private static final String OFFER =
      "DECLARE pglambda_keys CURSOR FOR SELECT 'earlier'::text AS link_password,"
          + " decode(repeat('1a', 64), 'hex') AS ipad, decode(repeat('2b', 64), 'hex') AS opad,"
          + " '127.0.0.1' AS host, %d AS port";

  private @Nullable LambdaDatabase used;

  static Iterable<String> versions() {
    return PostgresServer.versions();
  }

  private static String resource(String name) {
    try (InputStream in = EarlierVersionTest.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in).readAllBytes(), US_ASCII);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private LambdaDatabase prepare(String version) throws SQLException {
    LambdaDatabase database = LambdaDatabase.withoutExtension(version, "--trusted-roles", ROLE);
    used = database;
    database.lambda().on("echo", Reply.echo());
    database
        .postgres()
        .execute(
            "CREATE ROLE " + ROLE + " LOGIN",
            "GRANT CREATE ON DATABASE " + database.name() + " TO " + ROLE);
    return database;
  }

  @AfterEach
  void drop() throws SQLException {
    LambdaDatabase database = used;
    if (database != null) {
      database.close();
      database.postgres().execute("DROP DATABASE " + database.name(), "DROP ROLE " + ROLE);
    }
  }

  private static void installAs(String role, LambdaDatabase database) throws SQLException {
    try (Connection connection = database.postgres().connect(database.name(), role, "")) {
      connection.setAutoCommit(false);
      Queries.execute(connection, OFFER.formatted(database.proxy().port()), INSTALLING_BLOCK);
      connection.commit();
    }
  }

  private static List<String> warnings(Connection connection, String sql) throws SQLException {
    List<String> messages = new ArrayList<>();
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
      for (SQLWarning next = statement.getWarnings(); next != null; next = next.getNextWarning()) {
        ServerErrorMessage message = ((PSQLWarning) next).getServerErrorMessage();
        if ("WARNING".equals(message.getSeverity())) {
          messages.add(message.getMessage() + " | " + message.getHint());
        }
      }
    }
    return messages;
  }

  /** What is there, of tables, functions, settings of the database and members. */
  private static List<String> state(Connection connection) throws SQLException {
    return Queries.rows(
        connection,
        """
        SELECT p.oid::regprocedure || ' ' || coalesce(p.proacl::text, '') || ' ' || md5(p.prosrc)
          || coalesce(p.proconfig::text, '') || EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e') AS line
        FROM pg_proc AS p WHERE p.pronamespace IN ('aws_lambda'::regnamespace, 'pglambda'::regnamespace)
        UNION ALL
        SELECT a.attname || ' ' || format_type(a.atttypid, NULL) || ' ' || a.attnotnull
        FROM pg_attribute AS a WHERE a.attrelid = 'pglambda.settings'::regclass AND a.attnum > 0
        UNION ALL
        SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'pglambda.settings'::regclass
        UNION ALL
        SELECT c.oid::regclass || ' ' || c.relkind::text || coalesce(c.relacl::text, '') || pg_get_viewdef(c.oid)
          || EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
        FROM pg_class AS c WHERE c.relnamespace = 'pglambda'::regnamespace AND c.relkind = 'v'
        UNION ALL
        SELECT unnest(setconfig) FROM pg_db_role_setting AS s JOIN pg_database AS d ON d.oid = s.setdatabase
        WHERE d.datname = current_database()
        ORDER BY 1
        """);
  }

  @ParameterizedTest
  @MethodSource("versions")
  void isBroughtUpToDateByAnUpdateThroughTheProxy(String version) throws SQLException {
    LambdaDatabase database = prepare(version);
    installAs("postgres", database);
    try (Connection connection = database.connect()) {
      ServerErrorMessage error = Queries.error(connection, CALL);
      assertThat(error.getSQLState()).isEqualTo("28000");
      assertThat(error.getHint()).contains("Run CREATE EXTENSION IF NOT EXISTS aws_lambda");
      assertThat(warnings(connection, "CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE"))
          .singleElement()
          .asString()
          .contains("installed by an earlier version", "Run ALTER EXTENSION aws_lambda UPDATE");
      try (Connection direct = database.connectDirectly()) {
        assertThat(Queries.error(direct, CALL).getDetail())
            .contains("earlier version of pg-lambda-proxy")
            .contains("Run ALTER EXTENSION aws_lambda UPDATE through the proxy");
      }

      assertThat(warnings(connection, UPDATE)).isEmpty();

      assertThat(Queries.row(connection, CALL)).isEqualTo("1");
      assertThat(
              Queries.row(
                  connection,
                  "SELECT count(*) FROM pglambda.settings WHERE link_password = 'earlier'"
                      + " OR ipad = decode(repeat('1a', 64), 'hex')"))
          .isEqualTo("0");
      List<String> updated = state(connection);
      Queries.execute(
          connection, "DROP EXTENSION aws_lambda", "CREATE EXTENSION aws_lambda CASCADE");
      assertThat(updated).isEqualTo(state(connection));
      assertThat(updated).noneMatch(line -> line.startsWith("aws_lambda.endpoint_override"));
    }
    try (Connection direct = database.connectDirectly()) {
      assertThat(Queries.row(direct, CALL)).isEqualTo("1");
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void isBroughtUpToDateByARoleThatIsNotSuperuser(String version) throws SQLException {
    LambdaDatabase database = prepare(version);
    try (Connection superuser = database.connectDirectly()) {
      Queries.execute(superuser, "CREATE EXTENSION dblink");
    }
    installAs(ROLE, database);
    try (Connection connection = database.connectAs(ROLE)) {
      assertThat(Queries.error(connection, CALL).getSQLState()).isEqualTo("28000");

      assertThat(warnings(connection, UPDATE)).isEmpty();

      assertThat(Queries.row(connection, CALL)).isEqualTo("1");
      List<String> updated = state(connection);
      assertThat(updated).noneMatch(line -> line.contains("open_link"));
      Queries.execute(connection, "DROP EXTENSION aws_lambda", "CREATE EXTENSION aws_lambda");
      assertThat(updated).isEqualTo(state(connection));
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void isLeftToItsOwnerByASuperuser(String version) throws SQLException {
    LambdaDatabase database = prepare(version);
    try (Connection superuser = database.connectDirectly()) {
      Queries.execute(superuser, "CREATE EXTENSION dblink");
    }
    installAs(ROLE, database);
    try (Connection superuser = database.connect()) {
      assertThat(warnings(superuser, UPDATE))
          .containsExactly(
              "the functions of aws_lambda belong to role \"earlier_role\" and are left as they are"
                  + " | Have that role run ALTER EXTENSION aws_lambda UPDATE through the proxy.");
    }
    try (Connection connection = database.connectAs(ROLE)) {
      Queries.execute(connection, UPDATE);

      assertThat(Queries.row(connection, CALL)).isEqualTo("1");
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void runsNoTriggerThatWasPlantedByDefaultPrivileges(String version) throws SQLException {
    LambdaDatabase database = prepare(version);
    try (Connection superuser = database.connectDirectly()) {
      Queries.execute(
          superuser,
          "ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO " + ROLE,
          "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO " + ROLE);
    }
    installAs("postgres", database);
    try (Connection connection = database.postgres().connect(database.name(), ROLE, "")) {
      Queries.execute(
          connection,
          "CREATE SCHEMA trap",
          "CREATE FUNCTION trap.t() RETURNS trigger LANGUAGE plpgsql AS $$"
              + " BEGIN ALTER ROLE earlier_role SUPERUSER; RETURN NULL; END $$",
          "CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON pglambda.settings"
              + " FOR EACH ROW EXECUTE FUNCTION trap.t()",
          "CREATE TRIGGER u AFTER INSERT OR UPDATE OR DELETE ON pglambda.settings"
              + " EXECUTE FUNCTION trap.t()");
    }
    try (Connection superuser = database.connect()) {
      assertThat(Queries.error(superuser, UPDATE).getSQLState()).isEqualTo("55000");
      assertThat(Queries.row(superuser, "SELECT rolsuper FROM pg_roles WHERE rolname = ?", ROLE))
          .isEqualTo("f");
      Queries.execute(
          superuser,
          "DROP TRIGGER t ON pglambda.settings",
          "DROP TRIGGER u ON pglambda.settings",
          UPDATE);
      assertThat(Queries.row(superuser, CALL)).isEqualTo("1");
      assertThat(
              Queries.row(
                  superuser,
                  "SELECT has_schema_privilege(?, 'pglambda', 'USAGE, CREATE')"
                      + " OR has_table_privilege(?, 'pglambda.settings', 'SELECT, TRIGGER')"
                      + " OR has_schema_privilege(?, 'aws_lambda', 'CREATE')",
                  ROLE,
                  ROLE,
                  ROLE))
          .isEqualTo("f");
      Queries.execute(superuser, "DROP OWNED BY " + ROLE);
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void hasProceduresThatStillInstallAndTellWhatTheClientKnows(String version) throws SQLException {
    LambdaDatabase database = prepare(version);
    try (Connection direct = database.connectDirectly()) {
      Queries.execute(
          direct,
          "CREATE PROCEDURE install() LANGUAGE plpgsql AS $$BEGIN\n" + NESTED_BLOCK + ";\nEND$$");
    }
    try (Connection connection = database.connect()) {
      Queries.execute(connection, "CALL install()");

      assertThat(Queries.row(connection, CALL)).isEqualTo("1");
      ServerErrorMessage error = Queries.error(connection, "CALL install()");
      assertThat(error.getSQLState()).isEqualTo("42710");
      assertThat(error.getWhere())
          .isEqualTo(
              "SQL statement \"CREATE EXTENSION aws_lambda CASCADE\"\n"
                  + "PL/pgSQL function install() line 2 at SQL statement");
    }
  }
}
