package dev.pglambda.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** Calls by pgjdbc of the function {@code echo}, which is to answer with its payload. */
public final class JdbcCalls {
  /** With two parameters: name and payload. */
  public static final String CALL =
      "SELECT status_code, payload, executed_version FROM aws_lambda.invoke(?, ?::json)";

  private JdbcCalls() {}

  /** Executes one prepared statement ten times, and reads its rows. */
  public static void callTenTimes(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(CALL)) {
      for (int i = 0; i < 10; i++) {
        statement.setString(1, "echo");
        statement.setString(2, "{\"n\": " + i + "}");
        try (ResultSet row = statement.executeQuery()) {
          assertThat(row.next()).isTrue();
          assertThat(row.getInt("status_code")).isEqualTo(200);
          assertThat(row.getString("payload")).isEqualTo("{\"n\": " + i + "}");
          assertThat(row.getString("executed_version")).isEqualTo("$LATEST");
          assertThat(row.next()).isFalse();
        }
      }
    }
  }

  /** Inserts so many replies in one batch. */
  public static void insertInABatch(Connection connection, int count) throws SQLException {
    Queries.execute(connection, "CREATE TEMPORARY TABLE batch (reply json)");
    String insert = "INSERT INTO batch SELECT payload FROM aws_lambda.invoke(?, ?::json)";
    try (PreparedStatement statement = connection.prepareStatement(insert)) {
      for (int i = 0; i < count; i++) {
        statement.setString(1, "echo");
        statement.setString(2, Integer.toString(i));
        statement.addBatch();
      }
      assertThat(statement.executeBatch()).hasSize(count).containsOnly(1);
    }
    assertThat(
            Queries.row(
                connection,
                "SELECT count(*), sum(reply::text::int), count(DISTINCT reply::text) FROM batch"))
        .isEqualTo(count + "|" + count * (count - 1) / 2 + "|" + count);
  }
}
