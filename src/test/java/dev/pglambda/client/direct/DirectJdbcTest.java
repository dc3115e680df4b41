package dev.pglambda.client.direct;

import static dev.pglambda.testing.JdbcCalls.CALL;
import static dev.pglambda.testing.JdbcCalls.callTenTimes;
import static dev.pglambda.testing.JdbcCalls.insertInABatch;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.client.direct.CallingModes.Served;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.ReceivedRequest;
import dev.pglambda.testing.Reply;
import java.sql.BatchUpdateException;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Types;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PGobject;
import org.postgresql.util.PSQLException;

/** pgjdbc in its modes, where the extension serves the calls and where the proxy does. */
@ParameterizedClass
@MethodSource("dev.pglambda.client.direct.CallingModes#ofNewestVersion")
@Timeout(120)
class DirectJdbcTest {
  private static final String PATIENT = "SET aws_lambda.request_timeout_ms = 60000";

  private final LambdaDatabase database;
  private final FakeLambdaEndpoint lambda;
  private final int before;

  DirectJdbcTest(Served served) {
    database = served.database();
    lambda = database.lambda();
    lambda.on("echo", Reply.echo());
    lambda.on("failing", Reply.functionError("{}"));
    lambda.on("held", Reply.echo().held());
    before = lambda.requests().size();
  }

