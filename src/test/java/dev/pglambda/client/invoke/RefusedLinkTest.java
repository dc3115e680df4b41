package dev.pglambda.client.invoke;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.util.ServerErrorMessage;

/** More of the server's processes call than may be connected to the proxy. */
class RefusedLinkTest {
  private static final String CALL = "SELECT payload FROM aws_lambda.invoke('echo', '1'::json)";

  @ParameterizedTest
  @MethodSource("dev.pglambda.testing.LambdaDatabase#oldestAndNewestVersion")
  void saysThatThereAreTooMany(String version) throws SQLException {
    try (LambdaDatabase database = LambdaDatabase.of(version, "--max-callback-links", "1");
        Connection first = database.connect();
        Connection second = database.connect()) {
      database.lambda().on("echo", Reply.echo());
      assertThat(Queries.row(first, CALL)).isEqualTo("1");

      ServerErrorMessage error = Queries.error(second, CALL);

      assertThat(error.getSQLState()).isEqualTo("53300");
      assertThat(error.getMessage())
          .isEqualTo("too many servers' processes are connected to pg-lambda-proxy");
      assertThat(error.getHint()).contains("--max-callback-links");
      assertThat(database.lambda().requests()).hasSize(1);
      assertThat(Queries.row(first, CALL)).isEqualTo("1");
    }
  }
}
