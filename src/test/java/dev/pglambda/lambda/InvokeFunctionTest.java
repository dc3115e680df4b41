package dev.pglambda.lambda;

import static dev.pglambda.lambda.InvokeStage.OK;
import static dev.pglambda.lambda.InvokeStage.PARTITIONS;
import static dev.pglambda.lambda.InvokeStage.error;
import static dev.pglambda.lambda.InvokeStage.json;
import static dev.pglambda.lambda.InvokeStage.row;
import static dev.pglambda.lambda.TestArguments.composite;
import static dev.pglambda.lambda.TestArguments.name;
import static java.util.concurrent.CompletableFuture.completedFuture;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.SqlError;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is sent for a call, and what is answered. */
class InvokeFunctionTest {
  private final InvokeStage stage = new InvokeStage();
  private final FakeInvoker invoker = stage.invoker();

  /** What PostgreSQL takes for json. */
  static Stream<String> jsonTexts() {
    return Stream.of(
        " {\"a\": [1, null, \"ü\\ud83d\"]}\n",
        "\"text\"",
        "[".repeat(5000) + "]".repeat(5000),
        "1".repeat(5000));
  }

  @Nested
  class Answers {
    @Test
    void passesEverythingOnAndReturnsTheResultAsItIs() {
      // given
      ByteBuffer payload = json("{\"x\":  1}");
      // when
      CompletableFuture<InvokeAnswer> answer =
          stage.call(
              name("f")
                  .payload(payload)
                  .region("us-west-2")
                  .invocationType("RequestResponse")
                  .logType("Tail")
                  .context("{\"custom\": {}}")
                  .qualifier("prod")
                  .connectTimeout("1")
                  .requestTimeout("900000"));
      invoker.result.complete(OK);
      // then
      assertThat(invoker.invocation())
          .isEqualTo(
              new Invocation(
                  "f",
                  "us-west-2",
                  InvocationType.REQUEST_RESPONSE,
                  LogType.TAIL,
                  "{\"custom\": {}}",
                  "prod",
                  payload,
                  Duration.ofMillis(1),
                  Duration.ofMinutes(15)));
      assertThat(row(answer)).isEqualTo(new InvokeAnswer.Row(OK, null));
    }

    @Test
    void quotesTheLambdaClientWhenTheApiFails() {
      CompletableFuture<InvokeAnswer> answer = stage.call(name("f"));

      invoker.result.completeExceptionally(
          InvokeErrors.unreachable(null, new Exception("refused")));

      assertThat(error(answer))
          .isEqualTo(
              new SqlError(
                  "38000",
                  "invoke API failed",
                  "AWS Lambda client returned 'Unable to connect to endpoint'.",
                  null));
    }

    @Test
    void unwrapsAFailureThatPassedThroughAnotherFuture() {
      CompletableFuture<InvokeAnswer> answer = stage.call(name("f"));

      invoker.result.completeExceptionally(
          new CompletionException(InvokeErrors.requestTimedOut(null)));

      assertThat(error(answer).detail())
          .isEqualTo("AWS Lambda client returned 'curlCode: 28, Timeout was reached'.");
    }

    @Test
    void showsTheErrorOfAFunctionUnderTheNameItWasCalledBy() {
      CompletableFuture<InvokeAnswer> answer =
          stage.call(name("arn:aws:lambda:aws-region:444455556666:function:simple"));

      invoker.result.complete(
          new InvocationResult(200, json("{\"errorMessage\":\"no\0\"}"), "1", null, "Unhandled"));

      assertThat(error(answer))
          .isEqualTo(
              new SqlError(
                  "38000",
                  "lambda invocation failed",
                  "\"arn:aws:lambda:aws-region:444455556666:function:simple\" returned error"
                      + " \"Unhandled\", details: \"{\"errorMessage\":\"no\uFFFD\"}\".",
                  null));
    }

