package dev.pglambda.lambda.aws;

import static dev.pglambda.lambda.aws.InvokerStage.LONG;
import static dev.pglambda.lambda.aws.InvokerStage.call;
import static dev.pglambda.lambda.aws.InvokerStage.failure;
import static dev.pglambda.lambda.aws.InvokerStage.payload;
import static dev.pglambda.lambda.aws.InvokerStage.result;
import static dev.pglambda.lambda.aws.InvokerStage.text;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.LogType;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.ReceivedRequest;
import dev.pglambda.testing.Reply;
import java.nio.ByteBuffer;
import java.util.Base64;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link AwsLambdaInvoker} sends, and what it makes of the answers. */
class InvokerAnswersTest {
  private final InvokerStage stage = new InvokerStage();
  private final FakeLambdaEndpoint endpoint = stage.endpoint();

  @AfterEach
  void closeAll() throws Exception {
    stage.close();
  }

  @Test
  void returnsThePayloadByteForByte() throws Exception {
    endpoint.on("echo", Reply.echo());

    InvocationResult result = result(stage.invoker().invoke(call("echo")));

    assertThat(text(result)).isEqualTo("{\"a\":  1}");
    assertThat(result.statusCode()).isEqualTo(200);
    assertThat(result.executedVersion()).isEqualTo("$LATEST");
    assertThat(result.logResult()).isNull();
    assertThat(result.functionError()).isNull();
  }

  @Test
  void sendsThePartOfABufferThatItsLimitsDelimit() throws Exception {
    endpoint.on("echo", Reply.echo());
    ByteBuffer buffer = payload("xx[1]xx").position(2).limit(5);

    Invocation call =
        new Invocation(
            "echo",
            "eu-west-1",
            InvocationType.REQUEST_RESPONSE,
            LogType.NONE,
            null,
            null,
            buffer,
            LONG,
            LONG);

    assertThat(text(result(stage.invoker().invoke(call)))).isEqualTo("[1]");
    assertThat(buffer.position()).isEqualTo(2);
  }

  @Test
  void carriesLargePayloadsBothWays() throws Exception {
    endpoint.on("echo", Reply.echo());
    String large = "\"" + "x".repeat(6 << 20) + "\"";

    Invocation call =
        new Invocation(
            "echo",
            "eu-west-1",
            InvocationType.REQUEST_RESPONSE,
            LogType.NONE,
            null,
            null,
            payload(large),
            LONG,
            LONG);

    assertThat(text(result(stage.invoker().invoke(call)))).isEqualTo(large);
  }

  @ParameterizedTest
  @CsvSource({"EVENT, 202", "DRY_RUN, 204"})
  void hasNoPayloadWhereNothingRan(InvocationType type, int status) throws Exception {
    endpoint.on("f", Reply.json("{}"));

    InvocationResult result = result(stage.invoker().invoke(call("f", type, LONG, LONG)));

    assertThat(result).isEqualTo(new InvocationResult(status, null, null, null, null));
    assertThat(endpoint.onlyRequest().header("X-Amz-Invocation-Type")).isEqualTo(type.apiName());
  }

  @Test
  void toleratesAMissingVersionAndAnEmptyBody() throws Exception {
    endpoint.on("f", Reply.json("").withoutHeader("X-Amz-Executed-Version"));

    assertThat(result(stage.invoker().invoke(call("f"))))
        .isEqualTo(new InvocationResult(200, null, null, null, null));
  }

  @Test
  void returnsABodyThatIsNotJsonAsItIs() throws Exception {
    endpoint.on("f", Reply.json("Task timed out after 3.00 seconds"));

    assertThat(text(result(stage.invoker().invoke(call("f")))))
        .isEqualTo("Task timed out after 3.00 seconds");
  }

  @Test
  void tellsTheErrorOfAFunction() throws Exception {
    endpoint.on("f", Reply.functionError("{\"errorMessage\":\"no\"}"));

    InvocationResult result = result(stage.invoker().invoke(call("f")));

    assertThat(result.functionError()).isEqualTo("Unhandled");
    assertThat(text(result)).isEqualTo("{\"errorMessage\":\"no\"}");
  }

  @Test
  void sendsEverythingTheInvocationSays() throws Exception {
    // given
    endpoint.on("f", Reply.json("1").withLog("some\nlines\n"));
    String arn = "arn:aws:lambda:eu-west-1:111122223333:function:f";
    // when
    InvocationResult result =
        result(
            stage
                .invoker()
                .invoke(
                    new Invocation(
                        arn,
                        "eu-west-1",
                        InvocationType.REQUEST_RESPONSE,
                        LogType.TAIL,
                        "{\"custom\": {\"ä\": 1}}",
                        "$LATEST",
                        payload("{}"),
                        LONG,
                        LONG)));
    // then
    ReceivedRequest request = endpoint.onlyRequest();
    assertThat(request.functionName()).isEqualTo(arn);
    assertThat(request.qualifier()).isEqualTo("$LATEST");
    assertThat(request.header("X-Amz-Log-Type")).isEqualTo("Tail");
    assertThat(request.header("X-Amz-Client-Context"))
        .isEqualTo(Base64.getEncoder().encodeToString("{\"custom\": {\"ä\": 1}}".getBytes(UTF_8)));
    assertThat(request.text()).isEqualTo("{}");
    assertThat(request.signingRegion()).isEqualTo("eu-west-1");
    assertThat(Base64.getDecoder().decode(String.valueOf(result.logResult())))
        .asString()
        .isEqualTo("some\nlines\n");
  }

  /** All of them stay one segment of the path, or the endpoint would know no such request. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "../x y?a=b",
        "../..",
        "./f",
        "f/",
        "/",
        "%2e%2e",
        "%2E%2E%2Fx",
        "f#x",
        "f;x=1",
        "f?Qualifier=1",
        "..\\..",
        "f\r\nHost: evil",
        "\u2025",
        "//evil.example/f",
        "http://evil.example/"
      })
  void passesNamesInNoKnownFormSafely(String name) throws Exception {
    assertThat(failure(stage.invoker().invoke(call(name))))
        .matches("Function not found: .*|ResourceNotFoundException");
    assertThat(endpoint.onlyRequest().functionName()).isEqualTo(name);
    assertThat(endpoint.onlyRequest().qualifier()).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"..", "../../x", "1&Qualifier=2", "1#x", "a b", "\r\nHost: evil"})
  void passesQualifiersInNoKnownFormSafely(String qualifier) throws Exception {
    endpoint.on("f", Reply.json("{}"));
    Invocation call =
        new Invocation(
            "f",
            "eu-west-1",
            InvocationType.REQUEST_RESPONSE,
            LogType.NONE,
            null,
            qualifier,
            payload("{}"),
            LONG,
            LONG);

    assertThat(result(stage.invoker().invoke(call)).statusCode()).isEqualTo(200);
    assertThat(endpoint.onlyRequest().qualifier()).isEqualTo(qualifier);
  }
}
