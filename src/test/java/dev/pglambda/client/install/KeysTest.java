package dev.pglambda.client.install;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * How the installed extension comes by the proxy's keys: whoever may install it gets them, in
 * whatever statement CREATE EXTENSION stands; nobody else does, and no text shows them.
 */
@ParameterizedClass(name = "{0}")
@MethodSource("databases")
class KeysTest {
  private static final String INSTALL = "CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE";
  private static final String CALL =
      "SELECT payload FROM aws_lambda.invoke('echo', '{\"a\": 1}'::json)";
  private static final String ROLE = "keys_test_role";
  private static final String NO_PORTAL = "-1";
  private static final String TRUSTED = "keys_test_trusted";

  private final Server server;
  private LambdaDatabase database;

  /** Prints as the test's name. */
  record Server(String version, boolean controlFiles) {
    LambdaDatabase database() {
      return controlFiles
          ? LambdaDatabase.withControlFiles(version, "--trusted-roles", TRUSTED)
          : LambdaDatabase.withoutExtension(version, "--trusted-roles", TRUSTED);
    }
  }

  KeysTest(Server server) {
    this.server = server;
  }

  static Stream<Server> databases() {
    List<String> versions = PostgresServer.versions();
    return Stream.of(versions.get(0), versions.get(versions.size() - 1))
        .flatMap(version -> Stream.of(new Server(version, false), new Server(version, true)));
  }

  @BeforeEach
  void start() throws SQLException {
    database = server.database();
    database.lambda().on("echo", Reply.echo());
    database
        .postgres()
        .execute("CREATE ROLE " + TRUSTED, "CREATE ROLE " + ROLE + " LOGIN IN ROLE " + TRUSTED);
  }

