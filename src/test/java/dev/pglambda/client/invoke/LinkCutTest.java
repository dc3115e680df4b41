package dev.pglambda.client.invoke;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.Forwarder;
import dev.pglambda.testing.Forwarder.Break;
import dev.pglambda.testing.Forwarder.Direction;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * The callback link breaks at any byte of a call's exchange: the call is at most one request to
 * Lambda, and says so; the next one works.
 */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#oldestAndNewestVersion")
class LinkCutTest {
  /** Bytes between two breaks; prime to the sizes of all messages. */
  private static final int STEP = 17;

  private static final String FRESH_LINK =
      "SELECT pglambda.close_link(name) FROM unnest(pglambda.link_names()) AS name";

  private final Forwarder forwarder;
  private final LambdaDatabase database;
  private final FakeLambdaEndpoint lambda;
  private final Connection connection;
  private int calls;

  LinkCutTest(String version) throws IOException, SQLException {
    forwarder = Forwarder.start();
    database = LambdaDatabase.of(version, "--callback-address", forwarder.address());
    forwarder.target(database.proxy().port());
    lambda = database.lambda();
    lambda.on("echo", Reply.echo());
    lambda.on("slow", Reply.echo().after(Duration.ofMillis(130)));
    connection = database.connect();
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
    database.close();
    forwarder.close();
  }

  /** A call with a payload of its own, over a link of its own. */
  private String call(String function) throws SQLException {
    Queries.execute(connection, FRESH_LINK);
    calls++;
    return Queries.row(
        connection,
        "SELECT payload FROM aws_lambda.invoke('%s', '%d'::json)".formatted(function, calls));
  }

  private long requestsOfThisCall() {
    String payload = Integer.toString(calls);
    return lambda.requests().stream().filter(r -> r.text().equals(payload)).count();
  }

  @ParameterizedTest
  @CsvSource({
    "TO_TARGET, CLOSE",
    "TO_TARGET, RESET",
    "FROM_TARGET, CLOSE",
    "FROM_TARGET, RESET",
  })
  void isNoReasonToCallTwice(Direction direction, Break how) throws SQLException {
    call("echo");
    int bytes = forwarder.passed(direction).length();
    for (int at = 0; at < bytes; at += STEP) {
      breakAfter(direction, at, how, "echo");
    }
  }

  @ParameterizedTest
  @CsvSource({"TO_TARGET", "FROM_TARGET"})
  void isNoReasonToCallTwiceWhileTheCallIsPending(Direction direction) throws SQLException {
    call("slow");
    String exchange = forwarder.passed(direction);
    int start =
        exchange.indexOf(direction == Direction.TO_TARGET ? " invoke/1 " : "\0\0\0\7pending");
    assertThat(start).isPositive();
    for (int at = start; at < exchange.length(); at += 3 * STEP) {
      breakAfter(direction, at, at % 2 == 0 ? Break.CLOSE : Break.RESET, "slow");
    }
  }

  @ParameterizedTest
  @CsvSource({"0", "30", "120", "250", "300", "420"})
  void endsTheCallWhenASilentLinkIsGivenUp(int bytes) throws Exception {
    int silent = forwarder.silent();
    forwarder.breakAfter(Direction.TO_TARGET, bytes, Break.SILENCE);
    Queries.execute(connection, FRESH_LINK);
    calls++;
    try (Statement statement = connection.createStatement()) {
      CompletableFuture<?> call =
          Queries.inBackground(
              statement, "SELECT aws_lambda.invoke('slow', '%d'::json)".formatted(calls));
      forwarder.awaitSilent(silent + 1);

      forwarder.closeAll(); // As the kernel does when keepalives are not answered.

      ExecutionException failure = catchThrowableOfType(ExecutionException.class, call::get);
      assertThat(failure.getCause())
          .isInstanceOfSatisfying(
              PSQLException.class,
              e -> assertThat(saysWhetherItRan(Queries.error(e))).as(e.toString()).isTrue());
    }
    forwarder.heal();
    assertThat(call("echo")).isEqualTo(Integer.toString(calls));
  }

  private void breakAfter(Direction direction, int bytes, Break how, String function)
      throws SQLException {
    String where = "%s after %d bytes %s".formatted(how, bytes, direction);
    forwarder.breakAfter(direction, bytes, how);
    try {
      assertThat(call(function)).as(where).isEqualTo(Integer.toString(calls));
      assertThat(requestsOfThisCall()).as(where).isEqualTo(1);
    } catch (PSQLException e) {
      assertThat(saysWhetherItRan(Queries.error(e))).as(where + ": " + e).isTrue();
    }
    forwarder.heal();
    assertThat(call(function)).as("after " + where).isEqualTo(Integer.toString(calls));
    assertThat(requestsOfThisCall()).as("after " + where).isEqualTo(1);
  }

  /** Whether an error says what the endpoint has seen. */
  private boolean saysWhetherItRan(ServerErrorMessage error) {
    String detail = String.valueOf(error.getDetail());
    return switch (String.valueOf(error.getSQLState())) {
      case "08001" ->
          detail.startsWith("The Lambda function was not called. Cause: ")
              && requestsOfThisCall() == 0;
      case "08006" ->
          detail.startsWith(
                  "Whether the Lambda function ran is unknown; the call was not repeated.")
              && requestsOfThisCall() <= 1;
      default -> false;
    };
  }
}
