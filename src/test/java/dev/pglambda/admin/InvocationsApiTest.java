package dev.pglambda.admin;

import static dev.pglambda.testing.Awaiting.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pglambda.admin.AdminStage.Setup;
import dev.pglambda.lambda.InvocationResult;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InvocationsApiTest {
  private AdminStage stage;

  @BeforeEach
  void start() throws Exception {
    stage = new AdminStage(Setup.DEFAULT);
  }

  @AfterEach
  void close() throws Exception {
    stage.close();
  }

  @Test
  void showsACallAsSqlMadeItAndAsItWasAnswered() throws Exception {
    stage.call("notify-order", "{\"id\": 1}");

    JsonNode call = stage.json("/api/invocations/1");

    assertThat(call.get("function_name").asText()).isEqualTo("notify-order");
    assertThat(call.get("payload").asText()).isEqualTo("{\"id\": 1}");
    assertThat(call.get("response").asText()).isEqualTo("{\"ok\": true}");
    assertThat(call.get("outcome").asText()).isEqualTo("ok");
    assertThat(call.get("statement").asText()).isEqualTo(AdminStage.STATEMENT);
  }

  @ParameterizedTest
  @CsvSource({
    "'', 4 3 2 1",
    "?limit=1, 4",
    "?before=3, 2 1",
    "?before=3&limit=1, 2",
    "?function=charge-card, 2",
    "?function=charge, ''",
    "?outcome=ok, 1",
    "?outcome=failed, 3 2",
    "?outcome=function_error, 2",
    "?outcome=error, 3",
    "?outcome=pending, 4",
    "?outcome=cancelled, ''",
    "?database=orders, 4 3 2 1",
    "?database=other, ''",
    "?since=2026-01-01T00:00:00Z, 4 3 2 1",
    "?since=2999-01-01T00:00:00Z, ''",
    "?text=NOTIFY, 1",
    "?text=%22sku%22, 2",
    "?text=no%20stock, 2",
    "?text=STRASSE, ''",
    "?text=STRA%C3%9FE, 4 3 2 1",
    "?text=NULL&function=, 3",
    "?text=e&limit=2, 4 3",
    "?function=&outcome=&since=&before=&database=&text=&fields=&limit=, 4 3 2 1"
  })
  void findsCallsNewestFirst(String query, String expected) throws Exception {
    stage.call("notify-order", "{\"id\": 1}");
    stage.answer = AdminStage.failing();
    stage.call("charge-card", "{\"sku\": 5}");
    stage.call(null, "{}");
    stage.answer = new CompletableFuture<>();
    stage.call("slow", "{}");

    assertThat(stage.ids(query))
        .containsExactlyElementsOf(
            expected.isEmpty()
                ? List.of()
                : Arrays.stream(expected.split(" ")).map(Long::valueOf).toList());
  }

  @Test
  void findsCallsSinceTheTimeOfOne() throws Exception {
    stage.call("before", "{}");
    Instant first = Instant.parse(stage.json("/api/invocations/1").get("started_at").asText());

    assertThat(stage.ids("?since=" + first)).containsExactly(1L);
    assertThat(stage.ids("?since=" + first.plusNanos(1000))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "outcome=x, outcome",
    "since=yesterday, since",
    "before=-1, before",
    "limit=0, limit",
    "limit=1001, limit",
    "fields=all, fields",
    "functon=f, parameter",
    "text=%ZZ, parameters"
  })
  void refusesAParameterThatIsWrongAndSaysWhatIsExpected(String query, String name)
      throws Exception {
    String response = stage.raw("/api/invocations?" + query, "Host: localhost");

    assertThat(response).startsWith("HTTP/1.1 400 ").contains("{\"error\":\"" + name + ": ");
    assertThat(response).contains("(expected: ");
  }

  @Test
  void refusesATextToSearchForThatIsTooLong() throws Exception {
    assertThat(stage.get("/api/invocations?text=" + "x".repeat(1001)).statusCode()).isEqualTo(400);
  }

  @Test
  void leavesOutOfASummaryWhatIsLong() throws Exception {
    stage.call("notify-order", "{}");

    JsonNode summary = stage.json("/api/invocations?fields=summary").get("invocations").get(0);

    assertThat(summary.has("payload")).isFalse();
    assertThat(summary.has("response")).isFalse();
    assertThat(summary.has("log")).isFalse();
    assertThat(summary.has("client_context")).isFalse();
    assertThat(summary.get("payload_bytes").asInt()).isEqualTo(2);
    assertThat(summary.get("response_bytes").asInt()).isEqualTo(12);
    assertThat(summary.get("statement").asText()).isEqualTo(AdminStage.STATEMENT);
  }

  @Test
  void cutsTheTextsOfASummaryBetweenCharacters() throws Exception {
    stage.statement = "x".repeat(199) + "\uD83D\uDE00";
    stage.answer = AdminStage.failing();
    stage.call("f".repeat(20_000), "{}");

    JsonNode whole = stage.json("/api/invocations/1");
    JsonNode summary = stage.json("/api/invocations?fields=summary").at("/invocations/0");

    assertThat(whole.get("function_name").asText()).hasSize(20_000);
    assertThat(summary.get("function_name").asText()).isEqualTo("f".repeat(1000) + "…");
    assertThat(summary.get("statement").asText()).isEqualTo("x".repeat(199) + "…");
  }

  @Test
  void leavesOutOfASummaryTheDetailThatQuotesAFunctionsAnswer() throws Exception {
    stage.answer = AdminStage.failing();
    stage.call("notify-order", "{}");

    JsonNode summary = stage.json("/api/invocations?fields=summary").at("/invocations/0");

    assertThat(summary.get("message").asText()).isEqualTo("lambda invocation failed");
    assertThat(summary.has("detail")).isFalse();
    assertThat(stage.json("/api/invocations/1").get("detail").asText()).contains("no stock");
  }

  @Test
  void endsAnAnswerAt16MegabytesBehindWhichTheClientGoesOn() throws Exception {
    String large = "\"" + "x".repeat(5 << 20) + "\"";
    for (int i = 0; i < 5; i++) {
      stage.call("large", large);
    }

    assertThat(stage.ids("")).containsExactly(5L, 4L, 3L, 2L);
    assertThat(stage.ids("?before=2")).containsExactly(1L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/api/invocations", "/api/invocations/1"})
  void refusesWhatItHasNoMemoryForWhileOthersReadSlowly(String path) throws Exception {
    stage.call("large", "\"" + "x".repeat(12 << 20) + "\"");
    List<Socket> readers = new ArrayList<>();
    try {
      await("an answer is refused")
          .until(
              () -> {
                readers.add(readSlowly(path));
                return stage.get("/api/invocations/1").statusCode() == 503;
              });

      assertThat(readers).hasSizeLessThan(10);
      assertThat(stage.get("/api/invocations?fields=summary").statusCode()).isEqualTo(200);
    } finally {
      for (Socket each : readers) {
        each.close();
      }
    }
    await("there is memory again").until(() -> stage.get("/api/invocations/1").statusCode() == 200);
  }

  /** Asks, and reads no more than that it is answered. */
  private Socket readSlowly(String path) throws IOException {
    Socket reader = new Socket();
    reader.setReceiveBufferSize(4096);
    reader.connect(stage.server().address());
    reader
        .getOutputStream()
        .write("GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n".formatted(path).getBytes(UTF_8));
    reader.getInputStream().readNBytes("HTTP/1.1 200".length());
    return reader;
  }

  @Test
  void doesNotKnowACallThatIsNotKept() throws Exception {
    assertThat(stage.get("/api/invocations/1").statusCode()).isEqualTo(404);
    assertThat(stage.post("/api/invocations/1/replay", "").statusCode()).isEqualTo(404);
  }

  @Test
  void makesACallOnceMoreWithTheSameBytes() throws Exception {
    String payload = "{ \"name\":\t\"Straße\" , \"n\": 1.0e2 }";
    stage.call("notify-order", payload);

    JsonNode replay = AdminStage.json(stage.post("/api/invocations/1/replay", ""));

    assertThat(replay.get("id").asLong()).isEqualTo(2);
    assertThat(replay.get("replay_of").asLong()).isEqualTo(1);
    assertThat(replay.get("outcome").asText()).isEqualTo("ok");
    assertThat(stage.invocations).hasSize(2);
    assertThat(stage.invocations.get(1)).isEqualTo(stage.invocations.get(0));
    assertThat(UTF_8.decode(stage.invocations.get(1).payload().duplicate()).toString())
        .isEqualTo(payload);
  }

  @Test
  void makesACallOnceMoreWithAnotherPayload() throws Exception {
    stage.call("notify-order", "{}");

    JsonNode replay =
        AdminStage.json(stage.post("/api/invocations/1/replay", "{\"payload\": \"[1, 2]\"}"));

    assertThat(replay.get("payload").asText()).isEqualTo("[1, 2]");
    assertThat(UTF_8.decode(stage.invocations.get(1).payload().duplicate()).toString())
        .isEqualTo("[1, 2]");
  }

  @Test
  void makesACallOnceMoreThatIsRefusedAsBefore() throws Exception {
    stage.call(null, "{}");

    JsonNode replay = AdminStage.json(stage.post("/api/invocations/1/replay", ""));

    assertThat(replay.get("outcome").asText()).isEqualTo("error");
    assertThat(replay.get("message")).isEqualTo(stage.json("/api/invocations/1").get("message"));
    assertThat(stage.invocations).isEmpty();
  }

  @Test
  void answersEachOfTwoReplaysOfACallWithItsOwn() throws Exception {
    stage.call("notify-order", "{}");
    CompletableFuture<InvocationResult> slow = new CompletableFuture<>();
    stage.answer = slow;
    CompletableFuture<HttpResponse<String>> first = replayLater("{\"payload\": \"1\"}");
    await("the first is being made").until(() -> stage.invocations.size() == 2);
    stage.answer = AdminStage.answering("2");

    JsonNode second =
        AdminStage.json(stage.post("/api/invocations/1/replay", "{\"payload\": \"2\"}"));
    slow.complete(new InvocationResult(200, null, null, null, null));

    assertThat(second.get("payload").asText()).isEqualTo("2");
    assertThat(AdminStage.json(first.join()).get("payload").asText()).isEqualTo("1");
  }

  @Test
  void makesTheAnswerOfAReplayOnTheThreadThatSendsIt() throws Exception {
    stage.call("notify-order", "{}");
    InvocationsApi api =
        new InvocationsApi(
            stage.journal, stage.sources().calls(), Runnable::run, new AnswerMemory(1));
    EmbeddedChannel client = new EmbeddedChannel();

    CompletableFuture<?> answer =
        api.replay(
                new AdminRequest(
                    client,
                    new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, "/"),
                    Map.of(),
                    1,
                    ""))
            .toCompletableFuture();

    assertThat(stage.invocations).hasSize(2);
    assertThat(answer).isNotDone();
    client.runPendingTasks();
    assertThat(answer).isDone();
    client.finishAndReleaseAll();
  }

  private CompletableFuture<HttpResponse<String>> replayLater(String body) {
    return stage
        .http()
        .sendAsync(
            stage
                .request("/api/invocations/1/replay")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build(),
            HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void cancelsAReplayWhoseClientHasGone() throws Exception {
    stage.call("notify-order", "{}");
    stage.answer = new CompletableFuture<>();
    try (Socket client = stage.connect()) {
      client
          .getOutputStream()
          .write(
              "POST /api/invocations/1/replay HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
                  .getBytes(UTF_8));
      await("it is being made").until(() -> stage.invocations.size() == 2);
    }

    await("it is cancelled")
        .until(() -> stage.json("/api/invocations/2").get("outcome").asText().equals("cancelled"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x",
        "[]",
        "{}",
        "{\"payload\": 1}",
        "{\"payload\": \"1\"} x",
        "{\"payload\": \"1\", \"function\": \"f\"}"
      })
  void refusesABodyThatIsNotAPayload(String body) throws Exception {
    stage.call("notify-order", "{}");

    HttpResponse<String> response = stage.post("/api/invocations/1/replay", body);

    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(stage.invocations).hasSize(1);
  }

  @Test
  void wantsAPayloadWhereNoneIsKept() throws Exception {
    stage.close();
    stage = new AdminStage(new Setup(null, AdminLimits.DEFAULT, false));
    stage.call("notify-order", "{}");

    HttpResponse<String> none = stage.post("/api/invocations/1/replay", "");
    assertThat(none.statusCode()).isEqualTo(409);
    assertThat(none.body()).contains("--journal-payloads is off");
    HttpResponse<String> given = stage.post("/api/invocations/1/replay", "{\"payload\": \"{}\"}");
    assertThat(given.statusCode()).isEqualTo(200);
    assertThat(AdminStage.json(given).get("replay_of").asLong()).isEqualTo(1);
  }

  @Test
  void saysThatThePayloadOfALargeCallIsNotKept() throws Exception {
    stage.call("large", "x".repeat(AdminStage.JOURNAL_BYTES / 2));

    HttpResponse<String> response = stage.post("/api/invocations/1/replay", "");

    assertThat(response.statusCode()).isEqualTo(409);
    assertThat(response.body()).contains("--journal-size").doesNotContain("--journal-payloads");
  }

  @Test
  void forgetsTheCallsThatHaveEnded() throws IOException, InterruptedException {
    stage.call("notify-order", "{}");
    stage.answer = new CompletableFuture<>();
    stage.call("slow", "{}");

    HttpResponse<String> response = stage.send(stage.request("/api/invocations").DELETE());

    assertThat(response.statusCode()).isEqualTo(204);
    assertThat(stage.ids("")).containsExactly(2L);
    assertThat(stage.json("/api/status").get("clears").asInt()).isEqualTo(1);
  }
}