  private List<String> requests() {
    return lambda.requests().stream().skip(before).map(ReceivedRequest::text).toList();
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
        "defaultRowFetchSize=1"
      })
  void executesAStatementTenTimesInEachMode(String mode) throws SQLException {
    try (Connection connection = database.connect(mode)) {
      callTenTimes(connection);
    }
    assertThat(requests()).hasSize(10).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @ValueSource(strings = {"preferQueryMode=extended", "preferQueryMode=simple"})
  void callsInTheTargetListTenTimes(String mode) throws SQLException {
    try (Connection connection = database.connect(mode);
        PreparedStatement statement =
            connection.prepareStatement(
                "SELECT (aws_lambda.invoke(?, to_jsonb(?::int))).payload, ?::text AS t")) {
      for (int i = 0; i < 10; i++) {
        statement.setString(1, "echo");
        statement.setInt(2, i);
        statement.setString(3, i % 2 == 0 ? null : "odd");
        assertThat(Queries.rows(statement.executeQuery()))
            .containsExactly(i + "|" + (i % 2 == 0 ? "NULL" : "odd"));
      }
    }
    assertThat(requests()).hasSize(10);
  }

  @Test
  void describesAStatementBeforeItIsExecuted() throws SQLException {
    try (Connection connection = database.connect();
        PreparedStatement statement =
            connection.prepareStatement("SELECT * FROM aws_lambda.invoke(?::text, ?::jsonb, ?)")) {
      ResultSetMetaData columns = statement.getMetaData();

      assertThat(columns.getColumnCount()).isEqualTo(4);
      assertThat(columns.getColumnName(1)).isEqualTo("status_code");
      assertThat(columns.getColumnType(1)).isEqualTo(Types.INTEGER);
      assertThat(columns.getColumnTypeName(2)).isEqualTo("jsonb");
      assertThat(columns.getTableName(2)).isEmpty();
      assertThat(statement.getParameterMetaData().getParameterCount()).isEqualTo(3);
      assertThat(statement.getParameterMetaData().getParameterTypeName(2)).isEqualTo("jsonb");
      assertThat(statement.getParameterMetaData().getParameterTypeName(3)).isEqualTo("text");
      assertThat(requests()).isEmpty();
      statement.setString(1, "echo");
      statement.setString(2, "1");
      statement.setString(3, null);
      assertThat(Queries.rows(statement.executeQuery())).containsExactly("200|1|$LATEST|NULL");
    }
    assertThat(requests()).containsExactly("1");
  }

  @Test
  void fetchesTheRowsOfOneCallInPortions() throws SQLException {
    try (Connection connection = database.connect()) {
      connection.setAutoCommit(false);
      try (PreparedStatement statement =
          connection.prepareStatement(
              "SELECT n, payload FROM aws_lambda.invoke(?, '[1]'::json),"
                  + " generate_series(1, 100) AS n")) {
        statement.setString(1, "echo");
        statement.setFetchSize(7);
        for (int execution = 0; execution < 6; execution++) {
          try (ResultSet rows = statement.executeQuery()) {
            for (int i = 1; i <= 100; i++) {
              assertThat(rows.next()).isTrue();
              assertThat(rows.getInt(1)).isEqualTo(i);
              assertThat(rows.getString(2)).isEqualTo("[1]");
            }
            assertThat(rows.next()).isFalse();
          }
        }
      }
      connection.commit();
    }
    assertThat(requests()).hasSize(6);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "reWriteBatchedInserts=true", "preferQueryMode=simple"})
  void executesBatches(String mode) throws SQLException {
    try (Connection connection = database.connect(mode)) {
      insertInABatch(connection, 50);
    }
    assertThat(requests()).hasSize(50).doesNotHaveDuplicates();
  }

  @Test
  void asksNothingBehindAnErrorInABatch() throws SQLException {
    try (Connection connection = database.connect()) {
      Queries.execute(connection, "CREATE TEMPORARY TABLE batch (reply json)");
      String insert = "INSERT INTO batch SELECT payload FROM aws_lambda.invoke(?, ?::json)";
      try (PreparedStatement statement = connection.prepareStatement(insert)) {
        for (String function : new String[] {"echo", "failing", "echo", "echo"}) {
          statement.setString(1, function);
          statement.setString(2, "1");
          statement.addBatch();
        }
        assertThatThrownBy(statement::executeBatch)
            .isInstanceOf(BatchUpdateException.class)
            .hasMessageContaining("lambda invocation failed");
      }
      assertThat(requests()).hasSize(2);
      assertThat(Queries.row(connection, "SELECT count(*) FROM batch")).isEqualTo("0");
    }
  }

  @Test
  void executesABatchOfDifferentStatements() throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.addBatch("CREATE TEMPORARY TABLE mixed (n int, reply json)");
      statement.addBatch(
          "INSERT INTO mixed SELECT 1, payload FROM aws_lambda.invoke('echo', '1'::json)");
      statement.addBatch("UPDATE mixed SET n = n + 1");
      statement.addBatch(
          "INSERT INTO mixed SELECT 3, payload FROM aws_lambda.invoke('echo', '3'::json)");
      assertThat(statement.executeBatch()).containsExactly(0, 1, 1, 1);
      assertThat(Queries.rows(connection, "SELECT n, reply FROM mixed ORDER BY n"))
          .containsExactly("2|1", "3|3");
    }
    assertThat(requests()).containsExactly("1", "3");
  }

  /** Which pgjdbc sends one by one, except in simple mode. */
  @Test
  void executesATextOfSeveralStatements() throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      boolean rows =
          statement.execute(
              "SELECT 1; SELECT payload FROM aws_lambda.invoke('echo', '2'::json); SELECT 3");
      assertThat(rows).isTrue();
      assertThat(Queries.rows(statement.getResultSet())).containsExactly("1");
      assertThat(statement.getMoreResults()).isTrue();
      assertThat(Queries.rows(statement.getResultSet())).containsExactly("2");
      assertThat(statement.getMoreResults()).isTrue();
      assertThat(Queries.rows(statement.getResultSet())).containsExactly("3");
    }
    assertThat(requests()).containsExactly("2");
  }

  @Test
  void takesParametersAndGivesResultsAsObjects() throws SQLException {
    try (Connection connection = database.connect("prepareThreshold=1");
        PreparedStatement statement =
            connection.prepareStatement("SELECT * FROM aws_lambda.invoke(?, ?, context => ?)")) {
      for (int i = 0; i < 3; i++) {
        PGobject json = new PGobject();
        json.setType("json");
        json.setValue("[" + i + "]");
        statement.setObject(1, "echo");
        statement.setObject(2, json);
        statement.setNull(3, Types.OTHER);
        try (ResultSet row = statement.executeQuery()) {
          assertThat(row.next()).isTrue();
          assertThat(row.getObject(1)).isEqualTo(200);
          assertThat(row.getObject(2)).isEqualTo(json);
          assertThat(row.getObject(4)).isNull();
        }
      }
    }
    assertThat(requests()).containsExactly("[0]", "[1]", "[2]");
  }

  /** Which pgjdbc makes a SELECT of. */
  @Test
  void callsByTheEscapeOfJdbc() throws SQLException {
    try (Connection connection = database.connect();
        CallableStatement call = connection.prepareCall("{call aws_lambda.invoke(?, ?::json)}")) {
      call.setString(1, "echo");
      call.setString(2, "7");
      assertThat(call.execute()).isTrue();
      assertThat(Queries.rows(call.getResultSet())).containsExactly("200|7|$LATEST|NULL");
    }
    assertThat(requests()).containsExactly("7");
  }

  @Test
  void returnsGeneratedKeys() throws SQLException {
    try (Connection connection = database.connect()) {
      Queries.execute(
          connection,
          "CREATE TEMPORARY TABLE keyed (id int GENERATED ALWAYS AS IDENTITY, reply json)");
      try (PreparedStatement statement =
          connection.prepareStatement(
              "INSERT INTO keyed (reply) SELECT payload FROM aws_lambda.invoke('echo', ?::json)",
              new String[] {"id"})) {
        for (int i = 1; i <= 7; i++) {
          statement.setString(1, "" + i);
          assertThat(statement.executeUpdate()).isEqualTo(1);
          assertThat(Queries.rows(statement.getGeneratedKeys())).containsExactly("" + i);
        }
      }
    }
    assertThat(requests()).hasSize(7);
  }

  @Test
  void goesOnAfterTheDriversStatementsAreGone() throws SQLException {
    try (Connection connection = database.connect("prepareThreshold=1");
        PreparedStatement statement = connection.prepareStatement(CALL)) {
      for (String reset : List.of("SELECT 1", "DEALLOCATE ALL", "DISCARD ALL", "SELECT 1")) {
        statement.setString(1, "echo");
        statement.setString(2, "1");
        assertThat(Queries.rows(statement.executeQuery())).containsExactly("200|1|$LATEST");
        Queries.execute(connection, reset);
      }
    }
    assertThat(requests()).hasSize(4);
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
      assertThat(Queries.error(connection, insert.formatted("echo", 3)).getSQLState())
          .isEqualTo("25P02");
      connection.rollback(savepoint);
      Queries.execute(connection, insert.formatted("echo", 4));
      connection.commit();
      Queries.execute(connection, insert.formatted("echo", 5));
      connection.rollback();

      assertThat(Queries.rows(connection, "SELECT * FROM kept")).containsExactly("1", "4");
    }
    assertThat(requests()).containsExactly("1", "2", "4", "5");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "autosave=always",
        "autosave=always&preferQueryMode=simple",
        "autosave=always&prepareThreshold=1"
      })
  void rollsBackToTheSavepointsOfTheDriver(String options) throws SQLException {
    try (Connection connection = database.connect(options)) {
      connection.setAutoCommit(false);
      Queries.execute(connection, "CREATE TEMPORARY TABLE autosaved (reply json)");
      try (PreparedStatement statement =
          connection.prepareStatement(
              "INSERT INTO autosaved SELECT payload FROM aws_lambda.invoke(?, ?::json)")) {
        for (int i = 0; i < 12; i++) {
          statement.setString(1, i % 3 == 0 ? "echo" : "failing");
          statement.setString(2, "" + i);
          if (i % 3 == 0) {
            assertThat(statement.executeUpdate()).isEqualTo(1);
          } else {
            assertThatThrownBy(statement::executeUpdate).hasMessageContaining("invocation failed");
          }
        }
      }
      connection.commit();

      assertThat(Queries.rows(connection, "SELECT * FROM autosaved"))
          .containsExactly("0", "3", "6", "9");
    }
    assertThat(requests()).hasSize(12);
  }

  /** That one rolls back and repeats only after errors that a new plan mends. */
  @Test
  void repeatsNothingByItself() throws SQLException {
    try (Connection connection = database.connect("autosave=conservative&prepareThreshold=1")) {
      connection.setAutoCommit(false);
      try (PreparedStatement statement = connection.prepareStatement(CALL)) {
        statement.setString(1, "echo");
        statement.setString(2, "1");
        assertThat(Queries.rows(statement.executeQuery())).hasSize(1);
        statement.setString(1, "failing");
        assertThatThrownBy(statement::executeQuery).hasMessageContaining("invocation failed");
        assertThatThrownBy(statement::executeQuery)
            .isInstanceOfSatisfying(
                SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("25P02"));
        connection.rollback();
        statement.setString(1, "echo");
        assertThat(Queries.rows(statement.executeQuery())).hasSize(1);
      }
      connection.commit();
    }
    assertThat(requests()).hasSize(3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"preferQueryMode=simple", "preferQueryMode=extended"})
  void endsACallAtTheTimeoutOfAStatement(String mode) throws Exception {
    int aborted = lambda.aborted();
    try (Connection connection = database.connect(mode);
        Statement statement = connection.createStatement()) {
      Queries.execute(connection, PATIENT);
      statement.setQueryTimeout(1);

      assertCancelled(
          Queries.inBackground(
              statement, "SELECT payload FROM aws_lambda.invoke('held', '1'::json)"));

      lambda.awaitAborted(aborted + 1);
      assertThat(
              Queries.row(connection, "SELECT payload FROM aws_lambda.invoke('echo', '2'::json)"))
          .isEqualTo("2");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"preferQueryMode=simple", "preferQueryMode=extended"})
  void endsACallThatAStatementCancels(String mode) throws Exception {
    int aborted = lambda.aborted();
    try (Connection connection = database.connect(mode);
        Statement statement = connection.createStatement()) {
      Queries.execute(connection, PATIENT);
      CompletableFuture<List<String>> rows =
          Queries.inBackground(statement, "SELECT (aws_lambda.invoke('held', '1'::json)).payload");
      lambda.awaitRequests(before + 1);

      statement.cancel();

      assertCancelled(rows);
      lambda.awaitAborted(aborted + 1);
      assertThat(Queries.row(connection, "SELECT 1")).isEqualTo("1");
    }
  }

  private static void assertCancelled(CompletableFuture<List<String>> rows) {
    assertThatThrownBy(rows::get)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            PSQLException.class,
            e -> {
              assertThat(e.getSQLState()).isEqualTo("57014");
              assertThat(Queries.error(e).getMessage())
                  .isEqualTo("canceling statement due to user request");
              assertThat(Queries.error(e).getWhere())
                  .isEqualTo("SQL function \"invoke\" statement 1");
            });
  }

  @Test
  void deliversWarnings() throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SELECT * FROM aws_lambda.invoke('echo', '1'::json, 'Event')");
      assertThat(statement.getWarnings().getMessage())
          .isEqualTo("aws_lambda.invoke read \"Event\" as invocation_type, not as region");
    }
    assertThat(requests()).containsExactly("1");
  }
}
