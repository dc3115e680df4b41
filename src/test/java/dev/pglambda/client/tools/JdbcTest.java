package dev.pglambda.client.tools;

import static dev.pglambda.testing.JdbcCalls.CALL;
import static dev.pglambda.testing.JdbcCalls.callTenTimes;
import static dev.pglambda.testing.JdbcCalls.insertInABatch;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.net.URI;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Types;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLWarning;

/**
 * pgjdbc in all its modes. What it asks of the protocol does not depend on the server's version.
 */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#ofNewestVersion")
class JdbcTest {

  private final LambdaDatabase database;
  private final FakeLambdaEndpoint lambda;

  JdbcTest(LambdaDatabase database) {
    this.database = database;
    lambda = database.lambda();
    lambda.on("echo", Reply.echo());
    lambda.on("failing", Reply.functionError("{}"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "preferQueryMode=simple",
        "preferQueryMode=extended",
        "preferQueryMode=extendedForPrepared",
        "preferQueryMode=extendedCacheEverything",
        "prepareThreshold=1",
        "prepareThreshold=0",
        "prepareThreshold=-1",
        "binaryTransfer=false",
      })
  void callsTenTimesInEachMode(String mode) throws SQLException {
    int before = lambda.requests("echo").size();
    try (Connection connection = database.connect(mode)) {
      callTenTimes(connection);
    }
    assertThat(lambda.requests("echo").size()).isEqualTo(before + 10);
  }

  @Test
  void describesAStatementBeforeItIsExecuted() throws SQLException {
    int before = lambda.requests("echo").size();
    try (Connection connection = database.connect();
        PreparedStatement statement =
            connection.prepareStatement("SELECT * FROM aws_lambda.invoke(?::text, ?::jsonb)")) {
      ResultSetMetaData columns = statement.getMetaData();

      assertThat(columns.getColumnCount()).isEqualTo(4);
      assertThat(columns.getColumnName(1)).isEqualTo("status_code");
      assertThat(columns.getColumnType(1)).isEqualTo(Types.INTEGER);
      assertThat(columns.getColumnTypeName(2)).isEqualTo("jsonb");
      assertThat(statement.getParameterMetaData().getParameterCount()).isEqualTo(2);
      assertThat(statement.getParameterMetaData().getParameterTypeName(2)).isEqualTo("jsonb");
    }
    assertThat(lambda.requests("echo").size()).isEqualTo(before);
  }

  @Test
  void fetchesRowsInPortions() throws SQLException {
    try (Connection connection = database.connect()) {
      connection.setAutoCommit(false);
      try (PreparedStatement statement =
          connection.prepareStatement(
              "SELECT n, r.payload FROM generate_series(1, 100) AS n,"
                  + " LATERAL aws_lambda.invoke('echo', to_json(n)) AS r")) {
        statement.setFetchSize(7);
        int before = lambda.requests("echo").size();
        try (ResultSet rows = statement.executeQuery()) {
          for (int i = 1; i <= 100; i++) {
            assertThat(rows.next()).isTrue();
            assertThat(rows.getString(2)).isEqualTo(Integer.toString(i));
            assertThat(lambda.requests("echo").size())
                .as("calls made by the time of row " + i)
                .isEqualTo(before + Math.min((i + 6) / 7 * 7, 100));
          }
          assertThat(rows.next()).isFalse();
        }
      }
      connection.commit();
    }
  }

  @Test
  void executesBatches() throws SQLException {
    try (Connection connection = database.connect()) {
      insertInABatch(connection, 300);
    }
  }

  @Test
  void skipsTheRestOfABatchAfterAnError() throws SQLException {
    try (Connection connection = database.connect()) {
      int before = lambda.requests("echo").size();
      try (PreparedStatement statement = connection.prepareStatement(CALL)) {
        for (String function : new String[] {"echo", "failing", "echo", "echo"}) {
          statement.setString(1, function);
          statement.setString(2, "1");
          statement.addBatch();
        }
        assertThatThrownBy(statement::executeBatch)
            .isInstanceOf(BatchUpdateException.class)
            .hasMessageContaining("lambda invocation failed");
      }
      assertThat(lambda.requests("echo").size()).isEqualTo(before + 1);
      assertThat(Queries.row(connection, "SELECT 1")).isEqualTo("1");
    }
  }

  @Test
  void deliversNotificationsToAnotherConnection() throws SQLException {
    try (Connection listener = database.connect();
        Connection notifier = database.connect()) {
      Queries.execute(listener, "LISTEN channel");

      Queries.execute(notifier, "NOTIFY channel, 'm\u00fcsli'");

      PGNotification[] received = listener.unwrap(PGConnection.class).getNotifications(20_000);
      assertThat(received).hasSize(1);
      assertThat(received[0].getName()).isEqualTo("channel");
      assertThat(received[0].getParameter()).isEqualTo("m\u00fcsli");
    }
  }

  @Test
  void deliversNotices() throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(
          "DO $$ BEGIN RAISE NOTICE 'first'; RAISE WARNING USING MESSAGE = 'second', HINT = 'h';"
              + " END $$");
      SQLWarning first = statement.getWarnings();
      assertThat(first.getMessage()).isEqualTo("first");
      assertThat(first.getNextWarning().getMessage()).isEqualTo("second");

      statement.execute("SELECT * FROM aws_lambda.invoke('echo', '1'::json, 'Event')");
      PSQLWarning warning = (PSQLWarning) statement.getWarnings();
      assertThat(warning.getMessage())
          .isEqualTo("aws_lambda.invoke read \"Event\" as invocation_type, not as region");
      assertThat(warning.getSQLState()).isEqualTo("01000");
      assertThat(warning.getServerErrorMessage().getWhere())
          .isEqualTo("SQL function \"invoke\" statement 1");
    }
  }

  @Test
  void keepsSavepointsAcrossFailedCalls() throws SQLException {
    try (Connection connection = database.connect()) {
      Queries.execute(connection, "CREATE TEMPORARY TABLE kept (reply json)");
      connection.setAutoCommit(false);
      String insert = "INSERT INTO kept SELECT payload FROM aws_lambda.invoke('%s', '%d'::json)";
      Queries.execute(connection, insert.formatted("echo", 1));
      Savepoint savepoint = connection.setSavepoint();
      Queries.error(connection, insert.formatted("failing", 2));
      assertThat(Queries.error(connection, "SELECT 1").getSQLState()).isEqualTo("25P02");
      connection.rollback(savepoint);
      Queries.execute(connection, insert.formatted("echo", 3));
      connection.commit();
      Queries.execute(connection, insert.formatted("echo", 4));
      connection.rollback();

      assertThat(Queries.rows(connection, "SELECT * FROM kept")).containsExactly("1", "3");
    }
  }

  @Test
  void rollsBackToTheSavepointsOfTheDriver() throws SQLException {
    try (Connection connection = database.connect("autosave=always")) {
      connection.setAutoCommit(false);
      String insert =
          "INSERT INTO autosaved SELECT payload FROM aws_lambda.invoke('%s', '%d'::json)";
      Queries.execute(connection, "CREATE TEMPORARY TABLE autosaved (reply json)");
      for (int i = 0; i < 10; i++) {
        String function = i % 2 == 0 ? "echo" : "failing";
        String sql = insert.formatted(function, i);
        if (i % 2 == 0) {
          Queries.execute(connection, sql);
        } else {
          Queries.error(connection, sql);
        }
      }
      connection.commit();

      assertThat(Queries.rows(connection, "SELECT * FROM autosaved"))
          .containsExactly("0", "2", "4", "6", "8");
    }
  }

  @Test
  void namesTheServerThatIsDown() throws Exception {
    URI nowhere = FakeLambdaEndpoint.refusing();
    try (ProxyUnderTest proxy =
        ProxyUnderTest.startBefore(nowhere.getAuthority(), "--sample-functions", "on")) {
      assertThatThrownBy(() -> proxy.connect("postgres"))
          .isInstanceOfSatisfying(
              PSQLException.class,
              e -> {
                assertThat(Queries.error(e).getSeverity()).isEqualTo("FATAL");
                assertThat(e.getSQLState()).isEqualTo("08001");
                assertThat(Queries.error(e).getMessage())
                    .isEqualTo(
                        "could not connect to server at "
                            + nowhere.getAuthority()
                            + ": Connection refused");
              });
    }
  }
}
