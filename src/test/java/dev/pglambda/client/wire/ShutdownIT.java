package dev.pglambda.client.wire;

import static dev.pglambda.testing.Awaiting.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyProcess;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postgresql.util.PSQLException;

/** The jar that users run is told to stop while it is used. */
@Timeout(120)
class ShutdownIT {
  private static final int TERMINATED = 143;
  private static final String CALL = "SELECT payload FROM aws_lambda.invoke('held', '{}'::json)";

  private static PostgresServer postgres() {
    List<String> versions = PostgresServer.versions();
    return PostgresServer.of(versions.get(versions.size() - 1));
  }

  private static ProxyProcess proxy(
      PostgresServer postgres, FakeLambdaEndpoint lambda, String grace)
      throws IOException, InterruptedException {
    Path directory = Files.createDirectories(Path.of("target", "shutdown"));
    return ProxyProcess.with(
            "--listen=127.0.0.1:0",
            "--backend=" + postgres.host() + ":" + postgres.port(),
            "--data-dir=" + Files.createTempDirectory(directory, "data"),
            "--lambda-endpoint=" + lambda.uri(),
            "--shutdown-grace=" + grace)
        .startAndAwait();
  }

  private static void install(Connection connection) throws SQLException {
    Queries.execute(
        connection,
        "CREATE EXTENSION aws_lambda CASCADE",
        "SET aws_lambda.request_timeout_ms = 60000");
  }

  @Test
  void whatRunsWhenTheGraceIsOverIsEndedAndTheClientIsTold() throws Exception {
    PostgresServer postgres = postgres();
    try (FakeLambdaEndpoint lambda = FakeLambdaEndpoint.start();
        ProxyProcess proxy = proxy(postgres, lambda, "500ms");
        Connection connection = proxy.connectTo(postgres.createDatabase());
        Statement statement = connection.createStatement()) {
      lambda.on("held", Reply.json("{}").held());
      install(connection);
      CompletableFuture<?> call = Queries.inBackground(statement, CALL);
      lambda.awaitRequests(1);

      proxy.terminate();

      lambda.awaitAborted(1);
      ExecutionException failure = catchThrowableOfType(ExecutionException.class, call::get);
      assertThat(failure.getCause()).isInstanceOfSatisfying(PSQLException.class, ShutdownIT::ended);
      assertThat(proxy.awaitExit()).isEqualTo(TERMINATED);
    }
  }

  @Test
  void callsAndTransactionsEndWithinTheGrace() throws Exception {
    PostgresServer postgres = postgres();
    String database = postgres.createDatabase();
    try (FakeLambdaEndpoint lambda = FakeLambdaEndpoint.start();
        ProxyProcess proxy = proxy(postgres, lambda, "60s");
        Connection calling = proxy.connectTo(database);
        Statement statement = calling.createStatement();
        Connection inTransaction = proxy.connectTo(database);
        Connection idle = proxy.connectTo(database)) {
      lambda.on("held", Reply.json("[1]").held());
      lambda.on("other", Reply.json("[2]"));
      install(calling);
      Queries.execute(idle, "SELECT 1");
      inTransaction.setAutoCommit(false);
      Queries.execute(inTransaction, "CREATE TABLE kept AS SELECT 1 AS answer");
      CompletableFuture<List<String>> call = Queries.inBackground(statement, CALL);
      lambda.awaitRequests(1);

      proxy.terminate();

      awaitRefusal(proxy, database);
      ended(catchThrowableOfType(PSQLException.class, () -> Queries.execute(idle, "SELECT 1")));
      // The first call of its session: PostgreSQL connects to the proxy only now.
      assertThat(
              Queries.row(
                  inTransaction, "SELECT payload FROM aws_lambda.invoke('other', '{}'::json)"))
          .isEqualTo("[2]");
      inTransaction.commit();
      lambda.release();
      assertThat(call.get(30, TimeUnit.SECONDS)).containsExactly("[1]");
      ended(catchThrowableOfType(PSQLException.class, () -> Queries.execute(calling, "SELECT 1")));
      assertThat(proxy.awaitExit()).isEqualTo(TERMINATED);
    }
    try (Connection direct = postgres.connect(database)) {
      assertThat(Queries.row(direct, "SELECT answer FROM kept")).isEqualTo("1");
    }
  }

  @Test
  void callOfASessionThatDidNotComeThroughTheProxyEndsWithinTheGrace() throws Exception {
    PostgresServer postgres = postgres();
    String database = postgres.createDatabase();
    try (FakeLambdaEndpoint lambda = FakeLambdaEndpoint.start();
        ProxyProcess proxy = proxy(postgres, lambda, "60s");
        Connection direct = postgres.connect(database);
        Statement statement = direct.createStatement()) {
      lambda.on("held", Reply.json("[1]").held());
      try (Connection installing = proxy.connectTo(database)) {
        install(installing);
      }
      Queries.execute(direct, "SET aws_lambda.request_timeout_ms = 60000");
      CompletableFuture<List<String>> call = Queries.inBackground(statement, CALL);
      lambda.awaitRequests(1);

      proxy.terminate();

      awaitRefusal(proxy, database);
      lambda.release();
      assertThat(call.get(30, TimeUnit.SECONDS)).containsExactly("[1]");
      assertThat(proxy.awaitExit()).isEqualTo(TERMINATED);
    }
  }

  /** New clients are refused as soon as the signal has arrived. */
  private static void awaitRefusal(ProxyProcess proxy, String database) {
    await("a new client is refused")
        .until(
            () -> {
              try (Connection late = proxy.connectTo(database)) {
                Queries.execute(late, "SELECT 1");
                return "";
              } catch (SQLException refused) {
                return refused.getSQLState();
              }
            },
            "57P03"::equals);
  }

  private static void ended(PSQLException e) {
    assertThat(e.getSQLState()).isEqualTo("57P01");
    assertThat(Queries.error(e).getSeverity()).isEqualTo("FATAL");
  }
}
