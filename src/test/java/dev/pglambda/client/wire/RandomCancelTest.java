package dev.pglambda.client.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLException;

/**
 * Calls are cancelled at random moments, of which some fall between the requests that the server
 * sends every 100 ms, some into the opening of the link, some after the answer.
 */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#ofOldestAndNewestVersion")
@Timeout(120)
class RandomCancelTest {
  private static final long SEED = 20240817;
  private static final int CALLS = 50;
  private static final int LATEST_CANCEL_MICROS = 150_000;
  private static final int[] REPLY_AFTER_MS = {0, 40, 95, 105, 150};

  private static final ScheduledExecutorService TIMER = Executors.newScheduledThreadPool(1);

  private final Random random = new Random(SEED);
  private final LambdaDatabase database;
  private final FakeLambdaEndpoint lambda;
  private int calls;
  private int cancelled;

  RandomCancelTest(LambdaDatabase database) {
    this.database = database;
    lambda = database.lambda();
    lambda.on("echo", Reply.echo());
    for (int ms : REPLY_AFTER_MS) {
      lambda.on("after_" + ms, Reply.echo().after(Duration.ofMillis(ms)));
    }
  }

  @AfterAll
  static void stop() {
    TIMER.shutdownNow();
  }

  /**
   * @param twice whether another request to cancel follows
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void leavesNoCallWithTheAnswerOfAnother(boolean twice) throws Exception {
    int requestsBefore = lambda.requests().size();
    int rounds = twice ? CALLS / 2 : CALLS;
    calls = 0;
    cancelled = 0;
    try (Connection connection = database.connect();
        Connection other = database.connectDirectly();
        Statement statement = connection.createStatement()) {
      String pid = Queries.row(connection, "SELECT pg_backend_pid()");
      String cancel = "SELECT pg_cancel_backend(" + pid + ")";
      for (int i = 0; i < rounds; i++) {
        if (i % 5 == 0) {
          Queries.execute(
              connection,
              "SELECT pglambda.close_link(name) FROM unnest(pglambda.link_names()) AS name");
        }
        ScheduledFuture<?> cancels =
            TIMER.schedule(
                () -> {
                  Queries.row(other, cancel);
                  return twice ? Queries.row(other, cancel) : "";
                },
                random.nextInt(LATEST_CANCEL_MICROS),
                TimeUnit.MICROSECONDS);
        call(statement, "after_" + REPLY_AFTER_MS[random.nextInt(REPLY_AFTER_MS.length)]);
        cancels.get();
        // A signal may arrive late, and end this one.
        while (!call(statement, "echo")) {
          assertThat(calls).as("calls").isLessThan(10 * CALLS);
        }
      }
    }
    assertThat(cancelled).as("calls that were cancelled").isBetween(rounds / 5, 2 * rounds);
    assertThat(lambda.requests().size() - requestsBefore).isLessThanOrEqualTo(calls);
    assertThat(lambda.requests().stream().map(request -> request.text())).doesNotHaveDuplicates();
  }

  /** Whether a call, which has a payload of its own, came back rather than being cancelled. */
  private boolean call(Statement statement, String function) throws SQLException {
    String payload = "\"%s %d\"".formatted(statement, calls++);
    try (var rows =
        statement.executeQuery(
            "SELECT payload FROM aws_lambda.invoke('%s', '%s'::json)"
                .formatted(function, payload))) {
      assertThat(Queries.rows(rows)).containsExactly(payload);
      return true;
    } catch (PSQLException e) {
      assertThat(e.getSQLState()).as(e.toString()).isEqualTo("57014");
      cancelled++;
      return false;
    }
  }
}
