package dev.pglambda.client.tools;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Psql;
import dev.pglambda.testing.Psql.Output;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** What psql prints of errors, and its scripts and files. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#ofEachVersion")
class PsqlTest {
  private final LambdaDatabase database;

  PsqlTest(LambdaDatabase database) {
    this.database = database;
    database.lambda().on("hello", Reply.json("{\"text\": \"hello\"}"));
    database.lambda().on("failing", Reply.functionError("{\"errorMessage\": \"no\"}"));
  }

  private String run(String script) throws Exception {
    return Psql.throughProxy(database).run(script).text();
  }

  @Test
  void showsTheErrorOfAnUnknownFunction() throws Exception {
    assertThat(run("SELECT * FROM aws_lambda.invoke('unknown', '{}'::json);"))
        .isEqualTo(
            """
            ERROR:  invoke API failed
            DETAIL:  AWS Lambda client returned 'Function not found: arn:aws:lambda:us-east-1:000000000000:function:unknown:$LATEST'.
            CONTEXT:  SQL function "invoke" statement 1
            """);
  }

  @Test
  void showsTheErrorOfAFunctionThatFails() throws Exception {
    assertThat(run("SELECT * FROM aws_lambda.invoke('failing', '{}'::json);"))
        .isEqualTo(
            """
            ERROR:  lambda invocation failed
            DETAIL:  "failing" returned error "Unhandled", details: "{"errorMessage": "no"}".
            CONTEXT:  SQL function "invoke" statement 1
            """);
  }

  @Test
  void showsTheUsersOwnLinesOfContext() throws Exception {
    assertThat(
            run(
                """
                CREATE FUNCTION pg_temp.call() RETURNS void LANGUAGE plpgsql AS $$
                BEGIN
                  PERFORM * FROM aws_lambda.invoke('failing', '{}'::json);
                END $$;
                DO $$ BEGIN PERFORM pg_temp.call(); END $$;
                """))
        .matches(
            """
            CREATE FUNCTION
            ERROR:  lambda invocation failed
            DETAIL:  .*
            CONTEXT:  SQL function "invoke" statement 1
            SQL statement "SELECT \\* FROM aws_lambda.invoke\\('failing', '\\{}'::json\\)"
            PL/pgSQL function pg_temp_\\d+.call\\(\\) line 3 at PERFORM
            SQL statement "SELECT pg_temp.call\\(\\)"
            PL/pgSQL function inline_code_block line 1 at PERFORM
            """);
  }

  @Test
  void showsTheCodesOfErrorsIfAsked() throws Exception {
    String text =
        run(
            """
            \\set VERBOSITY verbose
            SELECT * FROM aws_lambda.invoke('unknown', '{}'::json);
            SELECT * FROM aws_lambda.invoke('failing', '{}'::json);
            SELECT * FROM aws_lambda.invoke('hello', '{}'::json, NULL, 'event');
            SELECT * FROM aws_lambda.invoke('hello', NULL::json);
            SELECT * FROM aws_lambda.invoke('hello', '{}');
            """);

    assertThat(text.lines().filter(line -> line.startsWith("ERROR:")))
        .containsExactly(
            "ERROR:  38000: invoke API failed",
            "ERROR:  38000: lambda invocation failed",
            "ERROR:  22023: invalid value for argument \"invocation_type\" of aws_lambda.invoke:"
                + " \"event\"",
            "ERROR:  22004: argument \"payload\" of aws_lambda.invoke must not be null",
            "ERROR:  42725: function aws_lambda.invoke(unknown, unknown) is not unique");
    assertThat(text)
        .contains("HINT:  Available values: RequestResponse, Event, DryRun (case-sensitive).\n");
  }

  @Test
  void knowsWhereInTheTextAnErrorIs() throws Exception {
    assertThat(run("SELECT *\n  FROM aws_lambda.invoke('hello', '{}');"))
        .contains(
            """
            LINE 2:   FROM aws_lambda.invoke('hello', '{}');
                           ^
            """);
  }

  @Test
  void runsAFileInOneTransaction(@TempDir Path directory) throws Exception {
    try (LambdaDatabase empty = LambdaDatabase.withoutExtension(database.version())) {
      empty.lambda().on("hello", Reply.json("{\"text\": \"hello\"}"));
      Path script = directory.resolve("install.sql");
      Files.writeString(
          script,
          """
          CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE;
          CREATE TABLE replies AS SELECT * FROM aws_lambda.invoke('hello', '{}'::json);
          """);

      Output output = Psql.throughProxy(empty).with("-1", "-f", script.toString()).run("");

      assertThat(output)
          .isEqualTo(
              new Output(
                  0,
                  """
                  psql:%s:1: NOTICE:  installing required extension "aws_commons"
                  CREATE EXTENSION
                  SELECT 1
                  """
                      .formatted(script)));
      try (Connection connection = empty.connect()) {
        assertThat(Queries.row(connection, "SELECT payload FROM replies"))
            .isEqualTo("{\"text\": \"hello\"}");
      }
    }
  }

  @Test
  void leavesNothingOfAFileThatFails(@TempDir Path directory) throws Exception {
    try (LambdaDatabase empty = LambdaDatabase.withoutExtension(database.version())) {
      empty.lambda().on("hello", Reply.json("{\"text\": \"hello\"}"));
      Path script = directory.resolve("install.sql");
      Files.writeString(
          script,
          """
          CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE;
          CREATE TABLE replies AS SELECT * FROM aws_lambda.invoke('unknown', '{}'::json);
          """);

      Output output =
          Psql.throughProxy(empty)
              .with("-1", "-v", "ON_ERROR_STOP=1", "-f", script.toString())
              .run("");

      assertThat(output.exitCode()).isEqualTo(3);
      assertThat(output.text()).contains("psql:" + script + ":2: ERROR:  invoke API failed\n");
      try (Connection connection = empty.connect()) {
        assertThat(
                Queries.rows(connection, "SELECT extname FROM pg_extension WHERE extname ~ 'aws'"))
            .isEmpty();
        assertThat(Queries.row(connection, "SELECT to_regnamespace('pglambda')")).isEqualTo("NULL");
      }
    }
  }

  @Test
  void copiesFilesInAndOut(@TempDir Path directory) throws Exception {
    Path in = directory.resolve("in.csv");
    Path out = directory.resolve("out.csv");
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 20_000; i++) {
      lines.append(i).append(",\"{\"\"text\"\": \"\"ärger, \uD83D\uDE00\"\"}\"\n");
    }
    Files.writeString(in, lines);

    String text =
        run(
            """
            CREATE TEMPORARY TABLE copied (id int, document json);
            \\copy copied FROM '%s' CSV
            \\copy (SELECT * FROM copied ORDER BY id) TO '%s' CSV
            """
                .formatted(in, out));

    assertThat(text).isEqualTo("CREATE TABLE\nCOPY 20000\nCOPY 20000\n");
    assertThat(out).hasSameBinaryContentAs(in);
  }

  @Test
  void copiesRepliesOutOfTheDatabase() throws Exception {
    assertThat(
            run(
                """
                COPY (SELECT status_code, payload FROM generate_series(1, 3),
                  LATERAL aws_lambda.invoke('hello', '{}'::json)) TO STDOUT;
                """))
        .isEqualTo("200\t{\"text\": \"hello\"}\n".repeat(3));
  }
}
