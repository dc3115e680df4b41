package dev.pglambda.intercept;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.sql.TextFormat;
import org.junit.jupiter.api.Test;

class WorkerContextTest {
  private static final String WORKER_LINES =
      """
      PL/pgSQL function pglambda.raise_error(text,text,text,text) line 6 at RAISE
      SQL statement "SELECT pglambda.raise_error(outcome, message, detail, hint)"
      PL/pgSQL function pglambda.invoke(text,text,text,text,text,text,text,text,text) line 168 at PERFORM
      """;

  private final ErrorFields error = ErrorFields.fatal("38000", "invoke API failed");

  @Test
  void leavesOnlyTheSqlFunctionAndTheUsersOwnLines() {
    String users =
        """
        SQL function "invoke" statement 1
        SQL statement "SELECT * FROM aws_lambda.invoke('f','{}'::json)"
        PL/pgSQL function told() line 3 at PERFORM\
        """;
    error.with(ErrorFields.CONTEXT, WORKER_LINES + users);

    assertThat(WorkerContext.remove(error, false)).isTrue();
    assertThat(error.get(ErrorFields.CONTEXT)).isEqualTo(users);
  }

  @Test
  void knowsTheWorkerInAnyLanguageOfTheServer() {
    error.with(
        ErrorFields.CONTEXT,
        "PL/pgSQL-Funktion "
            + TextFormat.WORKER
            + " Zeile 9 bei RAISE\nSQL-Funktion \u00bbinvoke\u00ab Anweisung 1");

    assertThat(WorkerContext.remove(error, false)).isTrue();
    assertThat(error.get(ErrorFields.CONTEXT))
        .isEqualTo("SQL-Funktion \u00bbinvoke\u00ab Anweisung 1");
  }

  @Test
  void removesTheFieldIfNothingIsLeft() {
    error.with(ErrorFields.CONTEXT, WORKER_LINES.strip());

    assertThat(WorkerContext.remove(error, false)).isTrue();
    assertThat(error.get(ErrorFields.CONTEXT)).isNull();
  }

  @Test
  void leavesEverythingElseAlone() {
    assertThat(WorkerContext.remove(error, false)).isFalse();
    assertThat(WorkerContext.remove(error, true)).isFalse();

    error.with(ErrorFields.CONTEXT, "PL/pgSQL function f() line 3 at RAISE");
    assertThat(WorkerContext.remove(error, false)).isFalse();
    assertThat(error.get(ErrorFields.CONTEXT)).isEqualTo("PL/pgSQL function f() line 3 at RAISE");
  }

  @Test
  void removesAllContextOfABlockThatStandsForAStatement() {
    error
        .with(
            ErrorFields.CONTEXT, "SQL statement \"..\"\nPL/pgSQL function inline_code_block line 3")
        .with(ErrorFields.INTERNAL_QUERY, "CREATE EXTENSION aws_lambda")
        .with(ErrorFields.INTERNAL_POSITION, "3");

    assertThat(WorkerContext.remove(error, true)).isTrue();
    assertThat(error.get(ErrorFields.CONTEXT)).isNull();
    assertThat(error.get(ErrorFields.INTERNAL_QUERY)).isNull();
    assertThat(error.get(ErrorFields.INTERNAL_POSITION)).isNull();
  }

  @Test
  void leavesWhatAnEventTriggerOfTheUsersDidInsideOfABlock() {
    String users =
        "PL/pgSQL function audit() line 1 at SQL statement\nSQL statement \"CREATE\n TABLE t ()\"";
    error
        .with(
            ErrorFields.CONTEXT,
            users
                + "\nSQL statement \"/* pglambda */ CREATE EXTENSION\n aws_lambda\""
                + "\nPL/pgSQL function inline_code_block line 3 at EXECUTE")
        .with(ErrorFields.INTERNAL_QUERY, "INSERT INTO seen ..")
        .with(ErrorFields.INTERNAL_POSITION, "3");

    assertThat(WorkerContext.remove(error, true)).isTrue();
    assertThat(error.get(ErrorFields.CONTEXT)).isEqualTo(users);
    assertThat(error.get(ErrorFields.INTERNAL_QUERY)).isEqualTo("INSERT INTO seen ..");
    assertThat(error.get(ErrorFields.INTERNAL_POSITION)).isEqualTo("3");
  }
}
