package dev.pglambda.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyProcess;
import dev.pglambda.testing.Reply;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;

/** The jar that users run is stopped while a call is in progress. */
class ShutdownIT {
  @Test
  void sigtermEndsTheRequestAndTellsTheClient() throws Exception {
    List<String> versions = PostgresServer.versions();
    PostgresServer postgres = PostgresServer.of(versions.get(versions.size() - 1));
    Path directory = Files.createDirectories(Path.of("target", "shutdown"));
    try (FakeLambdaEndpoint lambda = FakeLambdaEndpoint.start();
        ProxyProcess proxy =
            ProxyProcess.with(
                    "--listen=127.0.0.1:0",
                    "--backend=" + postgres.host() + ":" + postgres.port(),
                    "--data-dir=" + Files.createTempDirectory(directory, "data"),
                    "--lambda-endpoint=" + lambda.uri())
                .startAndAwait();
        Connection connection = proxy.connectTo(postgres.createDatabase());
        Statement statement = connection.createStatement()) {
      lambda.on("held", Reply.json("{}").held());
      Queries.execute(
          connection,
          "CREATE EXTENSION aws_lambda CASCADE",
          "SET aws_lambda.request_timeout_ms = 60000");
      CompletableFuture<?> call =
          Queries.inBackground(statement, "SELECT aws_lambda.invoke('held', '{}'::json)");
      lambda.awaitRequests(1);

      proxy.terminate();

      lambda.awaitAborted(1);
      ExecutionException failure = catchThrowableOfType(ExecutionException.class, call::get);
      assertThat(failure.getCause())
          .isInstanceOfSatisfying(
              PSQLException.class,
              e -> {
                assertThat(e.getSQLState()).isEqualTo("57P01");
                assertThat(Queries.error(e).getSeverity()).isEqualTo("FATAL");
              });
      assertThat(proxy.awaitExit()).isEqualTo(143);
    }
  }
}
