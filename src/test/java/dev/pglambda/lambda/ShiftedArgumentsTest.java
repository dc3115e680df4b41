package dev.pglambda.lambda;

import static dev.pglambda.lambda.InvokeStage.OK;
import static dev.pglambda.lambda.InvokeStage.row;
import static dev.pglambda.lambda.TestArguments.composite;
import static dev.pglambda.lambda.TestArguments.compositeText;
import static dev.pglambda.lambda.TestArguments.name;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.SqlError;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Arguments of the composite overload that PostgreSQL handed to the text overload. */
class ShiftedArgumentsTest {
  private final InvokeStage stage = new InvokeStage();
  private final FakeInvoker invoker = stage.invoker();

  private Invocation answered(TestArguments arguments, boolean expectWarning) {
    CompletableFuture<InvokeAnswer> answer = stage.call(arguments);
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
    assertThat(stage.refused(compositeText("f", null).region("us-east-1")).message())
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
    Invocation sent = answered(name("aws_lambda_arn_1").region(third).invocationType(fourth), true);

    assertThat(sent.functionName()).isEqualTo("aws_lambda_arn_1");
    assertThat(sent.region()).isEqualTo("eu-central-1");
    assertThat(sent.invocationType()).isEqualTo(type);
    assertThat(sent.logType()).isEqualTo(log);
  }

  @Test
  void saysInTheWarningWhatHappenedAndWhatToDo() {
    CompletableFuture<InvokeAnswer> answer = stage.call(name("aws_lambda_arn_1").region("Event"));
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
    assertThat(stage.refused(name("f").region("Event").invocationType("Event")).message())
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
          stage.call(arguments.invocationType(fourth).logType(fifth));

      assertThat(answer).isNotDone();
      assertThat(invoker.invocations).last().extracting("logType").isEqualTo(log);
      assertThat(invoker.invocations).last().extracting("clientContext").isEqualTo(context);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Tail", "tail", "", "{", "{\"a\": 1", "{} {}", "[1,]", "01", "'a'"})
  void refusesAContextThatIsNoJson(String fifth) {
    assertThat(stage.refused(name("f").region("Event").invocationType("None").logType(fifth)))
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
            stage.refused(
                name("f").region("Event").invocationType("None").logType("{}").context("{}")))
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
    assertThat(stage.refused(name("f").region("event").invocationType("Event")).message())
        .isEqualTo("invalid AWS region: \"event\"");
  }

  @Test
  void shiftsNothingOfTheCompositeOverload() {
    Invocation sent = answered(composite("f", "us-east-1").invocationType("Event"), false);

    assertThat(sent.invocationType()).isEqualTo(InvocationType.EVENT);
  }
}
