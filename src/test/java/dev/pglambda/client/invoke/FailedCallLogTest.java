package dev.pglambda.client.invoke;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.InvokeFunction;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.LogCapture;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.Queries;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the operator's log says of a call that has failed. */
class FailedCallLogTest {
  private final LogCapture log = LogCapture.of(InvokeFunction.class);

  @AfterEach
  void close() {
    log.close();
  }

  @ParameterizedTest(name = "with the extension {0}")
  @ValueSource(booleans = {true, false})
  void namesTheClientOnceForAFlood(boolean installed) throws SQLException {
    String version = PostgresServer.versions().get(0);
    try (LambdaDatabase database =
            installed ? LambdaDatabase.of(version) : LambdaDatabase.withoutExtension(version);
        Connection connection = database.connect()) {
      String call = "SELECT * FROM aws_lambda.invoke('absent', '{}'::json)";
      for (int i = 0; i < 3; i++) {
        assertThat(Queries.error(connection, call).getMessage()).isEqualTo("invoke API failed");
      }

      assertThat(log.lines())
          .singleElement()
          .asString()
          .startsWith("Invoking absent in ")
          .contains(" for client /127.0.0.1:");
    }
  }
}
