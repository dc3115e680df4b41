package dev.pglambda.client.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.ServerErrorMessage;

/** Whose calls the proxy serves itself. */
@ParameterizedClass
@MethodSource("versions")
@Timeout(120)
class DirectPermissionTest {
  private static final String ROLE = "direct_caller";
  private static final String NAMED = "direct_named";
  private static final String MEMBER = "direct_member";
  private static final String CALL = "SELECT payload FROM aws_lambda.invoke('f', '1'::json)";
  private static final String TARGET = "SELECT (aws_lambda.invoke('f', '1'::json)).payload";
  private static final String OPTION = "--trusted-roles";

  /** The extension's functions keep it in the session that they are called in. */
  private static final String SERVED_BY_THE_EXTENSION =
      "SELECT coalesce(current_setting('pglambda.nonce', true), '') <> ''";

  private final String version;
  private final List<LambdaDatabase> databases = new ArrayList<>();

  DirectPermissionTest(String version) {
    this.version = version;
  }

  static Stream<String> versions() {
    return PostgresServer.versions().stream();
  }

  @BeforeEach
  void createRoles() throws SQLException {
    PostgresServer.of(version)
        .execute(
            "CREATE ROLE " + ROLE + " LOGIN",
            "CREATE ROLE " + NAMED,
            "CREATE ROLE " + MEMBER + " LOGIN IN ROLE " + NAMED);
  }

  @AfterEach
  void close() throws SQLException {
    for (LambdaDatabase database : databases) {
      database.close();
      database.postgres().execute("DROP DATABASE " + database.name());
    }
    PostgresServer.of(version).execute("DROP ROLE " + ROLE + ", " + MEMBER + ", " + NAMED);
  }

  private LambdaDatabase bare(String... arguments) {
    return kept(LambdaDatabase.withoutExtension(version, arguments));
  }

  private LambdaDatabase installed(String... arguments) {
    return kept(LambdaDatabase.of(version, arguments));
  }

  private LambdaDatabase kept(LambdaDatabase database) {
    databases.add(database);
    database.lambda().on("f", Reply.echo());
    return database;
  }

  private static void superuser(LambdaDatabase database, String... statements) throws SQLException {
    try (Connection connection = database.connectDirectly()) {
      Queries.execute(connection, statements);
    }
  }

  private static ServerErrorMessage error(LambdaDatabase database, String role, String sql)
      throws SQLException {
    try (Connection connection = database.connectAs(role)) {
      return Queries.error(connection, sql);
    }
  }

  private static void assertCalls(LambdaDatabase database, int expected) {
    assertThat(database.lambda().requests()).hasSize(expected);
  }

  // ---- where nothing is installed

  @ParameterizedTest
  @ValueSource(
      strings = {
        CALL,
        TARGET,
        "SELECT 1; " + TARGET,
        "SET client_encoding = 'LATIN1'; " + CALL,
        "CREATE TEMP TABLE t AS " + CALL
      })
  void aRoleThatMayOnlyLogInIsAnsweredAsByRds(String sql) throws Exception {
    LambdaDatabase database = bare();

    try (WireClient client = client(database, ROLE)) {
      ErrorResponse error = error(client.query(sql).readUntilReady());
      assertThat(error.sqlState()).isEqualTo("3F000");
      assertThat(error.message()).isEqualTo("schema \"aws_lambda\" does not exist");
      assertThat(error.fields().get(ErrorFields.POSITION))
          .isEqualTo(Integer.toString(sql.indexOf("aws_lambda") + 1));
      assertThat(error.fields().get(ErrorFields.HINT)).contains(OPTION).doesNotContain("Run");
      client.parse("", TARGET).sync();
      assertThat(error(client.readUntilReady()).sqlState()).isEqualTo("3F000");
    }
    assertCalls(database, 0);
  }

  @Test
  void superusersAreServed() throws Exception {
    LambdaDatabase database = bare();

    try (Connection connection = database.connect()) {
      assertThat(Queries.row(connection, CALL)).isEqualTo("1");
    }
    assertCalls(database, 1);
  }

  @Test
  void membersOfANamedRoleAreServedAndNobodyElse() throws Exception {
    LambdaDatabase database = bare(OPTION, NAMED);

    try (Connection connection = database.connectAs(MEMBER)) {
      assertThat(Queries.row(connection, CALL)).isEqualTo("1");
    }
    assertThat(error(database, ROLE, CALL).getHint()).contains(OPTION);
    assertCalls(database, 1);
  }

  @Test
  void everybodyIsServedIfThatIsAskedFor() throws Exception {
    LambdaDatabase database = bare(OPTION, "*");

    try (Connection connection = database.connectAs(ROLE)) {
      assertThat(Queries.row(connection, CALL)).isEqualTo("1");
    }
    assertCalls(database, 1);
  }

