package dev.pglambda.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.config.AdminCommand;
import dev.pglambda.config.ConfigLoader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ReplayCommandTest {
  private static final String ENDED =
      "{\"id\":15,\"started_at\":\"2026-01-02T03:04:05Z\",\"outcome\":\"ok\","
          + "\"duration_ms\":3,\"function_name\":\"total\",\"invocation_type\":\"RequestResponse\","
          + "\"status_code\":200,\"response\":\"{\\n  \\\"sum\\\": 3\\u001b\\n}\","
          + "\"replay_of\":12}";

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private StandInAdmin admin;

  @BeforeEach
  void start() throws IOException {
    admin = new StandInAdmin();
  }

  @AfterEach
  void stop() {
    admin.close();
  }

  private int run(String... arguments) {
    String[] all =
        Stream.concat(
                Stream.of("replay", "12", "--admin", admin.address().toString()),
                Stream.of(arguments))
            .toArray(String[]::new);
    return Command.run(
        (AdminCommand) ConfigLoader.load(all, Map.of()),
        new PrintStream(out, true, UTF_8),
        new PrintStream(err, true, UTF_8));
  }

  @Test
  void printsTheNewCallAndItsAnswer() {
    admin.answers(200, ENDED);

    assertThat(run()).isZero();

    assertThat(out.toString(UTF_8))
        .containsPattern(
            "^#15 \\d\\d:\\d\\d:\\d\\d ← total RequestResponse 200 3 ms  replay of #12\n")
        .endsWith("\n{\n  \"sum\": 3?\n}\n");
    assertThat(admin.requests()).containsExactly("POST /api/invocations/12/replay");
    assertThat(admin.bodies()).isEmpty();
  }

  @Test
  void sendsAnotherPayloadAsText() {
    admin.answers(200, ENDED);

    assertThat(run("--payload", "{\"a\": \"\\n\"}", "--json")).isZero();

    assertThat(admin.bodies()).containsExactly("{\"payload\":\"{\\\"a\\\": \\\"\\\\n\\\"}\"}");
    assertThat(out.toString(UTF_8)).isEqualTo(ENDED + "\n");
  }

  @Test
  void failsWhereTheNewCallFails() {
    admin.answers(
        200,
        "{\"id\":15,\"outcome\":\"error\",\"sqlstate\":\"38000\",\"message\":\"failed\","
            + "\"detail\":\"why\",\"hint\":\"so\"}");

    assertThat(run()).isEqualTo(1);

    assertThat(out.toString(UTF_8)).endsWith("  ERROR: failed\nDETAIL:  why\nHINT:  so\n");
    assertThat(err.toString(UTF_8)).isEmpty();
  }

  @Test
  void saysThatACallIsNotKept() {
    admin.answers(404, "{\"error\":\"12\"}");

    assertThat(run()).isEqualTo(1);

    assertThat(err.toString(UTF_8))
        .isEqualTo(
            admin.address() + ": keeps no such call (expected: a number that calls lists)\n");
  }

  @Test
  void asksForThePayloadThatIsNotKept() {
    admin.answers(409, "{\"error\":\"12\"}");

    assertThat(run()).isEqualTo(1);

    assertThat(err.toString(UTF_8))
        .isEqualTo(
            admin.address()
                + ": has not kept the payload (expected: --payload or --payload-file)\n");
  }

  @Test
  void showsWhyARequestIsRefused() {
    admin.answers(400, "{\"error\":\"payload: no JSON\\u001b\"}");

    assertThat(run("--payload", "{")).isEqualTo(1);

    assertThat(err.toString(UTF_8))
        .hasLineCount(1)
        .startsWith(admin.address() + ": answers 400: payload: no JSON? (expected: ");
  }
}
