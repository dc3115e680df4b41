package dev.pglambda.client.invoke;

import static dev.pglambda.testing.Awaiting.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Many clients at a time, and clients that come and go. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#ofNewestVersion")
class ConcurrencyTest {
  private static final int MANY = 500;
  private static final Duration PATIENCE = Duration.ofSeconds(50);

  private final LambdaDatabase database;
  private final FakeLambdaEndpoint lambda;

  ConcurrencyTest(LambdaDatabase database) {
    this.database = database;
    lambda = database.lambda();
    lambda.on("echo", Reply.echo());
    lambda.on("held", Reply.echo().held());
  }

  private interface Task<T> {
    T run(int number) throws Exception;
  }

  private interface Watch<T> {
    void over(List<Future<T>> running) throws Exception;
  }

  /** Runs tasks, so many at a time, and watches over them; their results, in their order. */
  private static <T> List<T> run(int tasks, int atATime, Task<T> task, Watch<T> watch)
      throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(atATime);
    try {
      List<Future<T>> running =
          IntStream.range(0, tasks)
              .mapToObj(number -> threads.submit((Callable<T>) () -> task.run(number)))
              .toList();
      watch.over(running);
      List<T> results = new ArrayList<>();
      for (Future<T> one : running) {
        results.add(one.get());
      }
      return results;
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  @Timeout(180)
  void fiveHundredCallsAreFiveHundredConcurrentRequests() throws Exception {
    List<Connection> connections = run(MANY, 8, number -> patientConnection(), running -> {});
    try {
      List<String> replies =
          run(
              MANY,
              MANY,
              number ->
                  Queries.row(
                      connections.get(number),
                      "SELECT payload FROM aws_lambda.invoke('held', to_json(?))",
                      number),
              this::releaseWhenAllAreThere);

      assertThat(replies).isEqualTo(IntStream.range(0, MANY).mapToObj(Integer::toString).toList());
      assertThat(lambda.maxConcurrency()).isEqualTo(MANY);
      assertThat(lambda.requests("held").size()).isEqualTo(MANY);
      assertThat(lambda.aborted()).isZero();
    } finally {
      for (Connection connection : connections) {
        connection.abort(Runnable::run);
      }
      await("all sessions have ended").until(() -> database.proxy().sessions() == 0);
    }
  }

  private void releaseWhenAllAreThere(List<Future<String>> running) throws Exception {
    await("all requests are in progress")
        .atMost(PATIENCE)
        .until(() -> lambda.inProgress() == MANY || running.stream().anyMatch(Future::isDone));
    for (Future<String> one : running) {
      if (one.isDone()) {
        throw new AssertionError("ended early: " + one.get());
      }
    }
    lambda.release();
  }

  private Connection patientConnection() throws SQLException {
    Connection connection = database.connect();
    Queries.execute(connection, "SET aws_lambda.request_timeout_ms = 120000");
    return connection;
  }

  @Test
  void aClientThatDisappearsTakesItsRequestAlong() throws Exception {
    int requests = lambda.requests().size();
    int aborted = lambda.aborted();
    Connection connection = patientConnection();
    Statement statement = connection.createStatement();
    CompletableFuture<List<String>> result =
        Queries.inBackground(statement, "SELECT aws_lambda.invoke('held', '1'::json)");
    lambda.awaitRequests(requests + 1);

    connection.abort(Runnable::run); // closes the socket, and says nothing to the server

    lambda.awaitAborted(aborted + 1); // long before the call's own time-out
    assertThat(result).failsWithin(PATIENCE);
    await("the session has ended").until(() -> database.proxy().sessions() == 0);
  }

  @Test
  void aClientThatDisappearsDoesNotDisturbTheOthers() throws Exception {
    int before = lambda.requests().size();
    int aborted = lambda.aborted();
    Connection first = patientConnection();
    try (Connection second = patientConnection();
        Statement statement = second.createStatement()) {
      CompletableFuture<List<String>> gone =
          Queries.inBackground(
              first.createStatement(), "SELECT aws_lambda.invoke('held', '1'::json)");
      CompletableFuture<List<String>> stays =
          Queries.inBackground(
              statement, "SELECT payload FROM aws_lambda.invoke('held', '2'::json)");
      lambda.awaitRequests(before + 2);

      first.abort(Runnable::run);
      lambda.awaitAborted(aborted + 1);
      lambda.release();

      assertThat(stays.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).containsExactly("2");
      assertThat(gone).failsWithin(PATIENCE);
    }
  }

  @Test
  void sessionsThatComeAndGoLeaveNothingBehind() throws Exception {
    int connectionsBefore = lambda.connections();
    List<Integer> served =
        run(
            4,
            4,
            number -> {
              int count = 0;
              for (int i = 0; i < 50; i++) {
                Connection connection = database.connect();
                count +=
                    Queries.rows(connection, "SELECT aws_lambda.invoke('echo', '1'::json)").size();
                if (i % 5 == 0) {
                  connection.abort(Runnable::run);
                } else {
                  connection.close();
                }
              }
              return count;
            },
            running -> {});

    assertThat(served).containsOnly(50);
    await("all sessions have ended").until(() -> database.proxy().sessions() == 0);
    try (Connection direct = database.connectDirectly()) {
      await("the server's processes have ended").until(() -> othersIn(direct) == 0);
    }
    assertThat(lambda.connections() - connectionsBefore)
        .as("connections to the endpoint, which are used again")
        .isLessThan(50);
  }

  private static int othersIn(Connection connection) throws SQLException {
    return Integer.parseInt(
        Queries.row(
            connection,
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                + " AND pid <> pg_backend_pid()"));
  }
}
