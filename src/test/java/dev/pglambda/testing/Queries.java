package dev.pglambda.testing;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.StringJoiner;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** SQL over pgjdbc, in few words. */
public final class Queries {
  private Queries() {}

  /** Runs statements that need no answer. */
  public static void execute(Connection connection, String... statements) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  /** The rows of a query, each as its values with a bar between them; {@code NULL} for NULL. */
  public static List<String> rows(Connection connection, String sql, @Nullable Object... parameters)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setObject(i + 1, parameters[i]);
      }
      try (ResultSet result = statement.executeQuery()) {
        return rows(result);
      }
    }
  }

  /** The rows that are left. */
  public static List<String> rows(ResultSet result) throws SQLException {
    List<String> rows = new ArrayList<>();
    while (result.next()) {
      StringJoiner row = new StringJoiner("|");
      for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
        row.add(Objects.requireNonNullElse(result.getString(i), "NULL"));
      }
      rows.add(row.toString());
    }
    return rows;
  }

  /** The only row of a query, as in {@link #rows}. */
  public static String row(Connection connection, String sql, @Nullable Object... parameters)
      throws SQLException {
    List<String> rows = rows(connection, sql, parameters);
    if (rows.size() != 1) {
      throw new AssertionError("rows: " + rows + " (expected: one)");
    }
    return rows.get(0);
  }

  /** The error in which a statement ends. */
  public static ServerErrorMessage error(Connection connection, String sql) throws SQLException {
    try {
      execute(connection, sql);
    } catch (PSQLException e) {
      return error(e);
    }
    throw new AssertionError("no error of " + sql);
  }

  /** What the server said. */
  public static ServerErrorMessage error(PSQLException e) {
    ServerErrorMessage message = e.getServerErrorMessage();
    if (message == null) {
      throw new AssertionError("not an error of the server's", e);
    }
    return message;
  }

  /** Executes a statement in a thread of its own; its rows, if it has any. */
  public static CompletableFuture<List<String>> inBackground(Statement statement, String sql) {
    CompletableFuture<List<String>> result = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                result.complete(
                    statement.execute(sql) ? rows(statement.getResultSet()) : List.of());
              } catch (SQLException | RuntimeException e) {
                result.completeExceptionally(e);
              }
            },
            "statement in background");
    thread.setDaemon(true);
    thread.start();
    return result;
  }
}