  @Test
  void whatCallsNothingIsServedForEverybody() throws Exception {
    LambdaDatabase database = bare();

    try (Connection connection = database.connectAs(ROLE)) {
      assertThat(Queries.row(connection, "SELECT aws_commons.create_lambda_function_arn('f', 'r')"))
          .isEqualTo("(f,r)");
    }
  }

  /** What holds is the role at the execution, in the transaction of the execution. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "SET ROLE " + ROLE,
        "SET SESSION AUTHORIZATION " + ROLE,
        "BEGIN; SET LOCAL ROLE " + ROLE,
        "SELECT set_config('role', '" + ROLE + "', false)",
        "SET client_encoding = 'LATIN1'; SET ROLE " + ROLE
      })
  void theRoleMayHaveChangedSinceTheStatementWasPrepared(String change) throws Exception {
    LambdaDatabase database = bare();
    try (WireClient client = client(database, database.postgres().user())) {
      client.parse("s", TARGET).sync().readUntilReady();
      client.query(change).readUntilReady();

      client.bind("", "s", List.of()).execute("", 0).sync();

      ErrorResponse error = error(client.readUntilReady());
      assertThat(error.sqlState()).isEqualTo("3F000");
      assertThat(error.message()).isEqualTo("schema \"aws_lambda\" does not exist");
      assertThat(error.fields().get(ErrorFields.HINT)).contains(OPTION);
      assertThat(error.fields().asMap())
          .doesNotContainKeys(ErrorFields.POSITION, ErrorFields.CONTEXT);
      assertCalls(database, 0);
      client.query("ROLLBACK").readUntilReady();
      client.query("RESET SESSION AUTHORIZATION; RESET ROLE").readUntilReady();
      client.bind("", "s", List.of()).execute("", 0).sync();
      assertThat(errors(client.readUntilReady())).isEmpty();
      assertCalls(database, 1);
    }
  }

  /** The change is pipelined with the execution, and within a text of several statements. */
  @Test
  void theRoleMayChangeJustBefore() throws Exception {
    LambdaDatabase database = bare();
    try (WireClient client = client(database, database.postgres().user())) {
      client.parse("s", TARGET).parse("r", "SET ROLE " + ROLE).bind("", "r", List.of());
      client.execute("", 0).bind("", "s", List.of()).execute("", 0).sync();
      assertThat(error(client.readUntilReady()).sqlState()).isEqualTo("3F000");
      ErrorResponse error =
          error(client.query("SELECT 1; SET ROLE " + ROLE + "; " + CALL).readUntilReady());
      assertThat(error.sqlState()).isEqualTo("3F000");
      client.query("SET ROLE " + ROLE + "; RESET ROLE; " + CALL);
      assertThat(errors(client.readUntilReady())).isEmpty();
    }
    assertCalls(database, 1);
  }

  // ---- where it is installed

  @Test
  void aStatementPreparedBeforeTheExtensionNeedsItsPrivileges() throws Exception {
    LambdaDatabase database = bare(OPTION, "*");
    try (WireClient client = client(database, ROLE);
        Connection owner = database.connect()) {
      client.parse("s", TARGET).sync().readUntilReady();
      Queries.execute(owner, "CREATE EXTENSION aws_lambda CASCADE");

      assertRefused(client, "permission denied for schema aws_lambda");
      Queries.execute(owner, "GRANT USAGE ON SCHEMA aws_lambda TO " + ROLE);
      assertRefused(client, "permission denied for function invoke");
      Queries.execute(
          owner,
          "GRANT EXECUTE ON FUNCTION aws_lambda.invoke(text, jsonb, text, text, text, jsonb,"
              + " varchar) TO "
              + ROLE);
      assertRefused(client, "permission denied for function invoke");
      assertCalls(database, 0);
      Queries.execute(
          owner,
          "GRANT EXECUTE ON FUNCTION aws_lambda.invoke(text, json, text, text, text, json, varchar)"
              + " TO "
              + ROLE);
      client.bind("", "s", List.of()).execute("", 0).sync();
      assertThat(errors(client.readUntilReady())).isEmpty();
      assertCalls(database, 1);
    }
  }

  private static void assertRefused(WireClient client, String message) throws IOException {
    client.bind("", "s", List.of()).execute("", 0).sync();
    ErrorResponse error = error(client.readUntilReady());
    assertThat(error.sqlState()).isEqualTo("42501");
    assertThat(error.message()).isEqualTo(message);
    assertThat(error.fields().asMap())
        .doesNotContainKeys(ErrorFields.POSITION, ErrorFields.CONTEXT, ErrorFields.HINT);
  }

