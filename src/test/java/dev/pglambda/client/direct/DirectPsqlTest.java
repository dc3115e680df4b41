package dev.pglambda.client.direct;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.client.direct.CallingModes.Mode;
import dev.pglambda.client.direct.CallingModes.Served;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Psql;
import dev.pglambda.testing.Psql.Output;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.ReceivedRequest;
import dev.pglambda.testing.Reply;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** psql's own commands, where the extension serves the calls and where the proxy does. */
@ParameterizedClass
@MethodSource("dev.pglambda.client.direct.CallingModes#ofNewestVersion")
@Timeout(120)
class DirectPsqlTest {
  private static final Logger log = LoggerFactory.getLogger(DirectPsqlTest.class);
  private static final Pattern VERSION = Pattern.compile("psql \\(PostgreSQL\\) (\\d+)");

  private final Mode mode;
  private final LambdaDatabase database;
  private final FakeLambdaEndpoint lambda;
  private final int before;

  DirectPsqlTest(Served served) {
    mode = served.mode();
    database = served.database();
    lambda = database.lambda();
    lambda.on("echo", Reply.echo().withLog("said\n"));
    lambda.on("my-function", Reply.json("{\"statusCode\": 200}").withLog("hello\n"));
    lambda.on("aws_lambda_arn_1", Reply.json("{\"statusCode\": 200}").withLog("hello\n"));
    lambda.on("failing", Reply.functionError("{\"errorMessage\": \"no\"}"));
    before = lambda.requests().size();
  }

  private String run(String script) throws Exception {
    return Psql.throughProxy(database).run(script).text();
  }

  /** Without header, alignment and number of rows. */
  private String runTerse(String script) throws Exception {
    return Psql.throughProxy(database).with("-A", "-t").run(script).text();
  }

  private List<String> requests() {
    return lambda.requests().stream()
        .skip(before)
        .map(request -> invocation(request) + " " + request.text())
        .toList();
  }

  private static String invocation(ReceivedRequest request) {
    return request.functionName() + " " + request.header("X-Amz-Invocation-Type");
  }

  @Test
  void printsARow() throws Exception {
    assertThat(run("SELECT * FROM aws_lambda.invoke('echo', '{\"a\": 1}'::json);"))
        .isEqualTo(
            """
             status_code | payload  | executed_version | log_result\s
            -------------+----------+------------------+------------
                     200 | {"a": 1} | $LATEST          |\s
            (1 row)

            """);
  }

  @Test
  void storesAReplyInVariables() throws Exception {
    assertThat(
            runTerse(
                """
                SELECT status_code, payload FROM aws_lambda.invoke('echo', '"it''s"'::json) \\gset r_
                \\echo :r_status_code :r_payload
                SELECT payload FROM aws_lambda.invoke('echo', to_json(:'r_payload'::text));
                SELECT (aws_lambda.invoke('echo', :'r_payload'::json)).payload \\gset
                \\echo :payload
                """))
        .isEqualTo("200 \"it's\"\n\"\\\"it's\\\"\"\n\"it's\"\n");
    assertThat(requests()).hasSize(3);
  }

  @Test
  void describesTheColumnsWithoutACall() throws Exception {
    assertThat(
            run(
                """
                SELECT *, payload ->> 'a' AS a FROM aws_lambda.invoke('echo', '1'::jsonb) \\gdesc
                SELECT (aws_lambda.invoke('echo', '1'::json)).payload, aws_lambda.invoke('echo', '2'::json) \\gdesc
                SELECT nothing FROM aws_lambda.invoke('echo', '1'::json) \\gdesc
                CREATE TABLE made AS SELECT * FROM aws_lambda.invoke('echo', '1'::json) \\gdesc
                """))
        .isEqualTo(
            """
                  Column      |  Type  \s
            ------------------+---------
             status_code      | integer
             payload          | jsonb
             executed_version | text
             log_result       | text
             a                | text
            (5 rows)

             Column  |  Type \s
            ---------+--------
             payload | json
             invoke  | record
            (2 rows)

            ERROR:  column "nothing" does not exist
            LINE 1: SELECT nothing FROM aws_lambda.invoke('echo', '1'::json)\s
                           ^
            The command has no result, or the result has no columns.
            """);
    assertThat(requests()).isEmpty();
  }

  @Test
  void bindsParameters() throws Exception {
    assumeVersion(16);

    assertThat(
            runTerse(
                """
                SELECT payload FROM aws_lambda.invoke($1, $2::json) \\bind echo 1 \\g
                SELECT (aws_lambda.invoke($1, $2::json)).payload \\bind echo 2 \\g
                SELECT payload FROM aws_lambda.invoke($1, $2::json) \\bind failing 3 \\g
                """))
        .startsWith("1\n2\nERROR:  lambda invocation failed\n");
    assertThat(requests()).hasSize(3);
  }

