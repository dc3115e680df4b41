package dev.pglambda.client.invoke;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Psql;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@code pglambda.invocations} shows, and to whom. */
class InvocationsViewTest {
  private static final String OWNER = "invocations_owner";
  private static final String OTHER = "invocations_other";
  private static final String NAMES = "SELECT function_name FROM pglambda.invocations ORDER BY id";

  private final List<LambdaDatabase> opened = new ArrayList<>();

  static Stream<String> versions() {
    return LambdaDatabase.oldestAndNewestVersion();
  }

  private LambdaDatabase open(LambdaDatabase database) {
    opened.add(database);
    return database;
  }

  private LambdaDatabase installed(String version) {
    LambdaDatabase database = open(LambdaDatabase.of(version));
    database.lambda().on("echo", Reply.echo());
    database.lambda().on("failing", Reply.functionError("{\"errorMessage\": \"no\"}"));
    return database;
  }

  @AfterEach
  void close() {
    opened.forEach(LambdaDatabase::close);
  }

  private static void call(Connection connection, String function) throws SQLException {
    Queries.execute(connection, "SELECT aws_lambda.invoke('" + function + "', '[1]'::json)");
  }

  @ParameterizedTest
  @MethodSource("versions")
  void showsEachCallAsSqlSawIt(String version) throws SQLException {
    try (Connection connection = installed(version).connect()) {
      String tail = "SELECT 1 FROM aws_lambda.invoke('echo:live', '{\"a\":  1}'::json,";
      Queries.execute(connection, tail + " 'eu-west-1', log_type => 'Tail')");
      Queries.error(connection, "SELECT aws_lambda.invoke('failing', 'null'::jsonb)");
      Queries.error(connection, "SELECT aws_lambda.invoke('echo', '2'::json, NULL, 'Never')");

      assertThat(
              Queries.rows(
                  connection,
                  """
                  SELECT function_name, invocation_type, status_code, payload, response, outcome, sqlstate,
                    message, region, started_at > now() - interval '5 minutes',
                    queue_ms = 0 AND duration_ms >= lambda_ms,
                    server_process = pg_backend_pid(), database = current_database(), replay_of
                  FROM pglambda.invocations ORDER BY id
                  """))
          .satisfiesExactly(
              line ->
                  assertThat(line)
                      .matches(
                          "echo:live\\|RequestResponse\\|200\\|\\{\"a\":  1}\\|\\{\"a\":  1}\\|ok"
                              + "\\|NULL\\|NULL\\|eu-west-1\\|t\\|t\\|t\\|t\\|NULL"),
              line ->
                  assertThat(line)
                      .startsWith("failing|RequestResponse|200|null|{\"errorMessage\": \"no\"}")
                      .contains("|function_error|38000|lambda invocation failed|us-east-1|t|t|"),
              line ->
                  assertThat(line).startsWith("echo|Never|NULL|2|NULL|error|").contains("Never"));
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void showsAnErrorWherePostgresqlRefusesTheReply(String version) throws SQLException {
    LambdaDatabase database = installed(version);
    database.lambda().on("text", Reply.json("Task timed out after 3.00 seconds"));
    database.lambda().on("zero", Reply.json("\"\0\""));
    try (Connection connection = database.connect()) {
      for (String function : List.of("text", "zero")) {
        Queries.error(connection, "SELECT aws_lambda.invoke('" + function + "', '1'::json)");
      }

      assertThat(
              Queries.rows(
                  connection,
                  "SELECT outcome, sqlstate, message, response FROM pglambda.invocations ORDER BY id"))
          .containsExactly(
              "error|22P02|invalid input syntax for type json|Task timed out after 3.00 seconds",
              "error|22021|invalid byte sequence for encoding \"UTF8\"|\"\ufffd\"");
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void isNotAmongWhatItShowsAndAsksLambdaForNothing(String version) throws SQLException {
    LambdaDatabase database = installed(version);
    try (Connection connection = database.connect()) {
      assertThat(Queries.rows(connection, NAMES)).isEmpty();
      call(connection, "echo");

      assertThat(Queries.rows(connection, NAMES)).containsExactly("echo");
      assertThat(Queries.rows(connection, NAMES)).containsExactly("echo");
      assertThat(database.lambda().requests()).hasSize(1);
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void showsMoreThanAPage(String version) throws SQLException {
    try (Connection connection = installed(version).connect()) {
      Queries.execute(
          connection,
          "SELECT aws_lambda.invoke('echo', to_json(n)) FROM generate_series(1, 1200) AS n");

      assertThat(Queries.rows(connection, "SELECT payload FROM pglambda.invocations"))
          .isEqualTo(
              IntStream.rangeClosed(1, 1200).mapToObj(n -> String.valueOf(1201 - n)).toList());
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void showsTheCallsOfItsOwnDatabaseOnlyAlsoInSessionsPastTheProxy(String version)
      throws SQLException {
    LambdaDatabase database = installed(version);
    String other = database.postgres().createDatabase();
    try (Connection connection = database.connect();
        Connection elsewhere = database.proxy().connect(other);
        Connection direct = database.connectDirectly()) {
      Queries.execute(elsewhere, "CREATE EXTENSION aws_lambda CASCADE");
      call(elsewhere, "echo");
      call(connection, "echo");
      call(direct, "echo");

      assertThat(Queries.rows(connection, NAMES)).hasSize(2);
      assertThat(Queries.rows(direct, NAMES)).hasSize(2);
      assertThat(Queries.rows(elsewhere, NAMES)).hasSize(1);
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void isForTheRoleThatHasInstalledItAndForSuperusers(String version) throws SQLException {
    LambdaDatabase database =
        open(LambdaDatabase.withoutExtension(version, "--trusted-roles", OWNER));
    database.lambda().on("echo", Reply.echo());
    String name = database.name();
    database
        .postgres()
        .execute(
            "CREATE ROLE " + OWNER + " LOGIN",
            "CREATE ROLE " + OTHER + " LOGIN",
            "GRANT CREATE ON DATABASE " + name + " TO " + OWNER);
    try (Connection superuser = database.connect();
        Connection owner = database.connectAs(OWNER);
        Connection other = database.connectAs(OTHER)) {
      Queries.execute(
          superuser,
          "CREATE EXTENSION dblink",
          "ALTER DEFAULT PRIVILEGES FOR ROLE " + OWNER + " GRANT ALL ON TABLES TO " + OTHER);
      Queries.execute(
          owner,
          "CREATE EXTENSION aws_lambda CASCADE",
          "GRANT USAGE ON SCHEMA aws_lambda TO " + OTHER,
          "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA aws_lambda TO " + OTHER);
      call(other, "echo");

      assertThat(Queries.rows(owner, NAMES)).containsExactly("echo");
      assertThat(Queries.rows(superuser, NAMES)).containsExactly("echo");
      assertThat(Queries.error(other, NAMES).getSQLState()).isEqualTo("42501");
      Queries.execute(owner, "GRANT USAGE ON SCHEMA pglambda TO " + OTHER);
      assertThat(Queries.error(other, NAMES).getMessage())
          .isEqualTo("permission denied for view invocations");
      Queries.execute(owner, "GRANT SELECT ON pglambda.invocations TO " + OTHER);
      assertThat(Queries.error(other, NAMES).getMessage())
          .isEqualTo("permission denied for function recorded_invocations");
      Queries.execute(
          owner, "GRANT EXECUTE ON FUNCTION pglambda.recorded_invocations() TO " + OTHER);
      assertThat(Queries.rows(other, NAMES)).containsExactly("echo");

      Queries.execute(owner, "DROP EXTENSION aws_lambda");
    } finally {
      database.postgres().execute("DROP DATABASE " + name + force(version));
      database.postgres().execute("DROP ROLE " + OWNER, "DROP ROLE " + OTHER);
    }
  }

  private static String force(String version) {
    return Integer.parseInt(version) >= 13 ? " WITH (FORCE)" : "";
  }

  @ParameterizedTest
  @MethodSource("versions")
  void goesAndComesWithTheExtension(String version) throws SQLException {
    try (Connection connection = installed(version).connect()) {
      call(connection, "echo");
      Queries.execute(connection, "DROP EXTENSION aws_lambda");
      assertThat(Queries.error(connection, NAMES).getSQLState()).isEqualTo("42P01");

      Queries.execute(connection, "CREATE EXTENSION aws_lambda");
      call(connection, "echo");
      Queries.execute(
          connection,
          "ALTER EXTENSION aws_lambda DROP VIEW pglambda.invocations",
          "DROP VIEW pglambda.invocations",
          "ALTER EXTENSION aws_lambda DROP FUNCTION pglambda.recorded_invocations()",
          "DROP FUNCTION pglambda.recorded_invocations()",
          "ALTER EXTENSION aws_lambda UPDATE");

      assertThat(Queries.rows(connection, NAMES)).containsExactly("echo"); // of this installation
      assertThat(Queries.error(connection, "DROP VIEW pglambda.invocations").getMessage())
          .endsWith("because extension aws_lambda requires it");
    }
  }

  /** Lambda may answer what no text of the database's can be. */
  @ParameterizedTest
  @MethodSource("versions")
  void canBeReadWhateverWasAnswered(String version) throws SQLException {
    LambdaDatabase database = installed(version);
    String name = database.name() + "_latin";
    database
        .postgres()
        .execute(
            "CREATE DATABASE "
                + name
                + " ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
    database.lambda().on("odd", Reply.json("\"\u00e4 \u20ac \0 \\u20ac\""));
    try (Connection latin = database.proxy().connect(name);
        Connection utf8 = database.connect()) {
      Queries.execute(latin, "CREATE EXTENSION aws_lambda CASCADE");
      for (Connection each : List.of(latin, utf8)) {
        Queries.error(each, "SELECT aws_lambda.invoke('odd', '1'::json)");
      }

      String response = "SELECT response FROM pglambda.invocations";
      assertThat(Queries.row(latin, response)).isEqualTo("\"\u00e4 ? ? \\u20ac\"");
      assertThat(Queries.row(utf8, response)).isEqualTo("\"\u00e4 \u20ac \ufffd \\u20ac\"");
    }
  }

  /** Whoever may use dblink can put a link to something else in the place of the proxy's. */
  @ParameterizedTest
  @MethodSource("versions")
  void endsWhereAnotherAnswersThanTheProxy(String version) throws SQLException {
    try (Connection connection = installed(version).connect()) {
      Queries.execute(
          connection,
          """
          CREATE OR REPLACE FUNCTION pglambda.invoke(
            form text, function_name text, arn_region text, payload text, region text,
            invocation_type text, log_type text, context text, qualifier text,
            OUT status_code integer, OUT reply text, OUT executed_version text, OUT log_result text)
          RETURNS record LANGUAGE sql AS $$ SELECT 200, '{}'::text, NULL::text, NULL::text $$
          """,
          "SET statement_timeout TO '10s'");

      assertThat(Queries.rows(connection, NAMES)).isEmpty();
    }
  }

  @Test
  void isEnoughForATestInPlainSql() throws Exception {
    LambdaDatabase database = open(LambdaDatabase.withFunctions("examples/testing/functions"));
    Path example = Path.of("examples", "testing", "notify-order.sql");
    Psql psql =
        Psql.throughProxy(database)
            .with("--quiet", "-v", "ON_ERROR_STOP=1", "-f", example.toString());

    for (int i = 0; i < 2; i++) {
      Psql.Output output = psql.run("");
      assertThat(output.exitCode()).as(output.text()).isZero();
      assertThat(output.text()).endsWith("ok: notify-order was called once with the row\n");
    }
  }
}
