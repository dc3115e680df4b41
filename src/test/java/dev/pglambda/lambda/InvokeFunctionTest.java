package dev.pglambda.lambda;

import static dev.pglambda.lambda.TestArguments.composite;
import static dev.pglambda.lambda.TestArguments.compositeText;
import static dev.pglambda.lambda.TestArguments.name;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.aws.SdkPartitions;
import dev.pglambda.protocol.SqlError;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InvokeFunctionTest {
  private static final InvocationResult OK =
      new InvocationResult(200, json("{\"a\": 1}"), "$LATEST", null, null);

  private static final Partitions PARTITIONS = new SdkPartitions();

  private final FakeInvoker invoker = new FakeInvoker();
  private final InvokeFunction invoke = new InvokeFunction(invoker, "eu-central-1", PARTITIONS);

  private static ByteBuffer json(String text) {
    return ByteBuffer.wrap(text.getBytes(UTF_8));
  }

  private Invocation sent(TestArguments arguments) {
    CompletableFuture<InvokeAnswer> answer = invoke.call(arguments.build(), CallOrigin.UNKNOWN);
    assertThat(answer).isNotDone();
    return invoker.invocation();
  }

  /** The error of a call that is refused before anything is sent. */
  private SqlError refused(TestArguments arguments) {
    CompletableFuture<InvokeAnswer> answer = invoke.call(arguments.build(), CallOrigin.UNKNOWN);
    assertThat(invoker.invocations).isEmpty();
    return error(answer);
  }

  private static SqlError error(CompletableFuture<InvokeAnswer> answer) {
    assertThat(answer).isCompletedWithValueMatching(InvokeAnswer.Failure.class::isInstance);
    return ((InvokeAnswer.Failure) answer.join()).error();
  }

  private static InvokeAnswer.Row row(CompletableFuture<InvokeAnswer> answer) {
    assertThat(answer).isCompletedWithValueMatching(InvokeAnswer.Row.class::isInstance);
    return (InvokeAnswer.Row) answer.join();
  }

  @Nested
  class Answers {
    @Test
    void passesEverythingOnAndReturnsTheResultAsItIs() {
      // given
      ByteBuffer payload = json("{\"x\":  1}");
      // when
      CompletableFuture<InvokeAnswer> answer =
          invoke.call(
              name("f")
                  .payload(payload)
                  .region("us-west-2")
                  .invocationType("RequestResponse")
                  .logType("Tail")
                  .context("{\"custom\": {}}")
                  .qualifier("prod")
                  .connectTimeout("1")
                  .requestTimeout("900000")
                  .build(),
              CallOrigin.UNKNOWN);
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
      CompletableFuture<InvokeAnswer> answer = invoke.call(name("f").build(), CallOrigin.UNKNOWN);

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
      CompletableFuture<InvokeAnswer> answer = invoke.call(name("f").build(), CallOrigin.UNKNOWN);

      invoker.result.completeExceptionally(
          new CompletionException(InvokeErrors.requestTimedOut(null)));

      assertThat(error(answer).detail())
          .isEqualTo("AWS Lambda client returned 'curlCode: 28, Timeout was reached'.");
    }

    @Test
    void showsTheErrorOfAFunctionUnderTheNameItWasCalledBy() {
      CompletableFuture<InvokeAnswer> answer =
          invoke.call(
              name("arn:aws:lambda:aws-region:444455556666:function:simple").build(),
              CallOrigin.UNKNOWN);

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
      CompletableFuture<InvokeAnswer> answer =
          invoke.call(composite("f", null).build(), CallOrigin.UNKNOWN);

      invoker.result.complete(new InvocationResult(200, null, null, null, "Handled"));

      assertThat(error(answer).detail())
          .isEqualTo("\"f\" returned error \"Handled\", details: \"\".");
    }

    @Test
    void turnsABugOfTheInvokerIntoAnInternalError() {
      CompletableFuture<InvokeAnswer> answer = invoke.call(name("f").build(), CallOrigin.UNKNOWN);

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
              PARTITIONS);

      assertThat(error(broken.call(name("f").build(), CallOrigin.UNKNOWN)).sqlState())
          .isEqualTo("XX000");
    }

    @Test
    void cancelsTheInvocationWhenItsAnswerIsCancelled() {
      CompletableFuture<InvokeAnswer> answer = invoke.call(name("f").build(), CallOrigin.UNKNOWN);

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
      Invocation sent = sent(name("f").invocationType(null).logType(null));

      assertThat(sent.invocationType()).isEqualTo(InvocationType.REQUEST_RESPONSE);
      assertThat(sent.logType()).isEqualTo(LogType.NONE);
      assertThat(sent.connectTimeout()).isEqualTo(Duration.ofSeconds(1));
      assertThat(sent.requestTimeout()).isEqualTo(Duration.ofSeconds(3));
      assertThat(sent.clientContext()).isNull();
      assertThat(sent.qualifier()).isNull();
    }

    @Test
    void takesAnEmptySettingForNone() {
      Invocation sent = sent(name("f").connectTimeout("").requestTimeout(""));

      assertThat(sent.connectTimeout()).isEqualTo(Duration.ofSeconds(1));
      assertThat(sent.requestTimeout()).isEqualTo(Duration.ofSeconds(3));
    }

    @Test
    void refusesANullFunctionName() {
      assertThat(refused(composite(null, "us-east-1")))
          .isEqualTo(
              new SqlError(
                  "22004",
                  "argument \"function_name\" of aws_lambda.invoke must not be null",
                  null,
                  null));
    }

    @Test
    void refusesAnEmptyFunctionName() {
      assertThat(refused(name(" ")))
          .isEqualTo(
              new SqlError(
                  "22023",
                  "argument \"function_name\" of aws_lambda.invoke must not be empty",
                  null,
                  null));
    }

    @Test
    void refusesANullPayload() {
      assertThat(refused(name("f").payload(null)))
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
      assertThat(sent(composite("f", null).invocationType(given)).invocationType()).isEqualTo(type);
    }

    @ParameterizedTest
    @ValueSource(strings = {"event", "EVENT", "", " Event", "Tail"})
    void refusesAnyOtherInvocationType(String given) {
      assertThat(refused(composite("f", null).invocationType(given)))
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
      assertThat(refused(name("f").logType(given)))
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
      assertThat(refused(name("f").requestTimeout(given)))
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
      assertThat(refused(name("f").connectTimeout(given)))
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
  class Regions {
    private static final String ARN = "arn:aws:lambda:us-west-2:444455556666:function:simple";
    private static final String PLACEHOLDER_ARN =
        "arn:aws:lambda:aws-region:444455556666:function:simple";

    @Test
    void takesTheArgumentFirst() {
      assertThat(sent(name("f").region("us-east-2")).region()).isEqualTo("us-east-2");
    }

    @Test
    void takesTheAttributeOfTheComposite() {
      assertThat(sent(composite("f", "us-east-2")).region()).isEqualTo("us-east-2");
    }

    @Test
    void takesTheRegionInTheArnNext() {
      Invocation sent = sent(name(ARN));

      assertThat(sent.region()).isEqualTo("us-west-2");
      assertThat(sent.functionName()).isEqualTo(ARN);
    }

    @Test
    void takesItsOwnRegionLast() {
      assertThat(sent(composite("444455556666:function:simple", null)).region())
          .isEqualTo("eu-central-1");
    }

    @Test
    void acceptsTheSameRegionTwice() {
      assertThat(sent(composite(ARN, "us-west-2")).region()).isEqualTo("us-west-2");
    }

    @Test
    void refusesARegionThatContradictsTheArn() {
      assertThat(refused(composite(ARN, "us-west-1")))
          .isEqualTo(
              new SqlError(
                  "22023",
                  "region \"us-west-1\" contradicts the region in the ARN of the function",
                  "\"" + ARN + "\" is in region \"us-west-2\".",
                  "Leave the region out, or give the same one."));
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "",
          "-",
          "s3",
          "aws-global",
          "us-east-99",
          "us-east-1.evil.example/#",
          "us-east-1.evil",
          "us-east-1\n",
          "us-east_1-1",
          "evil.example/",
          "x.y",
          "US-EAST-1",
          "us east 1",
          "xx-east-1",
          "localhost"
        })
    void refusesWhatIsNoRegion(String given) {
      SqlError error = refused(name("f").region(given));

      assertThat(error.sqlState()).isEqualTo("22023");
      assertThat(error.message()).isEqualTo("invalid AWS region: \"" + given + "\"");
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "us-east-1",
          "ap-southeast-7",
          "eu-nowhere-9", // newer than the SDK
          "cn-north-1",
          "us-gov-west-1",
          "us-isob-east-1",
          "eusc-de-east-1"
        })
    void takesRegionsOfAllPartitions(String region) {
      assertThat(sent(name("f").region(region)).region()).isEqualTo(region);
    }

    @Test
    void refusesAnArnWithARegionThatNoPartitionHas() {
      assertThat(refused(name("arn:aws:lambda:xx-east-1:444455556666:function:simple")).message())
          .isEqualTo("invalid AWS region: \"xx-east-1\"");
    }

    @ParameterizedTest
    @CsvSource({
      "arn:aws:lambda:cn-north-1:444455556666:function:f,,                cn-north-1, aws, aws-cn",
      "arn:aws-cn:lambda:us-east-1:444455556666:function:f,,              us-east-1, aws-cn, aws",
      "arn:aws:lambda:aws-region:444455556666:function:f, cn-northwest-1, cn-northwest-1, aws,"
          + " aws-cn",
      "arn:aws-cn:lambda:aws-region:444455556666:function:f,,             eu-central-1, aws-cn, aws"
    })
    void refusesAnArnWhoseRegionIsInAnotherPartition(
        String arn, @Nullable String given, String region, String named, String actual) {
      assertThat(refused(given == null ? name(arn) : name(arn).region(given)))
          .isEqualTo(
              new SqlError(
                  "22023",
                  "region \"" + region + "\" contradicts the partition in the ARN of the function",
                  "\"%s\" is in partition \"%s\", the region is in \"%s\"."
                      .formatted(arn, named, actual),
                  null));
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          ".",
          "..",
          ".:live",
          "..:$LATEST",
          "function:..",
          "444455556666:function:..",
          "arn:aws:lambda:us-west-2:444455556666:function:.",
          "arn:aws:lambda:us-west-2:444455556666:function:..:7"
        })
    void refusesANameThatIsAStepInAPath(String given) {
      assertThat(refused(name(given)))
          .isEqualTo(
              new SqlError(
                  "22023",
                  "invalid value for argument \"function_name\" of aws_lambda.invoke: \""
                      + given
                      + "\"",
                  null,
                  null));
    }

    @Test
    void takesTheGuidesPlaceholderForNoRegion() {
      assertThat(sent(composite("my-function", "aws-region")).region()).isEqualTo("eu-central-1");
    }

    @Test
    void fillsThePlaceholderInAnArnWithTheRegionGiven() {
      Invocation sent = sent(composite(PLACEHOLDER_ARN, "us-west-1"));

      assertThat(sent.region()).isEqualTo("us-west-1");
      assertThat(sent.functionName())
          .isEqualTo("arn:aws:lambda:us-west-1:444455556666:function:simple");
    }

    @Test
    void fillsThePlaceholderInAnArnWithItsOwnRegion() {
      Invocation sent = sent(name(PLACEHOLDER_ARN).region("aws-region"));

      assertThat(sent.region()).isEqualTo("eu-central-1");
      assertThat(sent.functionName())
          .isEqualTo("arn:aws:lambda:eu-central-1:444455556666:function:simple");
    }

    @Test
    void leavesANameInNoKnownFormToTheService() {
      Invocation sent = sent(name("no such form!"));

      assertThat(sent.functionName()).isEqualTo("no such form!");
      assertThat(sent.region()).isEqualTo("eu-central-1");
    }
  }

  @Nested
  class Qualifiers {
    @Test
    void acceptsTheSameQualifierTwice() {
      Invocation sent = sent(name("f:prod").qualifier("prod"));

      assertThat(sent.functionName()).isEqualTo("f:prod");
      assertThat(sent.qualifier()).isEqualTo("prod");
    }

    @Test
    void refusesAQualifierThatContradictsTheName() {
      assertThat(refused(name("f:1").qualifier("2")))
          .isEqualTo(
              new SqlError(
                  "22023",
                  "qualifier \"2\" contradicts the qualifier in the name of the function",
                  "\"f:1\" has the qualifier \"1\".",
                  "Leave the qualifier out, or give the same one."));
    }
  }

  /** Arguments of the composite overload that PostgreSQL handed to the text overload. */
  @Nested
  class ShiftedArguments {
    private Invocation answered(TestArguments arguments, boolean expectWarning) {
      CompletableFuture<InvokeAnswer> answer = invoke.call(arguments.build(), CallOrigin.UNKNOWN);
      Invocation sent = invoker.invocation();
      invoker.result.complete(OK);
      SqlError warning = row(answer).warning();
      assertThat(warning != null).isEqualTo(expectWarning);
      return sent;
    }

    @Test
    void readsTheTextFormOfACompositeWithNothingElse() {
      Invocation sent = answered(compositeText("f", "us-east-1"), false);

      assertThat(sent.region()).isEqualTo("us-east-1");
      assertThat(sent.invocationType()).isEqualTo(InvocationType.REQUEST_RESPONSE);
    }

    @ParameterizedTest
    @CsvSource({
      "RequestResponse, RequestResponse, None, REQUEST_RESPONSE, NONE",
      "Event, RequestResponse, None, EVENT, NONE",
      "RequestResponse, Tail, None, REQUEST_RESPONSE, TAIL",
      "RequestResponse, None, None, REQUEST_RESPONSE, NONE",
      "DryRun, , None, DRY_RUN, NONE",
      "RequestResponse, RequestResponse, Tail, REQUEST_RESPONSE, TAIL",
      ", Tail, None, REQUEST_RESPONSE, TAIL",
      ", Event, None, EVENT, NONE",
      ", Event, Tail, EVENT, TAIL"
    })
    void readsWhatFollowsTheTextFormOfAComposite(
        @Nullable String third,
        @Nullable String fourth,
        @Nullable String fifth,
        InvocationType type,
        LogType log) {
      Invocation sent =
          answered(
              compositeText("f", null).region(third).invocationType(fourth).logType(fifth), false);

      assertThat(sent.region()).isEqualTo("eu-central-1");
      assertThat(sent.invocationType()).isEqualTo(type);
      assertThat(sent.logType()).isEqualTo(log);
    }

    @Test
    void refusesARegionAfterTheTextFormOfAComposite() {
      assertThat(refused(compositeText("f", null).region("us-east-1")).message())
          .isEqualTo(
              "invalid value for argument \"invocation_type\" of aws_lambda.invoke: \"us-east-1\"");
    }

    @ParameterizedTest
    @CsvSource({
      "RequestResponse, RequestResponse, REQUEST_RESPONSE, NONE",
      "Event, RequestResponse, EVENT, NONE",
      "DryRun, None, DRY_RUN, NONE",
      "RequestResponse, Tail, REQUEST_RESPONSE, TAIL"
    })
    void readsAnInvocationTypeInTheRegionsPlaceAndWarns(
        String third, String fourth, InvocationType type, LogType log) {
      Invocation sent =
          answered(name("aws_lambda_arn_1").region(third).invocationType(fourth), true);

      assertThat(sent.functionName()).isEqualTo("aws_lambda_arn_1");
      assertThat(sent.region()).isEqualTo("eu-central-1");
      assertThat(sent.invocationType()).isEqualTo(type);
      assertThat(sent.logType()).isEqualTo(log);
    }

    @Test
    void saysInTheWarningWhatHappenedAndWhatToDo() {
      CompletableFuture<InvokeAnswer> answer =
          invoke.call(name("aws_lambda_arn_1").region("Event").build(), CallOrigin.UNKNOWN);
      invoker.result.complete(new InvocationResult(202, null, null, null, null));

      SqlError warning = Objects.requireNonNull(row(answer).warning());

      assertThat(warning.sqlState()).isEqualTo("01000");
      assertThat(warning.message())
          .isEqualTo("aws_lambda.invoke read \"Event\" as invocation_type, not as region");
      assertThat(warning.detail()).contains("PostgreSQL took the text overload here");
      assertThat(warning.hint()).contains("aws_commons._lambda_function_arn_1");
    }

    @Test
    void refusesALogTypeThatIsNone() {
      assertThat(refused(name("f").region("Event").invocationType("Event")).message())
          .isEqualTo("invalid value for argument \"log_type\" of aws_lambda.invoke: \"Event\"");
    }

    @ParameterizedTest
    @CsvSource(
        quoteCharacter = '`',
        value = {
          "None, {\"custom\":{}}, NONE, {\"custom\":{}}",
          "Tail, {}, TAIL, {}",
          "None, null, NONE, null",
          ", [1], NONE, [1]",
          ", Tail, TAIL, ",
          "None, None, NONE, ",
          "Tail, , TAIL, ",
        })
    void readsWhatStandsInTheLogTypesPlaceAsContext(
        @Nullable String fourth, @Nullable String fifth, LogType log, @Nullable String context) {
      for (TestArguments arguments :
          List.of(name("f").region("Event"), compositeText("f", null).region("Event"))) {
        CompletableFuture<InvokeAnswer> answer =
            invoke.call(
                arguments.invocationType(fourth).logType(fifth).build(), CallOrigin.UNKNOWN);

        assertThat(answer).isNotDone();
        assertThat(invoker.invocations).last().extracting("logType").isEqualTo(log);
        assertThat(invoker.invocations).last().extracting("clientContext").isEqualTo(context);
      }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Tail", "tail", "", "{", "{\"a\": 1", "{} {}", "[1,]", "01", "'a'"})
    void refusesAContextThatIsNoJson(String fifth) {
      assertThat(refused(name("f").region("Event").invocationType("None").logType(fifth)))
          .isEqualTo(
              new SqlError(
                  "22P02",
                  "invalid input syntax for type json",
                  "aws_lambda.invoke read \"" + fifth + "\" as context, not as log_type.",
                  null));
    }

    @Test
    void refusesTwoContexts() {
      assertThat(
              refused(name("f").region("Event").invocationType("None").logType("{}").context("{}")))
          .isEqualTo(InvokeErrors.invalidLogType("{}"));
    }

    @Test
    void keepsTheContextThatIsGivenAsSuch() {
      Invocation sent =
          answered(name("f").region("Event").invocationType("Tail").context("{}"), true);

      assertThat(sent.logType()).isEqualTo(LogType.TAIL);
      assertThat(sent.clientContext()).isEqualTo("{}");
    }

    @Test
    void takesAnyOtherWordForARegion() {
      assertThat(refused(name("f").region("event").invocationType("Event")).message())
          .isEqualTo("invalid AWS region: \"event\"");
    }

    @Test
    void shiftsNothingOfTheCompositeOverload() {
      Invocation sent = answered(composite("f", "us-east-1").invocationType("Event"), false);

      assertThat(sent.invocationType()).isEqualTo(InvocationType.EVENT);
    }
  }
}
