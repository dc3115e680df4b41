package dev.pglambda.lambda.sample;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.LogType;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Base64;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SampleFunctionsTest {
  private static final String HELLO =
      "{\"statusCode\": 200, \"body\": \"\\\"Hello from Lambda!\\\"\"}";

  private final ScheduledThreadPoolExecutor scheduler = new ScheduledThreadPoolExecutor(1);
  private final SampleFunctions functions = new SampleFunctions(scheduler);

  @BeforeEach
  void forgetCancelledAlarms() {
    scheduler.setRemoveOnCancelPolicy(true);
  }

  @AfterEach
  void stop() {
    functions.close();
    scheduler.shutdownNow();
  }

  private static Invocation call(String name, String payload) {
    return call(name, payload, InvocationType.REQUEST_RESPONSE, LogType.NONE, null, 30_000);
  }

  private static Invocation call(
      String name,
      String payload,
      InvocationType type,
      LogType logType,
      @Nullable String qualifier,
      int requestTimeoutMs) {
    return new Invocation(
        name,
        "eu-west-1",
        type,
        logType,
        null,
        qualifier,
        ByteBuffer.wrap(payload.getBytes(UTF_8)),
        Duration.ofSeconds(1),
        Duration.ofMillis(requestTimeoutMs));
  }

  private InvocationResult result(Invocation invocation) throws Exception {
    return functions.invoke(invocation).get(10, TimeUnit.SECONDS);
  }

  private static String text(InvocationResult result) {
    assertThat(result.payload()).isNotNull();
    return UTF_8.decode(result.payload().duplicate()).toString();
  }

  private static String failure(CompletableFuture<InvocationResult> call) {
    Throwable thrown = catchThrowable(() -> call.get(10, TimeUnit.SECONDS));
    assertThat(thrown).isInstanceOf(ExecutionException.class);
    assertThat(thrown.getCause()).isInstanceOf(InvocationException.class);
    return String.valueOf(thrown.getCause().getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "simple",
        "my-function",
        "aws_lambda_arn_1",
        "my-function:prod",
        "111122223333:function:my-function",
        "arn:aws:lambda:eu-west-1:444455556666:function:simple"
      })
  void sayHelloUnderTheNamesOfTheGuide(String name) throws Exception {
    InvocationResult result = result(call(name, "{\"body\": \"Hello from Postgres!\"}"));

    assertThat(text(result)).isEqualTo(HELLO);
    assertThat(result.statusCode()).isEqualTo(200);
    assertThat(result.executedVersion()).isEqualTo("$LATEST");
    assertThat(result.functionError()).isNull();
    assertThat(result.logResult()).isNull();
  }

  @Test
  void echoThePayloadByteForByte() throws Exception {
    assertThat(text(result(call("echo", "{\"ä\" :  [1, 2.0]}")))).isEqualTo("{\"ä\" :  [1, 2.0]}");
  }

  @Test
  void failAsTheRuntimeForNodeDoes() throws Exception {
    InvocationResult result = result(call("fail", "{}"));

    assertThat(result.functionError()).isEqualTo("Unhandled");
    assertThat(result.statusCode()).isEqualTo(200);
    assertThat(result.executedVersion()).isEqualTo("$LATEST");
    JsonNode error = new ObjectMapper().readTree(text(result));
    assertThat(error.fieldNames())
        .toIterable()
        .containsExactly("errorType", "errorMessage", "trace");
    assertThat(error.path("trace").path(0).asText())
        .isEqualTo(error.path("errorType").asText() + ": " + error.path("errorMessage").asText());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "prod | | $LATEST",
        "7 | | 7",
        "$LATEST | | $LATEST",
        " | 7 | 7",
        " | custom_version | $LATEST",
        "7 | 7 | 7"
      })
  void tellTheVersionThatRan(
      @Nullable String inName, @Nullable String beside, String executedVersion) throws Exception {
    String name = inName == null ? "simple" : "simple:" + inName;

    InvocationResult result =
        result(call(name, "{}", InvocationType.REQUEST_RESPONSE, LogType.NONE, beside, 30_000));

    assertThat(result.executedVersion()).isEqualTo(executedVersion);
  }

  @Test
  void refuseTwoQualifiers() {
    assertThat(
            failure(
                functions.invoke(
                    call(
                        "simple:1",
                        "{}",
                        InvocationType.REQUEST_RESPONSE,
                        LogType.NONE,
                        "2",
                        30_000))))
        .isEqualTo(
            "The derived qualifier from the function name does not match the specified qualifier.");
  }

  @ParameterizedTest
  @CsvSource({
    "nope, arn:aws:lambda:eu-west-1:000000000000:function:nope:$LATEST",
    "nope:prod, arn:aws:lambda:eu-west-1:000000000000:function:nope:prod",
    "111122223333:function:nope, arn:aws:lambda:eu-west-1:111122223333:function:nope:$LATEST",
    "function, arn:aws:lambda:eu-west-1:000000000000:function:function:$LATEST"
  })
  void areNotFoundInTheWordsOfAws(String name, String arn) {
    assertThat(failure(functions.invoke(call(name, "{}")))).isEqualTo("Function not found: " + arn);
  }

  @Test
  void areNamedByTheApisPattern() {
    assertThat(failure(functions.invoke(call("no such!", "{}"))))
        .isEqualTo(
            "1 validation error detected: Value 'no such!' at 'functionName' failed to satisfy"
                + " constraint: Member must satisfy regular expression pattern:"
                + " (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?");
  }

  @Test
  void areQualifiedByTheApisPattern() {
    assertThat(
            failure(
                functions.invoke(
                    call(
                        "simple",
                        "{}",
                        InvocationType.REQUEST_RESPONSE,
                        LogType.NONE,
                        "no such!",
                        30_000))))
        .startsWith("1 validation error detected: Value 'no such!' at 'qualifier' failed")
        .endsWith("pattern: \\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+");
  }

  @Test
  void runAnEventWithoutWaitingForIt() throws Exception {
    Invocation event =
        call("sleep", "{\"seconds\": 900}", InvocationType.EVENT, LogType.TAIL, null, 30_000);

    assertThat(result(event).withoutRun()).isEqualTo(InvocationResult.ofStatus(202));
    assertThat(scheduler.getQueue()).hasSize(1);
  }

  @Test
  void tellHowAnEventHasEnded() throws Exception {
    Invocation event = call("fail", "{}", InvocationType.EVENT, LogType.NONE, null, 30_000);

    InvocationResult run = Objects.requireNonNull(result(event).run()).get(10, TimeUnit.SECONDS);

    assertThat(run.functionError()).isEqualTo("Unhandled");
    assertThat(log(run)).contains("This function always fails");
  }

  @Test
  void doNotRunInADryRun() {
    Invocation dryRun =
        call("sleep", "{\"seconds\": 900}", InvocationType.DRY_RUN, LogType.NONE, null, 30_000);

    assertThat(functions.invoke(dryRun))
        .isCompletedWithValue(new InvocationResult(204, null, null, null, null));
    assertThat(scheduler.getQueue()).isEmpty();
  }

  @Test
  void areLookedUpInADryRun() {
    Invocation dryRun = call("nope", "{}", InvocationType.DRY_RUN, LogType.NONE, null, 30_000);

    assertThat(failure(functions.invoke(dryRun))).startsWith("Function not found");
  }

  @Test
  void returnTheLogInTheFormatOfAws() throws Exception {
    Invocation call =
        call("simple:3", "{}", InvocationType.REQUEST_RESPONSE, LogType.TAIL, null, 30_000);

    String log = log(result(call));

    String id = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
    assertThat(log)
        .matches(
            "START RequestId: "
                + id
                + " Version: 3\n"
                + "\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z\t"
                + id
                + "\tINFO\tHello from Lambda!\n"
                + "END RequestId: "
                + id
                + "\n"
                + "REPORT RequestId: "
                + id
                + "\tDuration: \\d+\\.\\d\\d ms\tBilled Duration: \\d+ ms\tMemory Size: 128 MB"
                + "\tMax Memory Used: \\d+ MB\t\n");
  }

  @Test
  void returnTheErrorInTheLog() throws Exception {
    Invocation call =
        call("fail", "{}", InvocationType.REQUEST_RESPONSE, LogType.TAIL, null, 30_000);

    InvocationResult result = result(call);

    assertThat(log(result)).contains("\tERROR\tInvoke Error \t" + text(result) + "\n");
  }

  @Test
  void returnTheLast4KilobytesOfALongLog() throws Exception {
    Invocation call =
        call(
            "echo",
            "\"" + "x".repeat(10_000) + "\"",
            InvocationType.REQUEST_RESPONSE,
            LogType.TAIL,
            null,
            30_000);

    assertThat(log(result(call))).hasSize(4096).startsWith("xxx").contains("END RequestId");
  }

  private static String log(InvocationResult result) {
    return new String(Base64.getDecoder().decode(String.valueOf(result.logResult())), UTF_8);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"{\"ms\": 20} | 20", "{\"seconds\": 0.02} | 20", "{\"seconds\": 0} | 0"})
  void sleepAsLongAsTheyAreTold(String payload, int milliseconds) throws Exception {
    long startedAt = System.nanoTime();

    InvocationResult result = result(call("sleep", payload));

    assertThat(text(result)).isEqualTo("{\"slept_ms\": " + milliseconds + "}");
    assertThat(Duration.ofNanos(System.nanoTime() - startedAt))
        .isGreaterThanOrEqualTo(Duration.ofMillis(milliseconds));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "null",
        "{\"seconds\": -1}",
        "{\"seconds\": 901}",
        "{\"ms\": 1e300}",
        "{\"ms\": \"1\"}"
      })
  void throwAtASleepThatMakesNoSense(String payload) throws Exception {
    InvocationResult result = result(call("sleep", payload));

    assertThat(result.functionError()).isEqualTo("Unhandled");
    assertThat(text(result)).contains("RangeError");
  }

  @Test
  void endAtTheRequestTimeout() {
    Invocation call =
        call(
            "sleep", "{\"seconds\": 900}", InvocationType.REQUEST_RESPONSE, LogType.NONE, null, 50);

    assertThat(failure(functions.invoke(call))).isEqualTo("curlCode: 28, Timeout was reached");
    assertThat(scheduler.getQueue()).isEmpty();
  }

  @Test
  void endWhenTheyAreCancelled() {
    CompletableFuture<InvocationResult> call =
        functions.invoke(call("sleep", "{\"seconds\": 900}"));
    assertThat(scheduler.getQueue()).hasSize(2);

    call.cancel(true);

    assertThat(scheduler.getQueue()).isEmpty();
  }

  @Test
  void endWhenTheyAreClosed() {
    CompletableFuture<InvocationResult> call =
        functions.invoke(call("sleep", "{\"seconds\": 900}"));

    functions.close();

    assertThat(failure(call)).isEqualTo("The Lambda client is shut down");
    assertThat(failure(functions.invoke(call("simple", "{}"))))
        .isEqualTo("The Lambda client is shut down");
    assertThat(scheduler.getQueue()).isEmpty();
  }

  @Test
  void areListedWithDescriptions() {
    assertThat(functions.descriptions().keySet())
        .containsExactly("simple", "my-function", "aws_lambda_arn_1", "echo", "fail", "sleep");
    assertThat(functions.descriptions().values()).doesNotContain("");
  }
}
