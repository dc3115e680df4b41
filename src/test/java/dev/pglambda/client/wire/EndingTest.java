package dev.pglambda.client.wire;

import static dev.pglambda.testing.Awaiting.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * Whatever ends a statement ends the call in it, wherever the call stands: the request to Lambda is
 * aborted, the error is PostgreSQL's own, and the next call works.
 */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#ofEachVersion")
class EndingTest {

  private static final String CONTEXT = "SQL function \"invoke\" statement 1";
  private static final String HELLO = "SELECT payload FROM aws_lambda.invoke('hello', '{}'::json)";
  private static final String HELD = "SELECT * FROM aws_lambda.invoke('held', '{}'::json)";

  private final LambdaDatabase database;
  private final FakeLambdaEndpoint lambda;
  private final Connection connection;
  private final Connection other;
  private final String pid;

  EndingTest(LambdaDatabase database) throws SQLException {
    this.database = database;
    lambda = database.lambda();
    lambda.on("held", Reply.json("{}").held());
    lambda.on("hello", Reply.json("\"hello\""));
    connection = database.connect();
    other = database.connectDirectly();
    pid = Queries.row(connection, "SELECT pg_backend_pid()");
  }

  @BeforeEach
  void createTable() throws SQLException {
    Queries.execute(
        other,
        "DROP SCHEMA IF EXISTS ending CASCADE",
        "CREATE SCHEMA ending",
        "CREATE TABLE ending.orders (id int)",
        """
        CREATE FUNCTION ending.tell() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM * FROM aws_lambda.invoke('held', '{}'::json);
          RETURN NEW;
        END $$
        """,
        "CREATE TRIGGER tell BEFORE INSERT ON ending.orders"
            + " FOR EACH ROW EXECUTE FUNCTION ending.tell()");
    Queries.execute(connection, "SET aws_lambda.request_timeout_ms = 60000", HELLO);
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
    other.close();
  }

  /** Where a call stands. */
  enum Position {
    STATEMENT(HELD, CONTEXT),
    TRIGGER(
        "INSERT INTO ending.orders VALUES (1)",
        "PL/pgSQL function ending.tell() line 3 at PERFORM"),
    BLOCK_THAT_CATCHES_OTHERS(
        """
        DO $$ BEGIN
          PERFORM * FROM aws_lambda.invoke('held', '{}'::json);
        EXCEPTION WHEN OTHERS THEN
          PERFORM * FROM aws_lambda.invoke('hello', '{}'::json);
        END $$
        """,
        "PL/pgSQL function inline_code_block line 2 at PERFORM");

    final String sql;
    final String context;

    Position(String sql, String frame) {
      this.sql = sql;
      this.context =
          frame.equals(CONTEXT)
              ? CONTEXT
              : CONTEXT
                  + "\nSQL statement \"SELECT * FROM aws_lambda.invoke('held', '{}'::json)\"\n"
                  + frame;
    }
  }

  /** What ends a statement, but not its session. */
  enum Cause {
    CANCEL_REQUEST("canceling statement due to user request"),
    PG_CANCEL_BACKEND("canceling statement due to user request"),
    STATEMENT_TIMEOUT("canceling statement due to statement timeout");

    final String message;

    Cause(String message) {
      this.message = message;
    }
  }

  static Stream<Arguments> causesAndPositions() {
    return Stream.of(Cause.values())
        .flatMap(cause -> Stream.of(Position.values()).map(at -> Arguments.of(cause, at)));
  }

  private interface Action {
    void run() throws Exception;
  }

  /**
   * Makes one call that is held, ends it, and waits until the endpoint has seen the request end.
   * That is long before the call's own time-out.
   */
  private void awaitAbort(Action call, Action end) throws Exception {
    int requests = lambda.requests("held").size();
    int all = lambda.requests().size();
    int aborted = lambda.aborted();
    call.run();
    lambda.awaitRequests(all + 1);
    end.run();
    lambda.awaitAborted(aborted + 1);
    assertThat(lambda.requests("held")).hasSize(requests + 1);
  }