  @AfterEach
  void stop() throws SQLException {
    database.close();
    database
        .postgres()
        .execute("DROP DATABASE " + database.name(), "DROP ROLE " + ROLE, "DROP ROLE " + TRUSTED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        INSTALL + "; " + CALL,
        "BEGIN; " + INSTALL + "; COMMIT; " + CALL,
        "SELECT 1; " + INSTALL + "; " + CALL
      })
  void callsWorkInTheQueryThatInstalls(String text) throws SQLException {
    for (String mode : List.of("simple", "extended")) {
      try (Connection connection = database.connect("preferQueryMode=" + mode);
          Statement statement = connection.createStatement()) {
        List<String> rows = new ArrayList<>();
        for (boolean result = statement.execute(text);
            result || statement.getUpdateCount() >= 0;
            result = statement.getMoreResults()) {
          if (result) {
            rows.addAll(Queries.rows(statement.getResultSet()));
          }
        }
        assertThat(rows).endsWith("{\"a\": 1}");
        Queries.execute(connection, "DROP EXTENSION aws_commons CASCADE");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "BEGIN ISOLATION LEVEL SERIALIZABLE; " + INSTALL + "; COMMIT",
        "BEGIN; COMMIT; " + INSTALL,
        "BEGIN; " + INSTALL + "; COMMIT",
        "BEGIN; " + INSTALL + "; ROLLBACK; " + INSTALL,
      })
  void callsWorkAfterAQueryThatInstallsInATransaction(String text) throws SQLException {
    try (Connection connection = database.connect("preferQueryMode=simple")) {
      Queries.execute(connection, text);

      assertThat(Queries.row(connection, CALL)).isEqualTo("{\"a\": 1}");
    }
  }

  @Test
  void callsWorkAfterAStatementThatWasPreparedBefore() throws SQLException {
    try (Connection connection = database.connect("prepareThreshold=-1");
        var install = connection.prepareStatement(INSTALL)) {
      for (int i = 0; i < 3; i++) {
        install.execute();
        assertThat(Queries.row(connection, CALL)).isEqualTo("{\"a\": 1}");
        Queries.execute(connection, "DROP EXTENSION aws_commons CASCADE");
      }
    }
  }

  @Test
  void callsWorkInTheTransactionThatInstalls() throws SQLException {
    try (Connection connection = database.connect()) {
      connection.setAutoCommit(false);
      Queries.execute(connection, INSTALL);
      assertThat(Queries.row(connection, CALL)).isEqualTo("{\"a\": 1}");
      connection.rollback();
      Queries.execute(connection, INSTALL);
      assertThat(Queries.row(connection, CALL)).isEqualTo("{\"a\": 1}");
      connection.commit();
    }
  }

  @Test
  void callsWorkAfterAStatementThatTheProxyCannotSee() throws SQLException {
    String unseen = "DO $$ BEGIN EXECUTE 'CREATE EXT' || 'ENSION aws_lambda CASCADE'; END $$";
    try (Connection connection = database.connect()) {
      if (!server.controlFiles()) {
        assertThat(Queries.error(connection, unseen).getSQLState()).isIn("58P01", "0A000");
        return;
      }
      Queries.execute(connection, unseen);

      assertThat(Queries.row(connection, CALL)).isEqualTo("{\"a\": 1}");
    }
  }

  @Test
  void aRoleThatIsNotSuperuserInstallsAndCalls() throws SQLException {
    try (Connection superuser = database.connect()) {
      Queries.execute(
          superuser,
          "CREATE EXTENSION dblink",
          "GRANT CREATE ON DATABASE " + database.name() + " TO " + ROLE);
    }
    try (Connection connection = database.connectAs(ROLE)) {
      if (server.controlFiles()) {
        assertThat(Queries.error(connection, INSTALL).getHint())
            .isEqualTo("Must be superuser to create this extension.");
        return;
      }
      Queries.execute(connection, INSTALL);

      assertThat(Queries.row(connection, CALL)).isEqualTo("{\"a\": 1}");
    }
  }

  @Test
  void showsNoKeyInTheTextOfAStatement() throws SQLException {
    try (Connection connection = database.connect()) {
      Queries.execute(
          connection,
          "CREATE TABLE public.texts (t text)",
          "CREATE FUNCTION keep() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO"
              + " public.texts SELECT current_query() UNION ALL SELECT query FROM pg_stat_activity"
              + " UNION ALL SELECT statement FROM pg_cursors UNION ALL SELECT statement FROM"
              + " pg_prepared_statements; END $$",
          "CREATE EVENT TRIGGER keep ON ddl_command_end EXECUTE FUNCTION keep()",
          INSTALL);

      assertThat(Queries.row(connection, "SELECT count(*) > 10 FROM texts")).isEqualTo("t");
      assertThat(
              Queries.row(
                  connection,
                  "SELECT count(*) FROM texts, pglambda.settings AS s WHERE position(link_password"
                      + " in t) > 0 OR position(encode(ipad, 'hex') in t) > 0"))
          .isEqualTo("0");
      assertThat(Queries.row(connection, "SELECT count(*) FROM pg_cursors WHERE name LIKE 'pgl%'"))
          .isEqualTo("0");
      Queries.execute(connection, "DROP EVENT TRIGGER keep");
    }
  }

  @Test
  void offersNothingToARoleThatMayNotInstall() throws SQLException {
    assertThat(offeredTo(ROLE)).isEqualTo(NO_PORTAL);
  }

  @Test
  void offersNothingToARoleThatMayInstallWhereAnotherHas() throws SQLException {
    try (Connection connection = database.connect()) {
      Queries.execute(
          connection, INSTALL, "GRANT CREATE ON DATABASE " + database.name() + " TO " + ROLE);
    }

    assertThat(offeredTo(ROLE)).isEqualTo(NO_PORTAL);
  }

  @Test
  void offersNothingToARoleThatMayCreateSchemasButIsNotTrusted() throws SQLException {
    try (Connection connection = database.connect()) {
      Queries.execute(
          connection,
          "REVOKE " + TRUSTED + " FROM " + ROLE,
          "GRANT CREATE ON DATABASE " + database.name() + " TO " + ROLE);
    }

    assertThat(offeredTo(ROLE)).isEqualTo(NO_PORTAL);
  }

  @Test
  void offersNothingToAnotherRolesFunctionThatASuperuserCallsBeforeItInstalls()
      throws SQLException {
    assertThat(
            offeredTo(
                database.postgres().user(),
                "ALTER FUNCTION peek() OWNER TO " + ROLE,
                "ALTER FUNCTION peek() SECURITY DEFINER"))
        .isEqualTo("0");
  }

  @Test
  void offersTheKeysToASuperuser() throws SQLException {
    assertThat(offeredTo(database.postgres().user())).isEqualTo("1");
    // That function has taken them; the proxy stores them behind the statement.
    try (Connection superuser = database.connect()) {
      assertThat(Queries.row(superuser, "SELECT count(link_password) FROM pglambda.settings"))
          .isEqualTo("1");
    }
  }

  /**
   * How many rows a role finds that looks into the offer before the statement takes it, or {@link
   * #NO_PORTAL}.
   */
  private String offeredTo(String role, String... changes) throws SQLException {
    try (Connection superuser = database.connect()) {
      Queries.execute(
          superuser,
          "CREATE SEQUENCE peeked MINVALUE -1 START 0",
          "GRANT ALL ON SEQUENCE peeked TO PUBLIC",
          """
          CREATE FUNCTION peek() RETURNS void LANGUAGE plpgsql AS $$
          DECLARE
            offer refcursor := 'pglambda_keys';
            keys record;
            number integer := 0;
          BEGIN
            IF NOT EXISTS (SELECT FROM pg_cursors WHERE name = 'pglambda_keys') THEN
              PERFORM setval('peeked', -1); -- stays when the transaction fails
              RETURN;
            END IF;
            LOOP
              FETCH offer INTO keys;
              EXIT WHEN NOT FOUND;
              number := number + 1;
            END LOOP;
            PERFORM setval('peeked', number);
          END $$\
          """);
      Queries.execute(superuser, changes);
      String options = "&preferQueryMode=simple";
      try (Connection connection = database.proxy().connect(database.name(), role, "", options)) {
        Queries.execute(connection, "SELECT peek(); " + INSTALL);
      } catch (SQLException e) {
        assertThat(e.getMessage()).contains("permission denied");
      }
      assertThat(Queries.row(superuser, "SELECT is_called FROM peeked")).isEqualTo("t");
      return Queries.row(superuser, "SELECT last_value FROM peeked");
    }
  }
}
