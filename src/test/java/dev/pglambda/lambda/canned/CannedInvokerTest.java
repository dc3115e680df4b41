package dev.pglambda.lambda.canned;

import static dev.pglambda.lambda.canned.Calls.REQUEST_TIMEOUT;
import static dev.pglambda.lambda.canned.Calls.call;
import static dev.pglambda.lambda.canned.Calls.failure;
import static dev.pglambda.lambda.canned.Calls.result;
import static dev.pglambda.lambda.canned.Calls.text;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.route.CannedReply;
import dev.pglambda.lambda.route.CannedReply.Case;
import dev.pglambda.lambda.route.CannedReply.Response;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Delayed;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class CannedInvokerTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final ScheduledThreadPoolExecutor scheduler = new ScheduledThreadPoolExecutor(1);

  @BeforeEach
  void forgetCancelledWaits() {
    scheduler.setRemoveOnCancelPolicy(true);
  }

  @AfterEach
  void stop() {
    scheduler.shutdownNow();
  }

  private static JsonNode json(String text) {
    try {
      return new ObjectMapper().readTree(text);
    } catch (JsonProcessingException noJson) {
      throw new AssertionError(noJson);
    }
  }

  private static Response reply(String payload) {
    return Response.of(json(payload));
  }

  private static Response status(int status, @Nullable JsonNode payload) {
    return new Response(payload, null, status, Duration.ZERO, null);
  }

  private static Response late(Duration delay) {
    return new Response(json("1"), "Unhandled", 200, delay, null);
  }

  private CannedInvoker replying(Response... replies) {
    return choosing(new Case(null, List.of(replies)));
  }

  private CannedInvoker choosing(Case... cases) {
    return new CannedInvoker(new CannedReply(List.of(cases)), scheduler);
  }

  private static String log(InvocationResult result) {
    return new String(Base64.getDecoder().decode(String.valueOf(result.logResult())), UTF_8);
  }

  @Test
  void answersAsAFunctionWould() throws Exception {
    InvocationResult result =
        result(replying(reply("{\"a\": [1, null]}")).invoke(call("orders:7", "{}")));

    assertThat(text(result)).isEqualTo("{\"a\":[1,null]}");
    assertThat(result.statusCode()).isEqualTo(200);
    assertThat(result.executedVersion()).isEqualTo("7");
    assertThat(result.functionError()).isNull();
  }

  @Test
  void answersWithAnEmptyBodyIfThereIsNoPayload() throws Exception {
    assertThat(result(replying(status(200, null)).invoke(call("orders", "{}"))).payload()).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"{{payload.id}}\" | 7",
        "\"{{payload.price}}\" | 1.50",
        "\"{{ payload.big }}\" | 12345678901234567890.123",
        "\"{{payload.name}}\" | \"An\\\"n $1\"",
        "\"{{payload.items}}\" | [{\"sku\":\"x\"}]",
        "\"{{payload.items.0.sku}}\" | \"x\"",
        "\"{{payload.items.sku}}\" | null",
        "\"{{payload.nope.deeper}}\" | null",
        "\"{{payload.none}}\" | null",
        "\"{{function}}\" | \"orders\"",
        "\"{{qualifier}}\" | \"live\"",
        "\"Dear {{payload.name}}, {{payload.id}}\" | \"Dear An\\\"n $1, 7\"",
        "\"<{{payload.nope}}{{payload.none}}>\" | \"<>\"",
        "\"{{payload.price}} {{payload.items}}\" | \"1.50 [{\\\"sku\\\":\\\"x\\\"}]\"",
        "\"{{paid}} {{payloads}} {payload.id}\" | \"{{paid}} {{payloads}} {payload.id}\"",
        "{\"{{function}}\": [{\"a\": \"{{payload.id}}\"}]} | {\"{{function}}\":[{\"a\":7}]}",
        "{\"n\": 1.10, \"t\": true} | {\"n\":1.1,\"t\":true}"
      })
  void fillsInTheFieldsOfTheRequest(String template, String filled) throws Exception {
    String payload =
        "{\"id\": 7, \"price\": 1.50, \"big\": 12345678901234567890.123, \"name\": \"An\\\"n $1\","
            + " \"items\": [{\"sku\": \"x\"}], \"none\": null}";

    InvocationResult result =
        result(replying(reply(template)).invoke(call("orders:live", payload)));

    assertThat(text(result)).isEqualTo(filled);
  }

  @Test
  void fillsInTheWholePayload() throws Exception {
    CannedInvoker echo = replying(reply("\"{{payload}}\""));

    assertThat(text(result(echo.invoke(call("orders", "[1.0, {\"a\": 2}]")))))
        .isEqualTo("[1.0,{\"a\":2}]");
  }

  @Test
  void leavesAQualifierOutThatIsNotThere() throws Exception {
    CannedInvoker invoker = replying(reply("[\"{{qualifier}}\", \"({{qualifier}})\"]"));

    assertThat(text(result(invoker.invoke(call("orders", "{}"))))).isEqualTo("[null,\"()\"]");
  }

  @Test
  void tellsTheTimeAndTheIdThatIsInTheLog() throws Exception {
    Instant before = Instant.now().truncatedTo(ChronoUnit.MILLIS);

    InvocationResult result =
        result(replying(reply("[\"{{now}}\", \"{{request_id}}\"]")).invoke(call("orders", "{}")));

    JsonNode payload = json(text(result));
    assertThat(Instant.parse(payload.path(0).asText())).isBetween(before, Instant.now());
    assertThat(log(result)).startsWith("START RequestId: " + payload.path(1).asText() + " Version");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"kind\": \"order\", \"more\": 1} | 1",
        "{\"kind\": \"refund\"} | 3",
        "{\"kind\": \"order\", \"lines\": [{\"n\": 1.0, \"x\": 0}, {\"n\": 2}]} | 0",
        "{\"kind\": \"order\", \"lines\": [{\"n\": 2}, {\"n\": 1}]} | 1",
        "{\"kind\": \"order\", \"lines\": {\"n\": 1}} | 1",
        "{\"kind\": null} | 2",
        "{} | 3",
        "[\"order\"] | 3"
      })
  void takesTheFirstCaseThatThePayloadContains(String payload, String taken) throws Exception {
    CannedInvoker invoker =
        choosing(
            new Case(json("{\"kind\": \"order\", \"lines\": [{\"n\": 1}]}"), List.of(reply("0"))),
            new Case(json("{\"kind\": \"order\"}"), List.of(reply("1"))),
            new Case(json("{\"kind\": null}"), List.of(reply("2"))),
            new Case(null, List.of(reply("3"))));

    assertThat(text(result(invoker.invoke(call("orders", payload))))).isEqualTo(taken);
  }

  @Test
  void refusesAPayloadForWhichThereIsNoCase() {
    CannedInvoker invoker = choosing(new Case(json("{\"a\": 1}"), List.of(reply("1"))));

    assertThat(failure(invoker.invoke(call("orders", "{\"a\": 2}"))))
        .isEqualTo("The canned reply of \"orders\" has no case for this payload");
  }

  @Test
  void answersEachCallWithTheNextReplyAndTheLastOneAgain() throws Exception {
    CannedInvoker invoker = replying(reply("1"), reply("2"));

    for (String expected : List.of("1", "2", "2")) {
      assertThat(text(result(invoker.invoke(call("orders", "{}"))))).isEqualTo(expected);
    }
  }

  @Test
  void usesEachReplyOnceAlsoForCallsAtTheSameTime() {
    int count = 1000;
    CannedInvoker invoker =
        replying(
            IntStream.range(0, count)
                .mapToObj(number -> reply(String.valueOf(number)))
                .toArray(Response[]::new));

    List<String> answers =
        IntStream.range(0, count)
            .parallel()
            .mapToObj(number -> text(invoker.invoke(call("orders", "{}")).join()))
            .toList();

    assertThat(answers).doesNotHaveDuplicates();
  }

  @Test
  void printsItsLogAsAFunctionWould() throws Exception {
    Response reply = new Response(null, "Handled", 200, Duration.ofMillis(5), "one\ntwo");

    InvocationResult result = result(replying(reply).invoke(call("orders:3", "{}")));

    assertThat(result.functionError()).isEqualTo("Handled");
    assertThat(log(result).replaceAll("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>"))
        .isEqualTo(
            """
            START RequestId: <id> Version: 3
            one
            two
            END RequestId: <id>
            REPORT RequestId: <id>\tDuration: 5.00 ms\tBilled Duration: 5 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\t
            """);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "404 | Function not found: arn:aws:lambda:eu-west-1:000000000000:function:orders:$LATEST",
        "429 | Rate Exceeded.",
        "413 | Request must be smaller than 6291456 bytes for the InvokeFunction operation",
        "403 | User: arn:aws:sts::000000000000:assumed-role/rds-lambda-role/pg-lambda-proxy is not"
            + " authorized to perform: lambda:InvokeFunction on resource:"
            + " arn:aws:lambda:eu-west-1:000000000000:function:orders because no identity-based"
            + " policy allows the lambda:InvokeFunction action",
        "500 | Service returned HTTP status code 500"
      })
  void failsInTheWordsOfTheService(int status, String message) {
    assertThat(failure(replying(status(status, null)).invoke(call("orders", "{}"))))
        .isEqualTo(message);
  }

  @ParameterizedTest
  @EnumSource(value = InvocationType.class, names = "DRY_RUN", mode = EnumSource.Mode.EXCLUDE)
  void failsInItsOwnWords(InvocationType type) {
    CannedInvoker invoker = replying(status(503, json("{\"message\": \"{{function}}: busy\"}")));

    assertThat(failure(invoker.invoke(call("orders", "{}", type, REQUEST_TIMEOUT))))
        .isEqualTo("orders: busy");
  }

  @Test
  void repliesBehindAnEvent() throws Exception {
    CannedInvoker invoker = replying(late(MINUTE), reply("2"));

    InvocationResult accepted =
        result(invoker.invoke(call("orders", "{}", InvocationType.EVENT, REQUEST_TIMEOUT)));

    assertThat(accepted.withoutRun()).isEqualTo(InvocationResult.ofStatus(202));
    InvocationResult run = result(Objects.requireNonNull(accepted.run()));
    assertThat(run.functionError()).isEqualTo("Unhandled");
    assertThat(text(run)).isEqualTo("1");
    assertThat(log(run)).startsWith("START RequestId: ");
    assertThat(text(result(invoker.invoke(call("orders", "{}"))))).isEqualTo("2");
  }

  @Test
  void usesNoReplyForADryRun() throws Exception {
    CannedInvoker invoker = replying(reply("1"), reply("2"));

    assertThat(invoker.invoke(call("orders", "{}", InvocationType.DRY_RUN, REQUEST_TIMEOUT)))
        .isCompletedWithValue(InvocationResult.ofStatus(204));
    assertThat(text(result(invoker.invoke(call("orders", "{}"))))).isEqualTo("1");
  }

  @Test
  void answersWhenTheDelayHasPassed() throws Exception {
    long start = System.nanoTime();

    result(replying(late(Duration.ofMillis(50))).invoke(call("orders", "{}")));

    assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(50_000_000);
  }

  @Test
  void timesOutIfTheDelayIsLonger() {
    CompletableFuture<InvocationResult> call =
        replying(late(MINUTE))
            .invoke(call("orders", "{}", InvocationType.REQUEST_RESPONSE, Duration.ofMillis(20)));

    assertThat(failure(call)).isEqualTo("curlCode: 28, Timeout was reached");
  }

  @Test
  void waitsNoLongerForACallThatIsCancelled() {
    CompletableFuture<InvocationResult> call =
        replying(late(Duration.ofSeconds(20))).invoke(call("orders", "{}"));
    Delayed wait = (Delayed) scheduler.getQueue().element();
    assertThat(wait.getDelay(TimeUnit.SECONDS)).isBetween(15L, 20L);

    call.cancel(true);

    assertThat(scheduler.getQueue()).isEmpty();
  }

  @Test
  void failsCallsWhenItIsClosedAndAfterwards() {
    CannedInvoker invoker = replying(late(Duration.ofSeconds(20)));
    CompletableFuture<InvocationResult> call = invoker.invoke(call("orders", "{}"));

    invoker.close();

    assertThat(failure(call)).isEqualTo("The Lambda client is shut down");
    assertThat(scheduler.getQueue()).isEmpty();
    assertThat(failure(invoker.invoke(call("orders", "{}"))))
        .isEqualTo("The Lambda client is shut down");
  }

  @Test
  void refusesWhatTheServiceRefuses() {
    CannedInvoker invoker = replying(reply("1"));

    assertThat(failure(invoker.invoke(call("no such!", "{}"))))
        .startsWith("1 validation error detected: Value 'no such!' at 'functionName' failed");
    assertThat(failure(invoker.invoke(call("orders", "*"))))
        .isEqualTo(
            "Could not parse request body into json: Could not parse payload into json: Unexpected"
                + " character ('*' (code 42)): expected a valid value (JSON String, Number,"
                + " Array, Object or token 'null', 'true' or 'false')\n"
                + " at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled);"
                + " line: 1, column: 1]");
  }

  @Test
  void refusesARequestThatIsTooLong() {
    CannedInvoker invoker = replying(reply("1"));
    String large = "\"" + "x".repeat(6 << 20) + "\"";

    assertThat(failure(invoker.invoke(call("orders", large))))
        .isEqualTo("Request must be smaller than 6291456 bytes for the InvokeFunction operation");
  }

  @Test
  void failsAsAFunctionDoesWhoseReplyIsTooLong() throws Exception {
    CannedInvoker invoker = replying(reply("[\"{{payload}}\", \"{{payload}}\"]"));
    String half = "\"" + "x".repeat(4 << 20) + "\"";

    InvocationResult result = result(invoker.invoke(call("orders", half)));

    assertThat(result.functionError()).isEqualTo("Unhandled");
    assertThat(text(result))
        .isEqualTo(
            "{\"errorMessage\":\"Response payload size exceeded maximum allowed payload size"
                + " (6291556 bytes).\",\"errorType\":\"Function.ResponseSizeTooLarge\"}");
  }

  @Test
  void answersWithAPayloadThatIsAsDeepAsJsonMayBe() throws Exception {
    String payload = "[".repeat(1000) + "]".repeat(1000);

    assertThat(text(result(replying(reply("[\"{{payload}}\"]")).invoke(call("orders", payload)))))
        .isEqualTo("[" + payload + "]");
  }
}