    @Test
    void showsAFunctionErrorWithoutPayload() {
      CompletableFuture<InvokeAnswer> answer = stage.call(composite("f", null));

      invoker.result.complete(new InvocationResult(200, null, null, null, "Handled"));

      assertThat(error(answer).detail())
          .isEqualTo("\"f\" returned error \"Handled\", details: \"\".");
    }

    @ParameterizedTest
    @ValueSource(strings = {"7b00", "ff", "c0af", "eda080", "f4908080", "e282"})
    void refusesAReplyThatIsNoTextForPostgresql(String bytes) {
      CompletableFuture<InvokeAnswer> answer = stage.call(name("f"));

      ByteBuffer reply = ByteBuffer.wrap(HexFormat.of().parseHex(bytes));
      invoker.result.complete(new InvocationResult(200, reply, null, null, null));

      assertThat(error(answer).sqlState()).isEqualTo("22021");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Task timed out", "", "1 2", "{\"a\":}", "\"\n\"", "[1", "NULL"})
    void letsPostgresqlRefuseWhatIsNotJsonButTellsOfTheError(String reply) {
      CompletableFuture<InvokeAnswer> answer = stage.call(name("f"));

      invoker.result.complete(new InvocationResult(200, json(reply), null, null, null));

      assertThat(row(answer).result().payload()).isEqualTo(json(reply));
      assertThat(error(completedFuture(stage.observed())).sqlState()).isEqualTo("22P02");
    }

    @ParameterizedTest
    @MethodSource("dev.pglambda.lambda.InvokeFunctionTest#jsonTexts")
    void tellsOfARowIfTheReplyIsJson(String reply) {
      CompletableFuture<InvokeAnswer> answer = stage.call(name("f"));

      invoker.result.complete(new InvocationResult(200, json(reply), null, null, null));

      assertThat(stage.observed()).isEqualTo(row(answer));
    }

    @Test
    void turnsABugOfTheInvokerIntoAnInternalError() {
      CompletableFuture<InvokeAnswer> answer = stage.call(name("f"));

      invoker.result.completeExceptionally(new IllegalStateException("bug for a test"));

      assertThat(error(answer).sqlState()).isEqualTo("XX000");
    }

    @Test
    void turnsAnInvokerThatThrowsIntoAnInternalError() {
      InvokeFunction broken =
          new InvokeFunction(
              new LambdaInvoker() {
                @Override
                public CompletableFuture<InvocationResult> invoke(Invocation invocation) {
                  throw new IllegalStateException("bug for a test");
                }

                @Override
                public void close() {}
              },
              "eu-central-1",
              PARTITIONS,
              CallObserver.NONE);

      assertThat(error(broken.call(name("f").build(), CallOrigin.UNKNOWN)).sqlState())
          .isEqualTo("XX000");
    }

    @Test
    void cancelsTheInvocationWhenItsAnswerIsCancelled() {
      CompletableFuture<InvokeAnswer> answer = stage.call(name("f"));

      answer.cancel(true);

      assertThat(invoker.result).isCancelled();
      assertThat(answer)
          .isCancelled()
          .failsWithin(Duration.ZERO)
          .withThrowableOfType(CancellationException.class);
    }
  }

  @Nested
  class NullsAndDefaults {
    @Test
    void givesDefaultsForNull() {
      Invocation sent = stage.sent(name("f").invocationType(null).logType(null));

      assertThat(sent.invocationType()).isEqualTo(InvocationType.REQUEST_RESPONSE);
      assertThat(sent.logType()).isEqualTo(LogType.NONE);
      assertThat(sent.connectTimeout()).isEqualTo(Duration.ofSeconds(1));
      assertThat(sent.requestTimeout()).isEqualTo(Duration.ofSeconds(3));
      assertThat(sent.clientContext()).isNull();
      assertThat(sent.qualifier()).isNull();
    }

    @Test
    void takesAnEmptySettingForNone() {
      Invocation sent = stage.sent(name("f").connectTimeout("").requestTimeout(""));

      assertThat(sent.connectTimeout()).isEqualTo(Duration.ofSeconds(1));
      assertThat(sent.requestTimeout()).isEqualTo(Duration.ofSeconds(3));
    }