  private void end(Cause cause, Statement statement) throws SQLException {
    if (cause == Cause.CANCEL_REQUEST) {
      statement.cancel();
    } else if (cause == Cause.PG_CANCEL_BACKEND) {
      Queries.row(other, "SELECT pg_cancel_backend(" + pid + ")");
    }
  }

  private void setTimeout(Cause cause) throws SQLException {
    Queries.execute(
        connection,
        "SET statement_timeout = " + (cause == Cause.STATEMENT_TIMEOUT ? "'200ms'" : "0"));
  }

  private static ServerErrorMessage errorOf(CompletableFuture<?> statement) {
    ExecutionException failure = catchThrowableOfType(ExecutionException.class, statement::get);
    if (failure != null && failure.getCause() instanceof PSQLException error) {
      return Queries.error(error);
    }
    throw new AssertionError("not an error of the server's: " + failure);
  }

  @ParameterizedTest
  @MethodSource("causesAndPositions")
  void endsTheCallAndLeavesTheSession(Cause cause, Position position) throws Exception {
    try (Statement statement = connection.createStatement()) {
      int hello = lambda.requests("hello").size();
      setTimeout(cause);
      List<CompletableFuture<?>> call = new ArrayList<>();

      awaitAbort(
          () -> call.add(Queries.inBackground(statement, position.sql)),
          () -> end(cause, statement));

      ServerErrorMessage error = errorOf(call.get(0));
      assertThat(error.getSQLState()).isEqualTo("57014");
      assertThat(error.getMessage()).isEqualTo(cause.message);
      assertThat(error.getWhere()).isEqualTo(position.context);
      setTimeout(Cause.CANCEL_REQUEST);
      assertThat(Queries.row(connection, HELLO)).isEqualTo("\"hello\"");
      assertThat(lambda.requests("hello")).hasSize(hello + 1);
    }
  }

  @ParameterizedTest
  @EnumSource(Cause.class)
  void letsABlockThatCatchesQueryCanceledCallAgain(Cause cause) throws Exception {
    Queries.execute(
        other,
        """
        CREATE FUNCTION ending.call_again() RETURNS json LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM * FROM aws_lambda.invoke('held', '{}'::json);
        EXCEPTION WHEN query_canceled THEN
          RETURN (SELECT payload FROM aws_lambda.invoke('hello', '{}'::json));
        END $$
        """);
    try (Statement statement = connection.createStatement()) {
      int hello = lambda.requests("hello").size();
      setTimeout(cause);
      List<CompletableFuture<List<String>>> call = new ArrayList<>();

      awaitAbort(
          () -> call.add(Queries.inBackground(statement, "SELECT ending.call_again()")),
          () -> end(cause, statement));

      assertThat(call.get(0).get()).containsExactly("\"hello\"");
      assertThat(lambda.requests("hello")).hasSize(hello + 1);
    }
  }