  /** The planner removes the call, or EXPLAIN is left out. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT v.n FROM aws_lambda.invoke('f', '1'::json) AS i RIGHT JOIN (VALUES (1)) AS v(n) ON"
            + " false",
        "SELECT status_code FROM aws_lambda.invoke('f', '1'::json) WHERE false UNION ALL SELECT 1",
        "SET client_encoding = 'LATIN1'; " + TARGET,
        "SET client_encoding = 'LATIN1'; CREATE TEMP TABLE made AS " + CALL
      })
  void nothingIsCalledWithoutTheFunctionsPrivilege(String sql) throws Exception {
    LambdaDatabase database = installed("--direct-calls", "always");
    superuser(database, "GRANT USAGE ON SCHEMA aws_lambda TO " + ROLE);
    try (WireClient client = client(database, ROLE)) {
      List<@Nullable String> states = new ArrayList<>();
      for (String statement : sql.split("; ", -1)) {
        errors(client.query(statement).readUntilReady()).forEach(e -> states.add(e.sqlState()));
      }

      assertThat(states).isEqualTo(sql.contains("LATIN1") ? List.of("42501") : List.of());
    }
    assertCalls(database, 0);
  }

  /** Any role with CREATE on the database can make the schema. */
  @ParameterizedTest
  @ValueSource(strings = {"auto", "always"})
  void aLookAlikeIsNotTheExtension(String mode) throws Exception {
    LambdaDatabase database = bare("--direct-calls", mode);
    superuser(
        database,
        "CREATE SCHEMA aws_lambda AUTHORIZATION " + ROLE,
        "SET ROLE " + ROLE,
        """
        CREATE FUNCTION aws_lambda.invoke(
          function_name text, payload json, region text DEFAULT NULL,
          invocation_type text DEFAULT 'RequestResponse', log_type text DEFAULT 'None',
          context json DEFAULT NULL, qualifier varchar DEFAULT NULL,
          OUT status_code int, OUT payload json)
        LANGUAGE sql AS $$ SELECT 0, '"look-alike"'::json $$\
        """,
        "GRANT USAGE ON SCHEMA aws_lambda TO PUBLIC");

    for (String role : List.of(ROLE, MEMBER)) {
      try (Connection connection = database.connectAs(role)) {
        assertThat(Queries.row(connection, CALL)).isEqualTo("\"look-alike\"");
      }
    }
    assertCalls(database, 0);
    try (Connection connection = database.connect()) {
      assertThat(Queries.row(connection, CALL)).isEqualTo("1");
    }
    assertCalls(database, 1);
  }

  /** Nor is one whose functions are somebody's who is not trusted. */
  @Test
  void aFunctionOfSomebodyElsesIsNotTheExtensions() throws Exception {
    LambdaDatabase database = installed("--direct-calls", "always");
    superuser(
        database,
        "GRANT USAGE, CREATE ON SCHEMA aws_lambda TO " + ROLE,
        "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA aws_lambda TO " + ROLE + ", " + MEMBER,
        "GRANT USAGE ON SCHEMA aws_lambda TO " + MEMBER,
        "ALTER FUNCTION aws_lambda.invoke(text, json, text, text, text, json, varchar) OWNER TO "
            + ROLE);
    try {
      assertThat(error(database, MEMBER, CALL).getSQLState()).isEqualTo("3F000");
      assertCalls(database, 0);
    } finally {
      superuser(database, "DROP EXTENSION aws_lambda CASCADE", "DROP OWNED BY " + ROLE);
    }
  }

  // ---- where the server cannot call back

  /** A function can have any name, and so any line can be in CONTEXT. */
  @Test
  void aForgedContextChangesNothing() throws Exception {
    LambdaDatabase database = installed();
    superuser(
        database,
        "GRANT USAGE ON SCHEMA aws_lambda TO " + ROLE,
        "CREATE SCHEMA own AUTHORIZATION " + ROLE);
    String forged = "own.\"x\npglambda.invoke(text,text,text,text,text,text,text,text,text)\"()";
    try (Connection forger = database.connectAs(ROLE)) {
      Queries.execute(
          forger,
          "CREATE FUNCTION "
              + forged.replace("()", "")
              + "() RETURNS void LANGUAGE plpgsql AS"
              + " $$BEGIN RAISE EXCEPTION USING ERRCODE = '08001'; END$$");
      for (String state : List.of("08001", "08001")) {
        assertThat(Queries.error(forger, "SELECT " + forged).getSQLState()).isEqualTo(state);
        assertThat(Queries.error(forger, CALL).getSQLState()).isEqualTo("42501");
      }
    }
    try (WireClient client = client(database, ROLE)) {
      client.query("SET client_encoding = 'LATIN1'").readUntilReady();
      assertThat(error(client.query("SELECT " + forged).readUntilReady()).sqlState())
          .isEqualTo("08001");
      assertThat(error(client.query(CALL).readUntilReady()).sqlState()).isEqualTo("42501");
    }
    assertCalls(database, 0);
    try (Connection other = database.connect()) {
      assertThat(Queries.row(other, CALL)).isEqualTo("1");
      assertThat(Queries.row(other, SERVED_BY_THE_EXTENSION)).isEqualTo("t");
    }
    try (Connection forger = database.connect()) {
      assertThat(Queries.error(forger, "SELECT " + forged).getSQLState()).isEqualTo("08001");
      assertThat(Queries.row(forger, CALL)).isEqualTo("1");
      assertThat(Queries.row(forger, SERVED_BY_THE_EXTENSION)).isEqualTo("t");
    }
    superuser(database, "DROP OWNED BY " + ROLE);
  }