  private static void assumeVersion(int version) throws Exception {
    String text = Psql.program("psql", "--version").run("").text();
    Matcher matcher = VERSION.matcher(text);
    if (!matcher.find() || Integer.parseInt(matcher.group(1)) < version) {
      String reason = text.strip() + " has no \\bind (expected: psql " + version + " or newer)";
      log.warn("SKIPPED: {}", reason);
      Assumptions.abort(reason);
    }
  }

  @Test
  void watches() throws Exception {
    Psql.Running psql =
        Psql.throughProxy(database)
            .start("SELECT payload FROM aws_lambda.invoke('echo', '1'::json) \\watch 0.01\n");

    lambda.awaitRequests(before + 3);
    psql.kill();

    psql.await();
    assertThat(requests()).containsOnly("echo RequestResponse 1");
  }

  @Test
  void showsACrosstab() throws Exception {
    assertThat(
            run(
                """
                SELECT n, 'code' AS c, status_code FROM aws_lambda.invoke('echo', '1'::json), generate_series(1, 2) AS n
                \\crosstabview
                """))
        .isEqualTo(
            """
             n | code\s
            ---+------
             1 |  200
             2 |  200
            (2 rows)

            """);
    assertThat(requests()).hasSize(1);
  }

  @Test
  void executesWhatAReplySays() throws Exception {
    assertThat(
            runTerse(
                """
                SELECT payload ->> 'sql' FROM aws_lambda.invoke('echo', '{"sql": "SELECT payload FROM aws_lambda.invoke(''echo'', ''2''::json)"}'::json) \\gexec
                SELECT payload FROM aws_lambda.invoke('echo', '3'::json) \\gx
                """))
        .isEqualTo("2\npayload|3\n");
    assertThat(requests()).hasSize(3);
  }

  @Test
  void runsFilesInOneTransaction(@TempDir Path directory) throws Exception {
    Path first = directory.resolve("first.sql");
    Path second = directory.resolve("second.sql");
    Files.writeString(
        first,
        """
        DROP TABLE IF EXISTS files;
        CREATE TABLE files AS SELECT payload FROM aws_lambda.invoke('echo', '1'::json);
        INSERT INTO files SELECT payload FROM aws_lambda.invoke('echo', '2'::json);
        """);
    Files.writeString(
        second, "INSERT INTO files SELECT payload FROM aws_lambda.invoke('failing', '3'::json);\n");
    String[] both = {"-q", "-v", "ON_ERROR_STOP=1", "-1", "-f", first.toString()};

    Output failed = Psql.throughProxy(database).with(both).with("-f", second.toString()).run("");
    assertThat(failed.exitCode()).isEqualTo(3);
    assertThat(failed.text()).contains("psql:" + second + ":1: ERROR:  lambda invocation failed\n");
    try (Connection connection = database.connect()) {
      assertThat(Queries.row(connection, "SELECT to_regclass('files')")).isEqualTo("NULL");
      Output done = Psql.throughProxy(database).with(both).run("");
      assertThat(done.exitCode()).isZero();
      assertThat(Queries.rows(connection, "SELECT payload::text FROM files ORDER BY 1"))
          .containsExactly("1", "2");
      Queries.execute(connection, "DROP TABLE files");
    }
  }

  @Test
  void runsCommandsOfTheCommandLine() throws Exception {
    Output output =
        Psql.throughProxy(database)
            .with("-A", "-t", "-v", "name=echo")
            .with("-c", "SELECT payload FROM aws_lambda.invoke('echo', '1'::json)")
            .with("-c", "SELECT (aws_lambda.invoke('failing', '2'::json)).payload")
            .with("-c", "SELECT nothing FROM aws_lambda.invoke('echo', '3'::json)")
            .run("");

    assertThat(output.exitCode()).isEqualTo(1);
    assertThat(output.text())
        .isEqualTo(
            """
            1
            ERROR:  lambda invocation failed
            DETAIL:  "failing" returned error "Unhandled", details: "{"errorMessage": "no"}".
            CONTEXT:  SQL function "invoke" statement 1
            ERROR:  column "nothing" does not exist
            LINE 1: SELECT nothing FROM aws_lambda.invoke('echo', '3'::json)
                           ^
            """);
    assertThat(requests()).containsExactly("echo RequestResponse 1", "failing RequestResponse 2");
  }

