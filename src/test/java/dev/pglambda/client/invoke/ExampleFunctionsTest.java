package dev.pglambda.client.invoke;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.RequiredPrograms;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The functions in examples/ answer as its README says. */
class ExampleFunctionsTest {
  private static final Path EXAMPLES = Path.of("examples");

  /** A statement, and what it returns in a comment below it. */
  private static final Pattern CALL = Pattern.compile("(?m)^(SELECT .*);\n-- (.*)$");

  /** The first calls start a runtime each, beside all that a build does. */
  private static final String PATIENCE = "SET aws_lambda.request_timeout_ms = 30000";

  @BeforeAll
  static void requirePrograms() {
    RequiredPrograms.skipWithout("python3", "node");
  }

  @Test
  void theFolderAnswersAsItsReadmeSays() throws Exception {
    List<MatchResult> calls =
        CALL.matcher(Files.readString(EXAMPLES.resolve("README.md"))).results().toList();
    assertThat(calls).hasSize(3);
    try (LambdaDatabase database =
            LambdaDatabase.withFunctions(EXAMPLES.resolve("functions").toString());
        Connection connection = database.connect()) {
      Queries.execute(connection, PATIENCE);
      for (MatchResult call : calls) {
        assertThat(Queries.row(connection, call.group(1))).isEqualTo(call.group(2));
      }
    }
  }

  @Test
  void theRoutesOfTheFileAnswer() throws Exception {
    try (LambdaDatabase database =
            LambdaDatabase.withFunctions(EXAMPLES.resolve("functions.yaml").toString());
        Connection connection = database.connect()) {
      Queries.execute(connection, PATIENCE);

      assertThat(invoke(connection, "'hello', '{\"name\": \"you\"}'::json"))
          .isEqualTo("{\"greeting\": \"Hello you, from Python!\"}|$LATEST");
      assertThat(invoke(connection, "'hello-versioned:live', '{}'::json"))
          .isEqualTo("{\"greeting\": \"Hello world, from Python!\"}|2");
      assertThat(approved(connection, "alice")).isEqualTo("true|alice");
      assertThat(approved(connection, "mallory")).isEqualTo("false|mallory");
      assertThat(status(connection)).isEqualTo("running");
      assertThat(status(connection)).isEqualTo("done");
      assertThat(status(connection)).isEqualTo("done");
      assertThat(
              Queries.error(connection, "SELECT aws_lambda.invoke('broken', '{}'::json)")
                  .getMessage())
          .isEqualTo("lambda invocation failed");
    }
  }

  private static String invoke(Connection connection, String arguments) throws Exception {
    return Queries.row(
        connection, "SELECT payload, executed_version FROM aws_lambda.invoke(" + arguments + ")");
  }

  private static String approved(Connection connection, String customer) throws Exception {
    return Queries.row(
        connection,
        "SELECT payload->>'approved', payload->>'customer'"
            + " FROM aws_lambda.invoke('credit-check', json_build_object('customer', ?::text))",
        customer);
  }

  private static String status(Connection connection) throws Exception {
    return Queries.row(
        connection,
        "SELECT payload->>'status' FROM aws_lambda.invoke('report-status', '{}'::json)");
  }
}