  @ParameterizedTest
  @EnumSource(Cause.class)
  void leavesTheTransactionToASavepoint(Cause cause) throws Exception {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      Queries.execute(connection, "CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT 1");
      setTimeout(cause);
      Queries.execute(connection, "SAVEPOINT before");
      List<CompletableFuture<?>> call = new ArrayList<>();

      awaitAbort(
          () -> call.add(Queries.inBackground(statement, HELD)), () -> end(cause, statement));

      assertThat(errorOf(call.get(0)).getMessage()).isEqualTo(cause.message);
      Queries.execute(connection, "ROLLBACK TO before");
      setTimeout(Cause.CANCEL_REQUEST);
      assertThat(Queries.row(connection, HELLO)).isEqualTo("\"hello\"");
      assertThat(Queries.row(connection, "SELECT count(*) FROM kept")).isEqualTo("1");
      connection.commit();
    }
  }

  @Test
  void usesTheLinkOpenedInASavepointThatIsRolledBack() throws Exception {
    int before = lambda.requests().size();
    try (Connection fresh = database.connect()) {
      fresh.setAutoCommit(false);
      Queries.execute(fresh, "SAVEPOINT before", HELLO, "ROLLBACK TO before");

      assertThat(Queries.row(fresh, HELLO)).isEqualTo("\"hello\"");
      fresh.rollback();
      assertThat(Queries.row(fresh, HELLO)).isEqualTo("\"hello\"");
    }
    assertThat(lambda.requests()).hasSize(before + 3);
  }

  @ParameterizedTest
  @EnumSource(Position.class)
  void endsTheCallOfASessionThatIsTerminated(Position position) throws Exception {
    try (Peer client = session()) {
      String process = query(client, "SELECT pg_backend_pid()");

      awaitAbort(
          () -> client.send(new Query(position.sql)),
          () -> Queries.row(other, "SELECT pg_terminate_backend(" + process + ")"));

      assertFatal(client, "57P01", "terminating connection due to administrator command", position);
    }
    assertThat(Queries.row(connection, HELLO)).isEqualTo("\"hello\"");
  }

  @ParameterizedTest
  @EnumSource(Position.class)
  void endsTheCallAtTheTransactionTimeout(Position position) throws Exception {
    if (Integer.parseInt(database.version()) < 17) {
      assertThat(Queries.error(connection, "SET transaction_timeout = '200ms'").getSQLState())
          .isEqualTo("42704");
      return;
    }
    try (Peer client = session()) {
      query(client, HELLO);
      query(client, "SET transaction_timeout = '200ms'");

      awaitAbort(() -> client.send(new Query(position.sql)), () -> {});

      assertFatal(client, "25P04", "terminating connection due to transaction timeout", position);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "STATEMENT, false", "STATEMENT, true",
    "TRIGGER, false", "TRIGGER, true",
    "BLOCK_THAT_CATCHES_OTHERS, false", "BLOCK_THAT_CATCHES_OTHERS, true"
  })
  void endsTheCallOfAClientThatDisappears(Position position, boolean reset) throws Exception {
    try (Peer client = session()) {
      String process = query(client, "SELECT pg_backend_pid()");

      awaitAbort(
          () -> client.send(new Query(position.sql)),
          () -> {
            if (reset) {
              client.reset();
            } else {
              client.socket().close();
            }
          });

      awaitEndOf(process);
    }
    assertThat(Queries.row(connection, HELLO)).isEqualTo("\"hello\"");
  }

  /** A session through the proxy, whose client can disappear in more ways than pgjdbc. */
  private Peer session() throws IOException {
    Peer client = Peer.connect(database.proxy().port());
    client.send(Peer.startup("user", database.postgres().user(), "database", database.name()));
    readUntilReady(client);
    query(client, "SET aws_lambda.request_timeout_ms = 60000");
    return client;
  }

  /** The only value of a query; empty if it has none. */
  private static String query(Peer client, String sql) throws IOException {
    client.send(new Query(sql));
    return readUntilReady(client).stream()
        .filter(message -> message.type() == BackendMessage.DATA_ROW)
        .map(row -> row.body().substring(6))
        .findFirst()
        .orElse("");
  }

  private static List<Peer.Received> readUntilReady(Peer client) throws IOException {
    List<Peer.Received> messages = new ArrayList<>();
    do {
      messages.add(client.read());
    } while (messages.get(messages.size() - 1).type() != BackendMessage.READY_FOR_QUERY);
    return messages;
  }

  private static void assertFatal(Peer client, String sqlState, String message, Position position)
      throws IOException {
    Peer.Received last = client.read();
    if (last.type() == BackendMessage.ROW_DESCRIPTION) { // The statement had told of its columns.
      last = client.read();
    }
    assertThat(last.type()).isEqualTo(BackendMessage.ERROR_RESPONSE);
    assertThat(List.of(last.body().split("\0", -1)))
        .contains("VFATAL", "C" + sqlState, "M" + message, "W" + position.context);
    assertThat(client.atEnd()).isTrue();
  }

  private void awaitEndOf(String process) {
    await("the server's process has ended")
        .until(
            () -> Queries.rows(other, "SELECT 1 FROM pg_stat_activity WHERE pid = " + process),
            List::isEmpty);
  }
}
