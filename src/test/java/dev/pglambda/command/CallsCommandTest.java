package dev.pglambda.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.config.AdminCommand;
import dev.pglambda.config.ConfigLoader;
import dev.pglambda.testing.Awaiting;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CallsCommandTest {
  private static final String TOKEN = "0123456789abcdef";
  private static final String PENDING =
      "{\"id\":13,\"started_at\":\"2026-01-02T03:04:06.5Z\",\"outcome\":\"pending\","
          + "\"function_name\":\"notify-order\",\"invocation_type\":\"Event\","
          + "\"payload_bytes\":1234,\"database\":\"shop\",\"statement\":\"INSERT INTO orders\"}";
  private static final String ENDED =
      PENDING.replace("\"pending\"", "\"ok\",\"duration_ms\":3.04,\"status_code\":202");
  private static final String FAILED =
      "{\"id\":12,\"started_at\":\"2026-01-02T03:04:05Z\",\"outcome\":\"error\","
          + "\"duration_ms\":12.6,\"function_name\":\"total\","
          + "\"invocation_type\":\"RequestResponse\",\"status_code\":null,\"sqlstate\":\"38000\","
          + "\"message\":\"invoke API failed\",\"database\":\"shop\",\"statement\":\"SELECT 1\"}";

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final List<Thread> followers = new ArrayList<>();
  private StandInAdmin admin;

  @BeforeEach
  void start() throws IOException {
    admin = new StandInAdmin();
  }

  @AfterEach
  void stop() throws InterruptedException {
    for (Thread follower : followers) {
      follower.interrupt();
      follower.join();
    }
    admin.close();
  }

  private int run(String... arguments) {
    return run(out, arguments);
  }

  private int run(OutputStream stream, String... arguments) {
    return Command.run(command(arguments), new PrintStream(stream, true, UTF_8), errors());
  }

  private AdminCommand command(String... arguments) {
    String[] all =
        Stream.concat(
                Stream.of("calls", "--admin", admin.address().toString()), Stream.of(arguments))
            .toArray(String[]::new);
    return (AdminCommand) ConfigLoader.load(all, Map.of());
  }

  private PrintStream errors() {
    return new PrintStream(err, true, UTF_8);
  }

  private List<String> printed() {
    return out.toString(UTF_8).lines().toList();
  }

  /** The times are those of this machine's zone. */
  private static List<String> withoutTimes(List<String> lines) {
    return lines.stream().map(line -> line.replaceFirst(" \\d\\d:\\d\\d:\\d\\d ", " ")).toList();
  }

  @Test
  void printsALineForEachCallTheNewestLast() {
    admin.has(PENDING, FAILED);

    assertThat(run()).isZero();

    assertThat(withoutTimes(printed()))
        .containsExactly(
            "#12 ← total RequestResponse 38000 13 ms  shop  SELECT 1  ERROR: invoke API failed",
            "#13 → notify-order Event 1.2 kB  shop  INSERT INTO orders");
  }

  @Test
  void tellsWhatAReplayHasRepeatedAndWhatTheFunctionSaid() {
    admin.has(
        ENDED.replace(
            ":202",
            ":200,\"function_error\":\"Unhandled\",\"sqlstate\":\"38000\",\"message\":\"failed\","
                + "\"replay_of\":7"),
        ENDED.replace("13", "9"));

    assertThat(run()).isZero();

    assertThat(withoutTimes(printed()))
        .containsExactly(
            "#9 ← notify-order Event 202 3 ms  shop  INSERT INTO orders",
            "#13 ← notify-order Event Unhandled 3 ms  replay of #7  shop  INSERT INTO orders"
                + "  ERROR: failed");
  }

  @Test
  void printsAnEventThatFailsLaterOnceMore() {
    String failedLater =
        ENDED.replace("\"ok\"", "\"function_error\",\"function_error\":\"Unhandled\"");
    admin.has(ENDED);
    follow("--follow");
    Awaiting.await("the call is printed").until(() -> printed().size() == 1);

    for (String told : List.of(failedLater, ENDED, failedLater, FAILED)) {
      admin.tells(event(told));
    }
    Awaiting.await("the last call is printed").until(() -> printed().size() >= 3);

    assertThat(withoutTimes(printed()))
        .containsExactly(
            "#13 ← notify-order Event 202 3 ms  shop  INSERT INTO orders",
            "#13 ← notify-order Event Unhandled 3 ms  shop  INSERT INTO orders",
            "#12 ← total RequestResponse 38000 13 ms  shop  SELECT 1  ERROR: invoke API failed");
  }

  @Test
  void asksForWhatTheOptionsName() {
    assertThat(run("--failed", "--function", "a&b", "--limit", "7")).isZero();

    assertThat(admin.requests())
        .containsExactly(
            "GET /api/invocations?limit=7&function=a%26b&outcome=failed&fields=summary");
  }

  @Test
  void printsTheObjectsOfTheApiByteForByte() {
    String odd = "{\"id\": 14, \"payload\":\"{\\\"}],[{\\u0041 é 😀\",\"outcome\":\"ok\"  }";
    admin.has(odd, FAILED);

    assertThat(run("--json")).isZero();

    assertThat(out.toString(UTF_8)).isEqualTo(FAILED + "\n" + odd + "\n");
    assertThat(admin.requests()).first().asString().doesNotContain("summary");
  }

  @Test
  void asksOnWhereAnAnswerHasEndedEarly() {
    admin.has(call(5), call(4), call(3), call(2), call(1));
    admin.givesAtMost(2);

    assertThat(run("--json", "--limit", "4")).isZero();

    assertThat(printed()).containsExactly(call(2), call(3), call(4), call(5));
  }

  private static String call(int id) {
    return "{\"id\":" + id + ",\"outcome\":\"ok\"}";
  }

  @Test
  void printsNoCharacterThatATerminalActsUpon() {
    admin.has(
        ENDED
            .replace("INSERT INTO", "INSERT\\n  INTO\\u001b[31m\\u009b1m\\u202e")
            .replace("notify-order", "a\\u0007b"));

    assertThat(run()).isZero();

    assertThat(withoutTimes(printed()))
        .containsExactly("#13 ← a?b Event 202 3 ms  shop  INSERT INTO?[31m?1m? orders");
  }

  @Test
  void cutsALongStatement() {
    admin.has(ENDED.replace("INSERT INTO orders", "x".repeat(101)));

    assertThat(run()).isZero();

    assertThat(printed().get(0)).endsWith("  " + "x".repeat(100) + " ..");
  }

  @Test
  void saysWhereItHasLookedIfNoProxyIsThere() {
    admin.close();

    assertThat(run("--follow")).isEqualTo(1);

    assertThat(err.toString(UTF_8))
        .isEqualTo(
            admin.address()
                + ": cannot be reached (expected: a proxy with --admin; name its address by --admin"
                + " host:port or PGLAMBDA_ADMIN)\n");
  }

  @Test
  void sendsTheTokenAndSaysIfItIsWrong() {
    admin.answers(401, "{\"error\":\"no\"}");
    AdminCommand command =
        (AdminCommand)
            ConfigLoader.load(
                new String[] {"calls"},
                Map.of(
                    "PGLAMBDA_ADMIN", admin.address().toString(), "PGLAMBDA_ADMIN_TOKEN", TOKEN));

    assertThat(Command.run(command, new PrintStream(out, true, UTF_8), errors())).isEqualTo(1);

    assertThat(admin.requests()).singleElement().asString().endsWith(" Bearer " + TOKEN);
    assertThat(err.toString(UTF_8))
        .hasLineCount(1)
        .startsWith(admin.address() + ": refuses this token (expected: that of")
        .doesNotContain(TOKEN);
  }

  @Test
  void saysThatAServerIsNoProxy() {
    admin.answers(404, "");

    assertThat(run()).isEqualTo(1);

    assertThat(err.toString(UTF_8))
        .hasLineCount(1)
        .startsWith(admin.address() + ": answers 404 (expected: a proxy with --admin");
  }

  @Test
  void followsWithoutPrintingACallTwice() {
    admin.has(FAILED);
    follow("--follow");
    Awaiting.await("the list").until(() -> printed().size() == 1);

    admin.tells(event(FAILED)); // which has ended while both were asked for
    admin.tells(event(PENDING) + ": still here\n\nevent: cleared\ndata: {}\n\n" + event(ENDED));
    Awaiting.await("both").until(() -> printed().size() == 3);

    assertThat(withoutTimes(printed()).subList(1, 3))
        .containsExactly(
            "#13 → notify-order Event 1.2 kB  shop  INSERT INTO orders",
            "#13 ← notify-order Event 202 3 ms  shop  INSERT INTO orders");
    assertThat(admin.requests()).first().isEqualTo("GET /api/events");
  }

  @Test
  void followsOnlyWhatIsAskedFor() {
    follow("--follow", "--failed", "--function", "total", "--json");
    Awaiting.await("the list").until(() -> admin.requests().size() == 2);

    admin.tells(event(ENDED) + event(FAILED.replace("total", "other")) + event(FAILED));
    Awaiting.await("the call").until(() -> !printed().isEmpty());

    assertThat(printed()).containsExactly(FAILED);
  }

  @Test
  void goesOnWhenTheProxyIsBack() throws Exception {
    admin.has(ENDED);
    follow("--follow", "--json");
    Awaiting.await("the list").until(() -> printed().size() == 1);

    int port = admin.address().port();
    admin.close();
    Awaiting.await("the loss").until(() -> err.toString(UTF_8).contains("is lost"));
    admin = new StandInAdmin(port);
    String later = ENDED.replace("2026-01-02", "2026-01-03"); // counts from the beginning again
    admin.has(later, ENDED);
    Awaiting.await("the call").until(() -> printed().size() == 2);

    assertThat(printed()).containsExactly(ENDED, later);
    assertThat(admin.requests())
        .contains(
            "GET /api/invocations?limit=1000&since=2026-01-02T03%3A04%3A06.5Z&fields=summary");
    assertThat(err.toString(UTF_8)).hasLineCount(1);
  }

  @Test
  void endsWithoutAWordIfNobodyReads() {
    admin.has(ENDED);
    OutputStream closed =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("Broken pipe");
          }
        };

    assertThat(run(closed, "--follow")).isZero();

    assertThat(err.toString(UTF_8)).isEmpty();
  }

  private static String event(String call) {
    return "event: invocation\nid: 1\ndata: " + call + "\n\n";
  }

  private void follow(String... arguments) {
    Thread follower = new Thread(() -> run(arguments), "follower");
    followers.add(follower);
    follower.start();
  }
}