    @Test
    void refusesANullFunctionName() {
      assertThat(stage.refused(composite(null, "us-east-1")))
          .isEqualTo(
              new SqlError(
                  "22004",
                  "argument \"function_name\" of aws_lambda.invoke must not be null",
                  null,
                  null));
    }

    @Test
    void refusesAnEmptyFunctionName() {
      assertThat(stage.refused(name(" ")))
          .isEqualTo(
              new SqlError(
                  "22023",
                  "argument \"function_name\" of aws_lambda.invoke must not be empty",
                  null,
                  null));
    }

    @Test
    void refusesANullPayload() {
      assertThat(stage.refused(name("f").payload(null)))
          .isEqualTo(
              new SqlError(
                  "22004",
                  "argument \"payload\" of aws_lambda.invoke must not be null",
                  null,
                  null));
    }
  }

  @Nested
  class AllowedValues {
    @ParameterizedTest
    @CsvSource({"RequestResponse, REQUEST_RESPONSE", "Event, EVENT", "DryRun, DRY_RUN"})
    void knowsTheInvocationTypes(String given, InvocationType type) {
      assertThat(stage.sent(composite("f", null).invocationType(given)).invocationType())
          .isEqualTo(type);
    }

    @ParameterizedTest
    @ValueSource(strings = {"event", "EVENT", "", " Event", "Tail"})
    void refusesAnyOtherInvocationType(String given) {
      assertThat(stage.refused(composite("f", null).invocationType(given)))
          .isEqualTo(
              new SqlError(
                  "22023",
                  "invalid value for argument \"invocation_type\" of aws_lambda.invoke: \""
                      + given
                      + "\"",
                  null,
                  "Available values: RequestResponse, Event, DryRun (case-sensitive)."));
    }

    @ParameterizedTest
    @ValueSource(strings = {"tail", "", "All"})
    void refusesAnyOtherLogType(String given) {
      assertThat(stage.refused(name("f").logType(given)))
          .isEqualTo(
              new SqlError(
                  "22023",
                  "invalid value for argument \"log_type\" of aws_lambda.invoke: \"" + given + "\"",
                  null,
                  "Available values: None, Tail (case-sensitive)."));
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "-1, -1", "900001, 900001", "' +1000000 ', 1000000"})
    void refusesATimeoutOutOfRangeInTheWordsOfPostgresql(String given, String shown) {
      assertThat(stage.refused(name("f").requestTimeout(given)))
          .isEqualTo(
              new SqlError(
                  "22023",
                  shown
                      + " is outside the valid range for parameter"
                      + " \"aws_lambda.request_timeout_ms\" (1 .. 900000)",
                  null,
                  null));
    }

    @ParameterizedTest
    @CsvSource(
        nullValues = "-",
        value = {"10s, -", "1.5, -", "0x10, -", "99999999999, Value exceeds integer range."})
    void refusesATimeoutThatIsNoInteger(String given, @Nullable String hint) {
      assertThat(stage.refused(name("f").connectTimeout(given)))
          .isEqualTo(
              new SqlError(
                  "22023",
                  "invalid value for parameter \"aws_lambda.connect_timeout_ms\": \""
                      + given
                      + "\"",
                  null,
                  hint));
    }
  }

  @Nested
  class Qualifiers {
    @Test
    void acceptsTheSameQualifierTwice() {
      Invocation sent = stage.sent(name("f:prod").qualifier("prod"));

      assertThat(sent.functionName()).isEqualTo("f:prod");
      assertThat(sent.qualifier()).isEqualTo("prod");
    }

    @Test
    void refusesAQualifierThatContradictsTheName() {
      assertThat(stage.refused(name("f:1").qualifier("2")))
          .isEqualTo(
              new SqlError(
                  "22023",
                  "qualifier \"2\" contradicts the qualifier in the name of the function",
                  "\"f:1\" has the qualifier \"1\".",
                  "Leave the qualifier out, or give the same one."));
    }
  }
}
