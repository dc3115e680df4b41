package dev.pglambda.client.install;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is installed works in the statement that installs it. */
@ParameterizedClass(name = "PostgreSQL {0}")
@MethodSource("versions")
class InstalledAtOnceTest {
  private static final String CALL = "aws_lambda.invoke('echo', '{\"a\": 1}'::json)";

  private final LambdaDatabase database;

  InstalledAtOnceTest(String version) {
    // As docs/configuration.md says for poolers, whose users are to have it as good.
    database = LambdaDatabase.withoutExtension(version, "--callback-parameter", "off");
    database.lambda().on("echo", Reply.echo());
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
  @ValueSource(
      strings = {
        "DO $$ BEGIN CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE; PERFORM <call>; END $$",
        "DO $$ BEGIN EXECUTE 'CREATE EXTENSION aws_lambda CASCADE'; PERFORM <call>; END $$",
        "DO $$ BEGIN CREATE EXTENSION aws_lambda CASCADE; END $$; SELECT <call>",
        "DO $$ BEGIN CREATE EXTENSION aws_lambda CASCADE; PERFORM <call>;"
            + " EXCEPTION WHEN OTHERS THEN RAISE WARNING '%', SQLERRM; END $$",
      })
  void inABlock(String text) throws SQLException {
    for (String mode : List.of("simple", "extended", "extendedForPrepared")) {
      try (Connection connection = database.connect("preferQueryMode=" + mode)) {
        int before = database.lambda().requests().size();
        Queries.execute(connection, text.replace("<call>", CALL));

        assertThat(database.lambda().requests()).hasSize(before + 1);
        Queries.execute(connection, "DROP EXTENSION aws_commons CASCADE");
      }
    }
  }

  @Test
  void inAProcedureThatWasCreatedBefore() throws SQLException {
    try (Connection connection = database.connect()) {
      Queries.execute(
          connection,
          "CREATE PROCEDURE install() LANGUAGE plpgsql AS $$ BEGIN"
              + " CREATE EXTENSION aws_lambda CASCADE; PERFORM "
              + CALL
              + "; EXCEPTION WHEN OTHERS THEN RAISE WARNING '%', SQLERRM; END $$");
    }
    for (String mode : List.of("simple", "extended")) {
      try (Connection connection = database.connect("preferQueryMode=" + mode)) {
        int before = database.lambda().requests().size();
        Queries.execute(connection, "CALL install()");

        assertThat(database.lambda().requests()).hasSize(before + 1);
        assertThat(Queries.row(connection, "SELECT (" + CALL + ").payload"))
            .isEqualTo("{\"a\": 1}");
        Queries.execute(connection, "DROP EXTENSION aws_commons CASCADE");
      }
    }
  }

  @Test
  void behindAFunctionThatInstalls() throws SQLException {
    try (Connection connection = database.connect()) {
      Queries.execute(
          connection,
          "CREATE FUNCTION install() RETURNS void LANGUAGE plpgsql AS $$ BEGIN"
              + " CREATE EXTENSION aws_lambda CASCADE; END $$",
          "SELECT install()");

      assertThat(Queries.row(connection, "SELECT (" + CALL + ").payload")).isEqualTo("{\"a\": 1}");
    }
  }

  @Test
  void whenAStatementThatWasPreparedIsExecutedLater() throws SQLException {
    try (Connection connection = database.connect("prepareThreshold=-1");
        var install = connection.prepareStatement("CREATE EXTENSION aws_lambda CASCADE");
        var drop = connection.prepareStatement("DROP EXTENSION aws_commons CASCADE")) {
      for (int i = 0; i < 3; i++) {
        connection.setAutoCommit(false);
        install.execute();
        assertThat(Queries.row(connection, "SELECT (" + CALL + ").payload"))
            .isEqualTo("{\"a\": 1}");
        connection.commit();
        drop.execute();
        connection.commit();
      }
    }
  }

  @Test
  void parametersAnswerInEverySession() throws SQLException {
    try (Connection before = database.connect();
        Connection connection = database.connect()) {
      Queries.execute(connection, "CREATE EXTENSION aws_lambda CASCADE");

      for (String statement :
          List.of("SELECT 1", "DISCARD ALL", "RESET ALL", "RESET aws_lambda.request_timeout_ms")) {
        Queries.execute(before, statement);
        assertThat(Queries.row(before, "SHOW aws_lambda.request_timeout_ms")).isEqualTo("3000");
        assertThat(Queries.row(before, "SELECT current_setting('aws_lambda.connect_timeout_ms')"))
            .isEqualTo("1000");
        assertThat(Queries.row(before, "SHOW aws_lambda.endpoint_override")).isEmpty();
      }
      Queries.execute(before, "SET aws_lambda.request_timeout_ms = 10");
      assertThat(Queries.row(before, "SHOW aws_lambda.request_timeout_ms")).isEqualTo("10");
    }
  }
}
