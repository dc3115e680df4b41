package dev.pglambda.client.invoke;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.Queries;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What ends its transaction can do so although the proxy has asked the server something before it:
 * from PostgreSQL 18 on, whatever is executed in the same series of messages begins a transaction
 * block.
 */
@ParameterizedClass(name = "PostgreSQL {0}")
@MethodSource("versions")
class CommittingProcedureTest {
  private final LambdaDatabase database;

  CommittingProcedureTest(String version) {
    database = LambdaDatabase.withoutExtension(version);
  }

  static Stream<String> versions() {
    return PostgresServer.versions().stream();
  }

  @AfterEach
  void close() throws SQLException {
    database.close();
    database.postgres().execute("DROP DATABASE " + database.name());
  }

  @ParameterizedTest
  @CsvSource({
    "simple, 5",
    "extended, 5",
    "extended, -1",
    "extendedForPrepared, 5",
    "extendedCacheEverything, 5"
  })
  void commits(String mode, int prepareThreshold) throws SQLException {
    try (Connection connection = database.connect()) {
      Queries.execute(
          connection,
          "CREATE TABLE done (i int)",
          "CREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN"
              + " INSERT INTO done VALUES (1); COMMIT; INSERT INTO done VALUES (2); ROLLBACK;"
              + " END $$",
          "CREATE PROCEDURE setting(t text) LANGUAGE plpgsql AS $$ BEGIN"
              + " INSERT INTO done VALUES (3); COMMIT; END $$",
          "CREATE PROCEDURE install() LANGUAGE plpgsql AS $$ BEGIN"
              + " CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE; COMMIT; END $$");
    }
    try (Connection connection =
            database.connect(
                "preferQueryMode=%s&prepareThreshold=%d".formatted(mode, prepareThreshold));
        var work = connection.prepareStatement("CALL work()")) {
      // Whether a procedure may install it is asked as long as there is one that may.
      work.execute();
      work.execute();
      Queries.execute(
          connection,
          "CALL setting(current_setting('aws_lambda.request_timeout_ms', true))",
          "CALL install()");
      work.execute();
      Queries.execute(
          connection,
          "DROP EXTENSION aws_lambda",
          "DO $$ BEGIN CREATE EXTENSION aws_lambda CASCADE; COMMIT; END $$");
      work.execute();

      assertThat(Queries.row(connection, "SELECT string_agg(i::text, '') FROM done"))
          .isEqualTo("11311");
      assertThat(Queries.row(connection, "SELECT count(*) FROM pglambda.settings")).isEqualTo("1");
    }
  }
}
