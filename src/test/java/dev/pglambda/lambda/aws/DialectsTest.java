package dev.pglambda.lambda.aws;

import static dev.pglambda.lambda.aws.InvokerStage.LONG;
import static dev.pglambda.lambda.aws.InvokerStage.payload;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.LogType;
import dev.pglambda.lambda.route.Dialect;
import dev.pglambda.lambda.route.Dialect.NameForm;
import dev.pglambda.lambda.route.Dialect.QualifierForm;
import dev.pglambda.lambda.route.Endpoint;
import dev.pglambda.testing.FakeEmulator;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.Reply;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How each form of a call ends at each emulator, in the dialect for it. */
class DialectsTest {
  private final InvokerStage stage = new InvokerStage();

  @AfterEach
  void closeAll() throws Exception {
    stage.close();
  }

  /** The forms of a call that SQL has. */
  private enum Form {
    NAME("hello"),
    SUFFIX("hello:live"),
    ARN("arn:aws:lambda:eu-west-1:000000000000:function:hello:live"),
    PARTIAL_ARN("000000000000:function:hello"),
    UNKNOWN("nope"),
    BESIDE("hello"),
    TAIL("hello"),
    CONTEXT("hello"),
    DRY_RUN("hello"),
    EVENT("hello"),
    FAILS("hello");

    private final String functionName;

    Form(String functionName) {
      this.functionName = functionName;
    }

    Invocation invocation() {
      return new Invocation(
          functionName,
          "eu-west-1",
          this == EVENT
              ? InvocationType.EVENT
              : this == DRY_RUN ? InvocationType.DRY_RUN : InvocationType.REQUEST_RESPONSE,
          this == TAIL ? LogType.TAIL : LogType.NONE,
          this == CONTEXT ? "{\"a\":1}" : null,
          this == BESIDE ? "live" : null,
          payload(this == FAILS ? "\"fail\"" : "{}"),
          LONG,
          LONG);
    }
  }

  private LambdaInvoker invoker(Endpoint endpoint) {
    return stage.closeAfterwards(stage.endpoints(10).open(endpoint));
  }

  private static Endpoint endpoint(FakeEmulator emulator, Dialect dialect) {
    return new Endpoint(emulator.uri(), null, dialect, null, null, null, null, null);
  }

