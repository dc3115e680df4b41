package dev.pglambda.client.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Psql;
import dev.pglambda.testing.Psql.Output;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLException;

/** A call that takes too long is ended, and the request to Lambda with it. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#ofEachVersion")
class CancelTest {

  private static final String PATIENT = "SET aws_lambda.request_timeout_ms = 60000";
  private static final String CALL = "SELECT * FROM aws_lambda.invoke('held', '{}'::json)";
  private static final String CONTEXT = "SQL function \"invoke\" statement 1";

  private final LambdaDatabase database;
  private final FakeLambdaEndpoint lambda;

  CancelTest(LambdaDatabase database) {
    this.database = database;
    lambda = database.lambda();
    lambda.on("held", Reply.json("{}").held());
    lambda.on("hello", Reply.json("\"hello\""));
  }

  /** Something that happens while the call is held. */
  private interface Action {
    void run() throws Exception;
  }

  /**
   * Waits until the call is held, does something, and waits until the endpoint has seen the request
   * end. That is long before the call's own time-out.
   */
  private void awaitAbort(int requestsBefore, int abortedBefore, Action action) throws Exception {
    lambda.awaitRequests(requestsBefore + 1);
    assertThat(lambda.aborted()).isEqualTo(abortedBefore);
    action.run();
    lambda.awaitAborted(abortedBefore + 1);
  }

  @Test
  void endsACallWhenControlAndCAreHitInPsql() throws Exception {
    int requests = lambda.requests().size();
    int aborted = lambda.aborted();
    Psql.Running psql = Psql.throughProxy(database).start(PATIENT + ";\n" + CALL + ";\n");

    awaitAbort(requests, aborted, psql::interrupt);

    assertThat(psql.await().text())
        .isEqualTo(
            """
                  SET
                  Cancel request sent
                  ERROR:  canceling statement due to user request
                  CONTEXT:  %s
                  """
                .formatted(CONTEXT));
  }

  @Test
  void endsACallOfAPsqlThatIsKilled() throws Exception {
    int requests = lambda.requests().size();
    int aborted = lambda.aborted();
    Psql.Running psql = Psql.throughProxy(database).start(PATIENT + ";\n" + CALL + ";\n");

    awaitAbort(requests, aborted, psql::kill);

    psql.await();
  }

  @Test
  void endsACallAtTheStatementTimeout() throws Exception {
    int aborted = lambda.aborted();

    Output output =
        Psql.throughProxy(database)
            .run(PATIENT + ";\nSET statement_timeout = '200ms';\n" + CALL + ";\n");

    assertThat(output.text())
        .isEqualTo(
            """
            SET
            SET
            ERROR:  canceling statement due to statement timeout
            CONTEXT:  %s
            """
                .formatted(CONTEXT));
    lambda.awaitAborted(aborted + 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"simple", "extended"})
  void endsACallThatAJdbcStatementCancels(String mode) throws Exception {
    try (Connection connection = database.connect("preferQueryMode=" + mode);
        Statement statement = connection.createStatement()) {
      Queries.execute(connection, PATIENT);
      int requests = lambda.requests().size();
      int aborted = lambda.aborted();
      CompletableFuture<List<String>> rows = Queries.inBackground(statement, CALL);

      awaitAbort(requests, aborted, statement::cancel);

      assertCancelled(rows, "canceling statement due to user request");
      assertThat(
              Queries.row(connection, "SELECT payload FROM aws_lambda.invoke('hello', '1'::json)"))
          .isEqualTo("\"hello\"");
    }
  }

  private static void assertCancelled(CompletableFuture<List<String>> rows, String message) {
    assertThatThrownBy(rows::get)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            PSQLException.class,
            e -> {
              assertThat(e.getSQLState()).isEqualTo("57014");
              assertThat(Queries.error(e).getMessage()).isEqualTo(message);
              assertThat(Queries.error(e).getWhere()).isEqualTo(CONTEXT);
            });
  }

  @Test
  void endsACallAtTheTimeoutOfAJdbcStatement() throws Exception {
    int aborted = lambda.aborted();
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      Queries.execute(connection, PATIENT);
      statement.setQueryTimeout(1);

      assertCancelled(
          Queries.inBackground(statement, CALL), "canceling statement due to user request");

      lambda.awaitAborted(aborted + 1);
    }
  }

  @Test
  void endsACallThatAnotherSessionCancels() throws Exception {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement();
        Connection other = database.connectDirectly()) {
      Queries.execute(connection, PATIENT);
      String pid = Queries.row(connection, "SELECT pg_backend_pid()");
      int requests = lambda.requests().size();
      int aborted = lambda.aborted();
      CompletableFuture<List<String>> rows = Queries.inBackground(statement, CALL);

      awaitAbort(
          requests, aborted, () -> Queries.row(other, "SELECT pg_cancel_backend(" + pid + ")"));

      assertCancelled(rows, "canceling statement due to user request");
    }
  }

  @Test
  void endsACallOfASessionThatIsTerminated() throws Exception {
    try (Connection other = database.connectDirectly()) {
      int requests = lambda.requests().size();
      int aborted = lambda.aborted();
      try (Connection connection = database.connect();
          Statement statement = connection.createStatement()) {
        Queries.execute(connection, PATIENT);
        String pid = Queries.row(connection, "SELECT pg_backend_pid()");
        CompletableFuture<List<String>> rows = Queries.inBackground(statement, CALL);

        awaitAbort(
            requests,
            aborted,
            () -> Queries.row(other, "SELECT pg_terminate_backend(" + pid + ")"));

        assertThatThrownBy(rows::get)
            .hasMessageContaining("terminating connection due to administrator command");
      }
    }
  }

  @Test
  void cannotBeEndedByTheBlockThatCatchesAllErrors() throws Exception {
    int requests = lambda.requests("held").size();
    int aborted = lambda.aborted();
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      // The link is there, so that the time-out comes while the call is held.
      Queries.row(connection, "SELECT payload FROM aws_lambda.invoke('hello', '{}'::json)");
      Queries.execute(connection, PATIENT, "SET statement_timeout = '1s'");

      CompletableFuture<List<String>> rows =
          Queries.inBackground(
              statement,
              """
              DO $$ BEGIN
                PERFORM * FROM aws_lambda.invoke('held', '{}'::json);
              EXCEPTION WHEN OTHERS THEN
                PERFORM * FROM aws_lambda.invoke('held', '{}'::json);
              END $$
              """);

      assertThatThrownBy(rows::get)
          .hasMessageContaining("canceling statement due to statement timeout");
      lambda.awaitAborted(aborted + 1); // Else it would be counted in the next test.
      assertThat(lambda.requests("held")).hasSize(requests + 1);
    }
  }
}