  @Test
  void goesOnInATransactionByItsOwnSavepoints() throws Exception {
    assertThat(
            runTerse(
                """
                \\set ON_ERROR_ROLLBACK on
                BEGIN;
                SELECT payload FROM aws_lambda.invoke('echo', '1'::json);
                SELECT payload FROM aws_lambda.invoke('failing', '2'::json);
                SELECT payload FROM aws_lambda.invoke('echo', '3'::json);
                COMMIT;
                """))
        .isEqualTo(
            """
            BEGIN
            1
            ERROR:  lambda invocation failed
            DETAIL:  "failing" returned error "Unhandled", details: "{"errorMessage": "no"}".
            CONTEXT:  SQL function "invoke" statement 1
            3
            COMMIT
            """);
  }

  @Test
  void fetchesInPortions() throws Exception {
    String script =
        """
        \\set FETCH_COUNT 2
        SELECT n, payload FROM aws_lambda.invoke('echo', '1'::json), generate_series(1, 3) AS n;
        """;
    // psql declares a cursor for it: out of range of direct calls.
    assertThat(runTerse(script))
        .startsWith(
            mode == Mode.ABSENT ? "ERROR:  schema \"aws_lambda\" does not exist\n" : "1|1\n2|1\n");
  }

  /** The statements of AWS's guide, with psql's variable and as the newer editions have them. */
  @Test
  void runsTheStatementsOfTheGuide() throws Exception {
    String output =
        runTerse(
            """
            SELECT aws_commons.create_lambda_function_arn('my-function', 'aws-region') AS aws_lambda_arn_1 \\gset
            SELECT aws_commons.create_lambda_function_arn('111122223333:function:my-function', 'aws-region') AS lambda_partial_arn_1 \\gset
            SELECT aws_commons.create_lambda_function_arn('arn:aws:lambda:aws-region:111122223333:function:my-function') AS lambda_arn_1 \\gset
            \\echo :aws_lambda_arn_1
            SELECT * FROM aws_lambda.invoke(:'aws_lambda_arn_1', '{"body": "Hello from Postgres!"}'::json);
            SELECT * FROM aws_lambda.invoke(:'lambda_partial_arn_1', '{"body": "Hello from Postgres!"}'::json);
            SELECT * FROM aws_lambda.invoke(:'lambda_arn_1', '{"body": "Hello from Postgres!"}'::json);
            SELECT * FROM aws_lambda.invoke(:'aws_lambda_arn_1', '{"body": "Hello from Postgres!"}'::json, 'RequestResponse');
            SELECT * FROM aws_lambda.invoke(aws_commons.create_lambda_function_arn('my-function', 'aws-region'), '{"body": "Hello from Postgres!"}'::json );
            SELECT * FROM aws_lambda.invoke(:'aws_lambda_arn_1', '{"body": "Hello from Postgres!"}'::json, 'Event');
            SELECT *, convert_from(decode(log_result, 'base64'), 'utf-8') as log FROM aws_lambda.invoke(:'aws_lambda_arn_1', '{"body": "Hello from Postgres!"}'::json, 'RequestResponse', 'Tail');
            SELECT * FROM aws_lambda.invoke(:'aws_lambda_arn_1', '{"body": "Hello from Postgres!"}'::json, 'RequestResponse', 'None', NULL, 'custom_version');
            SELECT * FROM aws_lambda.invoke(aws_commons.create_lambda_function_arn('my-function:custom_version', 'us-west-2'), '{"body": "Hello from Postgres!"}'::json);
            SET client_min_messages = error;
            SELECT * FROM aws_lambda.invoke('aws_lambda_arn_1', '{"body": "Hello from Postgres!"}'::json);
            SELECT * FROM aws_lambda.invoke('aws_lambda_arn_1', '{"body": "Hello from Postgres!"}'::json, 'RequestResponse');
            SELECT * FROM aws_lambda.invoke('aws_lambda_arn_1', '{"body": "Hello from Postgres!"}'::json, 'Event');
            SELECT *, convert_from(decode(log_result, 'base64'), 'utf-8') as log FROM aws_lambda.invoke('aws_lambda_arn_1', '{"body": "Hello from Postgres!"}'::json, 'RequestResponse', 'Tail');
            SELECT * FROM aws_lambda.invoke('aws_lambda_arn_1', '{"body": "Hello from Postgres!"}'::json, 'RequestResponse', 'None', NULL, 'custom_version');
            """);

    String hello = "200|{\"statusCode\": 200}|$LATEST|\n";
    String logged = "200|{\"statusCode\": 200}|$LATEST|aGVsbG8K|hello\n\n";
    assertThat(output)
        .isEqualTo(
            "(my-function,aws-region)\n"
                + hello.repeat(5)
                + "202|||\n"
                + logged
                + hello.repeat(2)
                + "SET\n"
                + hello.repeat(2)
                + "202|||\n"
                + logged
                + hello);
  }
}