  /** Status, payload, version that ran, whether there is a log, error; or the refusal. */
  private static String outcome(CompletableFuture<InvocationResult> call) throws Exception {
    try {
      InvocationResult result = call.get(30, TimeUnit.SECONDS);
      return Stream.of(
              String.valueOf(result.statusCode()),
              InvokerStage.text(result),
              result.executedVersion() == null ? null : "v=" + result.executedVersion(),
              result.logResult() == null ? null : "log",
              result.functionError())
          .map(part -> part == null ? "-" : part)
          .reduce((one, next) -> one + " " + next)
          .orElseThrow();
    } catch (ExecutionException failure) {
      assertThat(failure.getCause()).isInstanceOf(InvocationException.class);
      return "refused: " + failure.getCause().getMessage();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          AWS | NAME        | 200 "$LATEST" v=$LATEST - -
          AWS | SUFFIX      | 200 "live" v=3 - -
          AWS | ARN         | 200 "live" v=3 - -
          AWS | PARTIAL_ARN | 200 "$LATEST" v=$LATEST - -
          AWS | UNKNOWN     | refused: Function not found: arn:aws:lambda:eu-west-1:000000000000:function:nope
          AWS | BESIDE      | 200 "live" v=3 - -
          AWS | TAIL        | 200 "$LATEST" v=$LATEST log -
          AWS | CONTEXT     | 200 {"a":1} v=$LATEST - -
          AWS | DRY_RUN     | 204 - - - -
          AWS | EVENT       | 202 - - - -
          AWS | FAILS       | 200 {"errorMessage":"no","errorType":"Error"} v=$LATEST - Unhandled

          LOCALSTACK | ARN     | 200 "live" v=3 - -
          LOCALSTACK | BESIDE  | 200 "live" v=3 - -
          LOCALSTACK | TAIL    | 200 "$LATEST" v=$LATEST log -
          LOCALSTACK | CONTEXT | 200 {"a":1} v=$LATEST - -
          LOCALSTACK | DRY_RUN | 204 - - - -
          LOCALSTACK | EVENT   | 202 - - - -

          SAM | NAME        | 200 "$LATEST" - - -
          SAM | SUFFIX      | 200 "$LATEST" - - -
          SAM | ARN         | 200 "$LATEST" - - -
          SAM | PARTIAL_ARN | 200 "$LATEST" - - -
          SAM | UNKNOWN     | refused: Function not found: arn:aws:lambda:us-west-2:012345678901:function:nope
          SAM | BESIDE      | 200 "$LATEST" - - -
          SAM | TAIL        | 200 "$LATEST" - - -
          SAM | CONTEXT     | 200 "$LATEST" - - -
          SAM | DRY_RUN     | refused: invocation-type: DryRun is not supported. Only Event and RequestResponse are supported.
          SAM | EVENT       | 202 - - - -
          SAM | FAILS       | 200 {"errorMessage":"no","errorType":"Error"} - - Unhandled

          RIE | NAME        | 200 "$LATEST" - - -
          RIE | SUFFIX      | 200 "$LATEST" - - -
          RIE | ARN         | 200 "$LATEST" - - -
          RIE | PARTIAL_ARN | 200 "$LATEST" - - -
          RIE | UNKNOWN     | 200 "$LATEST" - - -
          RIE | BESIDE      | 200 "$LATEST" - - -
          RIE | TAIL        | 200 "$LATEST" - - -
          RIE | CONTEXT     | 200 {"a":1} - - -
          RIE | DRY_RUN     | 200 "$LATEST" - - -
          RIE | EVENT       | 200 "$LATEST" - - -
          RIE | FAILS       | 200 {"errorMessage":"no","errorType":"Error"} - - -

          SERVERLESS_OFFLINE | NAME        | 200 "$LATEST" - - -
          SERVERLESS_OFFLINE | SUFFIX      | 200 "$LATEST" - - -
          SERVERLESS_OFFLINE | ARN         | 200 "$LATEST" - - -
          SERVERLESS_OFFLINE | PARTIAL_ARN | 200 "$LATEST" - - -
          SERVERLESS_OFFLINE | UNKNOWN     | refused: Function not found: nope
          SERVERLESS_OFFLINE | BESIDE      | 200 "$LATEST" - - -
          SERVERLESS_OFFLINE | TAIL        | 200 "$LATEST" - - -
          SERVERLESS_OFFLINE | CONTEXT     | 200 {"a":1} - - -
          SERVERLESS_OFFLINE | DRY_RUN     | refused: invocationType: 'DryRun' not supported by serverless-offline
          SERVERLESS_OFFLINE | EVENT       | 202 - - - -
          SERVERLESS_OFFLINE | FAILS       | 200 {"errorMessage":"no","errorType":"Error"} - - Unhandled

          MOTO | NAME        | 200 "$LATEST" - - -
          MOTO | SUFFIX      | 200 "live" - - -
          MOTO | ARN         | 200 "live" - - -
          MOTO | PARTIAL_ARN | 200 "$LATEST" - - -
          MOTO | UNKNOWN     | refused: Failed to parse error payload: {}
          MOTO | BESIDE      | 200 "live" - - -
          MOTO | TAIL        | 200 "$LATEST" - log -
          MOTO | CONTEXT     | 200 "$LATEST" - - -
          MOTO | DRY_RUN     | 204 - - - -
          MOTO | EVENT       | 202 - - - -
          MOTO | FAILS       | 200 {"errorMessage":"no","errorType":"Error"} - - Handled

          FLOCI | NAME        | 200 "$LATEST" v=$LATEST - -
          FLOCI | SUFFIX      | 200 "live" v=3 - -
          FLOCI | ARN         | 200 "live" v=3 - -
          FLOCI | PARTIAL_ARN | 200 "$LATEST" v=$LATEST - -
          FLOCI | BESIDE      | 200 "live" v=3 - -
          FLOCI | TAIL        | 200 "$LATEST" v=$LATEST - -
          FLOCI | CONTEXT     | 200 "$LATEST" v=$LATEST - -
          FLOCI | DRY_RUN     | 204 - v=$LATEST - -
          FLOCI | EVENT       | 202 - v=$LATEST - -
          FLOCI | FAILS       | 200 {"errorMessage":"no","errorType":"Error"} v=$LATEST - Unhandled

          CARGO_LAMBDA | NAME        | 200 "$LATEST" - - -
          CARGO_LAMBDA | SUFFIX      | 200 "$LATEST" - - -
          CARGO_LAMBDA | ARN         | 200 "$LATEST" - - -
          CARGO_LAMBDA | PARTIAL_ARN | 200 "$LATEST" - - -
          CARGO_LAMBDA | BESIDE      | 200 "$LATEST" - - -
          CARGO_LAMBDA | TAIL        | 200 "$LATEST" - - -
          CARGO_LAMBDA | CONTEXT     | 200 "$LATEST" - - -
          CARGO_LAMBDA | DRY_RUN     | 200 "$LATEST" - - -
          CARGO_LAMBDA | EVENT       | 200 "$LATEST" - - -
          CARGO_LAMBDA | FAILS       | refused: no
          """)
  void everyFormOfACallEndsAsTheEmulatorHasIt(FakeEmulator.Kind kind, Form form, String outcome)
      throws Exception {
    FakeEmulator emulator = stage.closeAfterwards(FakeEmulator.start(kind));
    String label = kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
    Dialect dialect = Dialect.named(label).orElseThrow();

    assertThat(outcome(invoker(endpoint(emulator, dialect)).invoke(form.invocation())))
        .isEqualTo(outcome);
  }

  /** It answers an Event and a dry run with a version, which is harmless. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ARN     | 200 "live" v=3 - -
          BESIDE  | 200 "live" v=3 - -
          TAIL    | 200 "$LATEST" v=$LATEST log -
          DRY_RUN | 204 - v=$LATEST - -
          EVENT   | 202 - v=$LATEST - -
          """)
  void ministackNeedsNoDialect(Form form, String outcome) throws Exception {
    FakeEmulator emulator = stage.closeAfterwards(FakeEmulator.start(FakeEmulator.Kind.MINISTACK));

    assertThat(outcome(invoker(Endpoint.of(emulator.uri())).invoke(form.invocation())))
        .isEqualTo(outcome);
  }

  /** So that the fakes are known to refuse, and the dialects to be needed. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          SAM                | BESIDE | refused: Query Parameters are not supported
          SAM                | TAIL   | refused: log-type: Tail is not supported. None is only supported.
          RIE                | NAME   | refused: Failed to parse error payload: 404 page not found
          SERVERLESS_OFFLINE | SUFFIX | refused: Function not found: hello:live
          FLOCI              | BESIDE | 200 "$LATEST" v=$LATEST - -
          """)
  void theDialectOfAwsIsNotForAll(FakeEmulator.Kind kind, Form form, String outcome)
      throws Exception {
    FakeEmulator emulator = stage.closeAfterwards(FakeEmulator.start(kind));

    assertThat(outcome(invoker(Endpoint.of(emulator.uri())).invoke(form.invocation())))
        .isEqualTo(outcome);
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        // form, qualifier, name, qualifier beside it, name sent, qualifier sent
        "AS_IS, DROP,   111122223333:function:live, live, 111122223333:function:live, -",
        "AS_IS, DROP,   111122223333:function:f:live, live, 111122223333:function:f, -",
        "AS_IS, SUFFIX, 111122223333:function:live, live, 111122223333:function:live:live, -",
        "AS_IS, SUFFIX, f:live, live, f:live, -",
        "BARE,  SUFFIX, arn:aws:lambda:us-east-1:111122223333:function:f, 3, f:3, -",
        "BARE,  AS_IS,  111122223333:function:f:3, -, f:3, -",
        "BARE,  AS_IS,  111122223333:function:f, 3, f, 3",
        "BARE,  AS_IS,  f, -, f, -",
      })
  void aDialectMayBePutTogether(
      NameForm form,
      QualifierForm qualifierForm,
      String name,
      @Nullable String qualifier,
      String sentName,
      @Nullable String sentQualifier)
      throws Exception {
    Dialect dialect = new Dialect("mine", form, qualifierForm, true);

    Invocation sent = dialect.translate(named(name, qualifier));

    assertThat(sent.functionName()).isEqualTo(sentName);
    assertThat(sent.qualifier()).isEqualTo(sentQualifier);
  }

  @ParameterizedTest
  @ValueSource(strings = {"aws", "sam", "rie", "serverless-offline", "floci", "cargo-lambda"})
  void traceGoesOnToEachEndpoint(String dialect) throws Exception {
    stage.endpoint().on("function", Reply.json("1"));
    Endpoint endpoint =
        new Endpoint(
            stage.endpoint().uri(),
            null,
            Dialect.named(dialect).orElseThrow(),
            null,
            null,
            null,
            null,
            null);
    String trace = "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1";

    invoker(endpoint)
        .invoke(named("function", null).withTraceHeader(trace))
        .get(30, TimeUnit.SECONDS);

    assertThat(stage.endpoint().requests("function"))
        .singleElement()
        .satisfies(request -> assertThat(request.header("X-Amzn-Trace-Id")).isEqualTo(trace));
  }

  private static Invocation named(String name, @Nullable String qualifier) {
    return new Invocation(
        name,
        "eu-west-1",
        InvocationType.REQUEST_RESPONSE,
        LogType.TAIL,
        null,
        qualifier,
        payload("{}"),
        LONG,
        LONG);
  }

  /** Whoever leaves the name to the endpoint leaves the refusal to it, too. */
  @Test
  void namesThatContradictEachOtherAreRefusedBeforeTheyAreTakenApart() throws Exception {
    stage.endpoint().on("f:1", Reply.json("1"));
    Invocation contradiction = named("f:1", "2");
    Endpoint asIs = Endpoint.of(stage.endpoint().uri());
    Endpoint bare = new Endpoint(asIs.url(), null, Dialect.SAM, null, null, null, null, null);

    assertThat(outcome(invoker(bare).invoke(contradiction)))
        .isEqualTo(
            "refused: The derived qualifier from the function name does not match the specified"
                + " qualifier.");
    assertThat(stage.endpoint().requests()).isEmpty();
    assertThat(outcome(invoker(asIs).invoke(contradiction))).startsWith("200 1");
  }

  @ParameterizedTest
  @CsvSource({"RIE, 1", "MOTO, 1", "AWS, 0"})
  void someRunTheFunctionInADryRun(FakeEmulator.Kind kind, int runs) throws Exception {
    FakeEmulator emulator = stage.closeAfterwards(FakeEmulator.start(kind));
    Dialect dialect = Dialect.named(kind.name().toLowerCase(Locale.ROOT)).orElseThrow();

    outcome(invoker(endpoint(emulator, dialect)).invoke(Form.DRY_RUN.invocation()));

    assertThat(emulator.runs()).isEqualTo(runs);
  }

  /** The emulator breaks down under a second request at a time. */
  @Test
  void theRuntimeInterfaceEmulatorIsCalledOnceAtATime() throws Exception {
    FakeLambdaEndpoint emulator = stage.endpoint();
    emulator.on("function", Reply.json("1").held());
    LambdaInvoker invoker =
        invoker(new Endpoint(emulator.uri(), null, Dialect.RIE, null, null, null, null, null));

    List<CompletableFuture<InvocationResult>> calls =
        Stream.of(Form.NAME, Form.ARN, Form.UNKNOWN)
            .map(form -> invoker.invoke(form.invocation()))
            .toList();

    for (int answered = 1; answered <= calls.size(); answered++) {
      emulator.awaitRequests(answered);
      emulator.release();
    }
    for (CompletableFuture<InvocationResult> call : calls) {
      assertThat(outcome(call)).startsWith("200 1");
    }
    assertThat(emulator.maxConcurrency()).isEqualTo(1);
  }
}
