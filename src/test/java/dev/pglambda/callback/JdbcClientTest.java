package dev.pglambda.callback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.lambda.InvokeAnswer;
import dev.pglambda.lambda.InvokeArguments;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;

/** A driver of the field's as the other end, over real sockets. */
class JdbcClientTest {
  private static final CallbackSecret SECRET = Worker.SECRET;

  private final BlockingQueue<CompletableFuture<InvokeAnswer>> calls = new LinkedBlockingQueue<>();
  private final CompletableFuture<Void> sessionEnd = new CompletableFuture<>();
  private long sequence;
  private final Loopback loopback =
      new Loopback(
          new CallbackServer(
              SECRET, this::call, Worker.JOURNAL, session -> sessionEnd, CallbackLimits.DEFAULTS),
          0);

  @AfterEach
  void close() {
    loopback.close();
  }

  /** Answers {@code echo} with its payload; other calls are the test's. */
  private CompletableFuture<InvokeAnswer> call(InvokeArguments arguments, CallOrigin origin) {
    CompletableFuture<InvokeAnswer> result = new CompletableFuture<>();
    if ("echo".equals(arguments.functionName())) {
      return CompletableFuture.supplyAsync(() -> FakeFunction.row(arguments.payload()));
    }
    calls.add(result);
    return result;
  }

  @Test
  void makesACallWithTheLinkPassword() throws SQLException {
    try (Connection connection = connect(Worker.KEYS.linkPassword());
        Statement statement = statement(connection)) {
      String nonce = nonce(statement);

      for (String payload :
          new String[] {"{\"text\": \"é\"}", "\"" + "ü".repeat(3_000_000) + "\""}) {
        try (ResultSet row = ask(statement, nonce, "invoke/1", Fields.call("echo", payload))) {
          assertThat(row.next()).isTrue();
          assertThat(row.getString("outcome")).isEqualTo("ok");
          assertThat(row.getString("status_code")).isEqualTo("200");
          assertThat(row.getString("payload")).isEqualTo(payload);
          assertThat(row.getString("hint")).isNull();
          assertThat(row.next()).isFalse();
        }
      }
    }
  }

  @Test
  void waitsForASlowCall() throws Exception {
    try (Connection connection = connect(Worker.KEYS.linkPassword());
        Statement statement = statement(connection)) {
      String nonce = nonce(statement);

      assertThat(outcome(ask(statement, nonce, "invoke/1", Fields.call("slow", "{}"))))
          .isEqualTo("pending");
      assertThat(outcome(ask(statement, nonce, "wait/1", ""))).isEqualTo("pending");
      calls.element().complete(FakeFunction.row("1"));
      assertThat(outcome(ask(statement, nonce, "wait/1", ""))).isEqualTo("ok");
    }
  }

  @Test
  void cancelsTheCallOfAClientThatGoesAway() throws Exception {
    CompletableFuture<InvokeAnswer> result;
    try (Connection connection = connect(Worker.KEYS.linkPassword());
        Statement statement = statement(connection)) {
      String nonce = nonce(statement);
      assertThat(outcome(ask(statement, nonce, "invoke/1", Fields.call("slow", "{}"))))
          .isEqualTo("pending");
      result = calls.element();
    }

    assertThat(result.handle((value, failure) -> failure).get(30, TimeUnit.SECONDS))
        .isInstanceOf(CancellationException.class);
  }

  @Test
  void failsTheCallOfASessionThatEnds() throws Exception {
    try (Connection connection = connect(Worker.KEYS.linkPassword());
        Statement statement = statement(connection)) {
      String nonce = nonce(statement);
      CompletableFuture<Void> ending =
          CompletableFuture.runAsync(
              () -> {
                take();
                sessionEnd.complete(null);
              });

      String outcome = outcome(ask(statement, nonce, "invoke/1", Fields.callInSession("token")));
      while (outcome.equals("pending")) {
        outcome = outcome(ask(statement, nonce, "wait/1", ""));
      }

      assertThat(outcome).isEqualTo("57P01");
      ending.get(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void refusesAnotherPasswordWithAHint() {
    assertThatThrownBy(() -> connect("another"))
        .isInstanceOfSatisfying(
            PSQLException.class,
            e -> {
              assertThat(e.getSQLState()).isEqualTo("28P01");
              assertThat(e.getMessage())
                  .contains("CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE");
            });
  }

  @Test
  void answersOrdinarySqlWithAnErrorAndGoesOn() throws SQLException {
    try (Connection connection = connect(Worker.KEYS.linkPassword());
        Statement statement = statement(connection)) {
      assertThatThrownBy(() -> statement.executeQuery("select 1"))
          .isInstanceOfSatisfying(
              PSQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("08P01"));
      assertThat(nonce(statement)).hasSize(32);
    }
  }

  private void take() {
    try {
      assertThat(calls.poll(30, TimeUnit.SECONDS)).isNotNull();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private Connection connect(String password) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", CallbackServer.USER);
    properties.setProperty("password", password);
    properties.setProperty("preferQueryMode", "simple");
    properties.setProperty("assumeMinServerVersion", "12");
    return DriverManager.getConnection(
        "jdbc:postgresql://localhost:%d/%s".formatted(loopback.port(), Worker.DATABASE),
        properties);
  }

  private static Statement statement(Connection connection) throws SQLException {
    Statement statement = connection.createStatement();
    statement.setEscapeProcessing(false);
    return statement;
  }

  private static String nonce(Statement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery("hello")) {
      assertThat(row.next()).isTrue();
      return row.getString("payload");
    }
  }

  private ResultSet ask(Statement statement, String nonce, String name, String fields)
      throws SQLException {
    String rest = name + " " + ++sequence + (fields.isEmpty() ? "" : " " + fields);
    return statement.executeQuery(WorkerProof.of(Worker.KEYS, nonce, rest) + " " + rest);
  }

  private static String outcome(ResultSet result) throws SQLException {
    try (ResultSet row = result) {
      assertThat(row.next()).isTrue();
      return row.getString("outcome");
    }
  }
}
