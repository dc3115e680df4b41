package dev.pglambda.client.invoke;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.ServerErrorMessage;

/** The parameters of {@code aws_lambda}, and who may call. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#ofEachVersion")
class SettingsTest {
  private static final String ROLE = "client_plain";
  private static final String SLOW = "SELECT payload FROM aws_lambda.invoke('slow', '1'::json)";
  private static final String TIMED_OUT =
      "AWS Lambda client returned 'curlCode: 28, Timeout was reached'.";

  private final LambdaDatabase database;
  private final FakeLambdaEndpoint lambda;
  private final Connection connection;

  SettingsTest(LambdaDatabase database) throws SQLException {
    this.database = database;
    lambda = database.lambda();
    lambda.on("hello", Reply.json("\"hello\""));
    lambda.on("slow", Reply.json("\"slow\"").after(Duration.ofMillis(300)));
    connection = database.connect();
  }

  @BeforeEach
  void createRole() throws SQLException {
    Queries.execute(connection, "CREATE ROLE " + ROLE + " LOGIN");
  }

  @AfterEach
  void close() throws SQLException {
    connection.setAutoCommit(true);
    Queries.execute(connection, "DROP OWNED BY " + ROLE, "DROP ROLE " + ROLE);
    connection.close();
  }

  private void grant() throws SQLException {
    Queries.execute(
        connection,
        "GRANT USAGE ON SCHEMA aws_lambda TO " + ROLE,
        "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA aws_lambda TO " + ROLE);
  }

  @ParameterizedTest
  @CsvSource({
    "aws_lambda.connect_timeout_ms, 1000",
    "aws_lambda.request_timeout_ms, 3000",
    "aws_lambda.endpoint_override, ''",
  })
  void areShownWithTheirDefaults(String parameter, String value) throws SQLException {
    assertThat(Queries.row(connection, "SHOW " + parameter)).isEqualTo(value);
    if (!value.isEmpty()) {
      try (Connection direct = database.connectDirectly()) {
        assertThat(Queries.row(direct, "SHOW " + parameter)).isEqualTo(value);
      }
    }
  }

  @Test
  void holdForTheSessionOrTheTransactionThatSetsThem() throws SQLException {
    assertThat(Queries.row(connection, SLOW)).isEqualTo("\"slow\"");

    Queries.execute(connection, "SET aws_lambda.request_timeout_ms = 50");
    assertThat(Queries.row(connection, "SHOW aws_lambda.request_timeout_ms")).isEqualTo("50");
    assertThat(Queries.error(connection, SLOW).getDetail()).isEqualTo(TIMED_OUT);

    connection.setAutoCommit(false);
    Queries.execute(connection, "SET LOCAL aws_lambda.request_timeout_ms = 20000");
    assertThat(Queries.row(connection, SLOW)).isEqualTo("\"slow\"");
    connection.commit();
    assertThat(Queries.error(connection, SLOW).getDetail()).isEqualTo(TIMED_OUT);
    connection.rollback();

    Queries.execute(connection, "RESET aws_lambda.request_timeout_ms");
    assertThat(Queries.row(connection, SLOW)).isEqualTo("\"slow\"");
  }

  @Test
  void canBeSetForARole() throws SQLException {
    grant();
    Queries.execute(connection, "ALTER ROLE " + ROLE + " SET aws_lambda.request_timeout_ms = 50");

    try (Connection user = database.connectAs(ROLE)) {
      assertThat(Queries.row(user, "SHOW aws_lambda.request_timeout_ms")).isEqualTo("50");
      assertThat(Queries.error(user, SLOW).getDetail()).isEqualTo(TIMED_OUT);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "request; 0; 0 is outside the valid range for parameter"
            + " \"aws_lambda.request_timeout_ms\" (1 .. 900000)",
        "request; 900001; 900001 is outside the valid range for parameter"
            + " \"aws_lambda.request_timeout_ms\" (1 .. 900000)",
        "connect; -1; -1 is outside the valid range for parameter"
            + " \"aws_lambda.connect_timeout_ms\" (1 .. 900000)",
        "connect; soon; invalid value for parameter \"aws_lambda.connect_timeout_ms\": \"soon\"",
      },
      quoteCharacter = '`')
  void areCheckedByTheNextCall(String which, String value, String message) throws SQLException {
    int before = lambda.requests("hello").size();
    Queries.execute(connection, "SET aws_lambda.%s_timeout_ms = '%s'".formatted(which, value));

    ServerErrorMessage error =
        Queries.error(connection, "SELECT * FROM aws_lambda.invoke('hello', '1'::json)");

    assertThat(error.getSQLState()).isEqualTo("22023");
    assertThat(error.getMessage()).isEqualTo(message);
    assertThat(lambda.requests("hello")).hasSize(before);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "DROP EXTENSION aws_lambda CASCADE",
        "DROP EXTENSION IF EXISTS aws_commons CASCADE",
      })
  void leaveNothingInTheDatabaseWhenTheExtensionIsDropped(String drop) throws SQLException {
    String left =
        "SELECT unnest(setconfig) FROM pg_db_role_setting AS s JOIN pg_database AS d"
            + " ON d.oid = s.setdatabase WHERE d.datname = current_database() AND setrole = 0";
    connection.setAutoCommit(false);
    assertThat(Queries.rows(connection, left))
        .containsExactlyInAnyOrder(
            "aws_lambda.connect_timeout_ms=1000", "aws_lambda.request_timeout_ms=3000");
    Queries.execute(connection, drop);
    assertThat(Queries.rows(connection, left)).isEmpty();
    connection.rollback();

    Queries.execute(
        connection,
        "ALTER DATABASE " + database.name() + " SET aws_lambda.request_timeout_ms = 5000",
        drop);
    assertThat(Queries.rows(connection, left))
        .as("what a user has set")
        .containsExactly("aws_lambda.request_timeout_ms=5000");
    connection.rollback();
  }

  @Test
  void doNotLetAUserChooseTheEndpoint() throws SQLException {
    int before = lambda.requests("hello").size();
    Queries.execute(
        connection,
        "SET aws_lambda.endpoint_override = '" + FakeLambdaEndpoint.refusing() + "'",
        "SELECT * FROM aws_lambda.invoke('hello', '1'::json)");

    assertThat(lambda.requests("hello")).hasSize(before + 1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'hello', '1'::json",
        "'hello', '1'::jsonb",
        "aws_commons.create_lambda_function_arn('hello'), '1'::json",
        "aws_commons.create_lambda_function_arn('hello'), '1'::jsonb",
      })
  void letNobodyCallWithoutBothGrants(String arguments) throws SQLException {
    String call = "SELECT payload FROM aws_lambda.invoke(" + arguments + ")";
    try (Connection user = database.connectAs(ROLE)) {
      ServerErrorMessage withoutUsage = Queries.error(user, call);
      Queries.execute(connection, "GRANT USAGE ON SCHEMA aws_lambda TO " + ROLE);
      ServerErrorMessage withoutExecute = Queries.error(user, call);
      grant();
      String granted = Queries.row(user, call);

      assertThat(withoutUsage.getSQLState()).isEqualTo("42501");
      assertThat(withoutUsage.getMessage()).isEqualTo("permission denied for schema aws_lambda");
      assertThat(withoutExecute.getSQLState()).isEqualTo("42501");
      assertThat(withoutExecute.getMessage()).isEqualTo("permission denied for function invoke");
      assertThat(granted).isEqualTo("\"hello\"");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT * FROM pglambda.settings",
        "SELECT pglambda.link_names()",
        "SELECT pglambda.open_link('x', 'host=127.0.0.1')",
        "SELECT * FROM pglambda.ask('pglambda', 'hello') AS a",
      })
  void giveACallerNothingOfWhatLiesBeneath(String statement) throws SQLException {
    grant();
    try (Connection user = database.connectAs(ROLE)) {
      Queries.execute(user, "SELECT * FROM aws_lambda.invoke('hello', '1'::json)");

      ServerErrorMessage error = Queries.error(user, statement);

      assertThat(error.getSQLState()).isEqualTo("42501");
      assertThat(error.getMessage()).isEqualTo("permission denied for schema pglambda");
    }
  }
}