  /** The proxy tries it itself, and the state is of the one database. */
  @Test
  void callsAreServedWhileTheServerOfTheirDatabaseCannotCallBack() throws Exception {
    LambdaDatabase database = installed();
    superuser(database, rename("open_link", "closed_link"));
    try (Connection first = database.connect("preferQueryMode=simple")) {
      assertThat(Queries.error(first, CALL).getSQLState()).isEqualTo("42883");
      first.setAutoCommit(false);
      assertThat(Queries.row(first, CALL)).isEqualTo("1");
      assertThat(
              Queries.row(
                  first,
                  "SELECT txid_current_if_assigned(), current_setting('pglambda.trial', true)"))
          .isEqualTo("NULL|");
      first.commit();
    }
    try (Connection second = database.connect()) {
      assertThat(Queries.row(second, CALL)).isEqualTo("1");
      assertThat(Queries.row(second, SERVED_BY_THE_EXTENSION)).isEqualTo("f");
    }
    assertCalls(database, 2);
    String elsewhere = database.postgres().createDatabase();
    try (Connection connection = database.proxy().connect(elsewhere)) {
      Queries.execute(connection, "CREATE EXTENSION aws_lambda CASCADE");
      assertThat(Queries.row(connection, CALL)).isEqualTo("1");
      assertThat(Queries.row(connection, SERVED_BY_THE_EXTENSION)).isEqualTo("t");
    }
    database.postgres().dropDatabase(elsewhere);

    superuser(database, rename("closed_link", "open_link"));
    try (Connection third = database.connect()) {
      Queries.execute(third, "DO $$BEGIN PERFORM aws_lambda.invoke('f', '1'::json); END$$");
    }
    try (Connection fourth = database.connect()) {
      assertThat(Queries.row(fourth, CALL)).isEqualTo("1");
      assertThat(Queries.row(fourth, SERVED_BY_THE_EXTENSION)).isEqualTo("t");
    }
  }

  private static String rename(String from, String to) {
    return "ALTER FUNCTION pglambda." + from + "(text, text) RENAME TO " + to;
  }

  /** Nothing is tried in a read-only transaction, nor for a role without privileges. */
  @Test
  void nothingIsTriedWhereItMustNotBe() throws Exception {
    LambdaDatabase database = installed();
    superuser(database, rename("open_link", "closed_link"));
    try (Connection connection = database.connect("preferQueryMode=simple")) {
      assertThat(Queries.error(connection, CALL).getSQLState()).isEqualTo("42883");
      Queries.execute(connection, "BEGIN READ ONLY");
      assertThat(Queries.error(connection, CALL).getSQLState()).isEqualTo("42883");
      assertThat(Queries.error(connection, CALL).getSQLState()).isEqualTo("25P02");
      Queries.execute(connection, "ROLLBACK", "SET ROLE " + ROLE);
      assertThat(Queries.error(connection, CALL).getSQLState()).isEqualTo("42501");
      Queries.execute(connection, "RESET ROLE");
      assertThat(Queries.row(connection, CALL)).isEqualTo("1");
    }
    assertCalls(database, 1);
  }

  private static WireClient client(LambdaDatabase database, String role) throws IOException {
    return WireClient.connect(
        database.proxy().host(), database.proxy().port(), role, database.name(), null);
  }

  private static List<ErrorResponse> errors(List<BackendMessage> messages) {
    return messages.stream()
        .filter(ErrorResponse.class::isInstance)
        .map(ErrorResponse.class::cast)
        .toList();
  }

  private static ErrorResponse error(List<BackendMessage> messages) {
    assertThat(errors(messages)).hasSize(1);
    return errors(messages).get(0);
  }
}
