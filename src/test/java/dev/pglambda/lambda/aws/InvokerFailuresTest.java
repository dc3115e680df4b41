package dev.pglambda.lambda.aws;

import static dev.pglambda.lambda.aws.InvokerStage.LONG;
import static dev.pglambda.lambda.aws.InvokerStage.UNREACHABLE;
import static dev.pglambda.lambda.aws.InvokerStage.call;
import static dev.pglambda.lambda.aws.InvokerStage.failure;
import static dev.pglambda.lambda.aws.InvokerStage.result;
import static dev.pglambda.lambda.aws.InvokerStage.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.Reply;
import dev.pglambda.testing.UnansweredAddress;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@link AwsLambdaInvoker} says of a request that fails. */
class InvokerFailuresTest {
  private final InvokerStage stage = new InvokerStage();
  private final FakeLambdaEndpoint endpoint = stage.endpoint();

  @AfterEach
  void closeAll() throws Exception {
    stage.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          403 | AccessDeniedException          | User: u is not authorized to perform: lambda:InvokeFunction
          404 | ResourceNotFoundException      | Function not found: arn:aws:lambda:eu-west-1:1:function:f:$LATEST
          404 | ResourceNotFound               | Function not found
          413 | RequestEntityTooLargeException | Request must be smaller than 6291456 bytes for the InvokeFunction operation
          429 | TooManyRequestsException       | Rate Exceeded.
          500 | ServiceException               | An error occurred
          501 | NotImplemented                 | log-type: Tail is not supported. None is only supported.
          502 | EC2ThrottledException          | throttled
          503 | ServiceUnavailableException    | Service Unavailable
          """)
  void quotesTheServicesOwnMessage(int status, String errorType, String message) {
    endpoint.on("f", Reply.apiError(status, errorType, message));

    assertThat(failure(stage.invoker().invoke(call("f")))).isEqualTo(message);
    assertThat(endpoint.requests()).hasSize(1);
  }

  @Test
  void quotesAMessageThatCameWithoutAType() {
    endpoint.on(
        "f",
        Reply.verbatim(
            500, "application/json", "{\"message\":\"An internal server error occurred\"}"));

    assertThat(failure(stage.invoker().invoke(call("f"))))
        .isEqualTo("An internal server error occurred");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          404 | ''                       | No response body.
          502 | <html>Bad Gateway</html> | Failed to parse error payload: <html>Bad Gateway</html>
          301 | moved                    | Failed to parse error payload: moved
          400 | {"x": 1}                 | Failed to parse error payload: {"x": 1}
          """)
  void saysWhatIsWrongWithAnErrorThatSaysNothing(int status, String body, String message) {
    endpoint.on("f", Reply.verbatim(status, "text/html", body));

    assertThat(failure(stage.invoker().invoke(call("f")))).isEqualTo(message);
    assertThat(endpoint.requests()).hasSize(1);
  }

  @Test
  void givesTheTypeOfAnErrorWithoutMessage() {
    endpoint.on(
        "f",
        Reply.verbatim(400, "application/json", "{}")
            .withHeader("x-amzn-ErrorType", "SomeException"));

    assertThat(failure(stage.invoker().invoke(call("f")))).isEqualTo("SomeException");
  }

  /** Repeated, since the SDK loses a race here when a client has more than one event loop. */
  @RepeatedTest(30)
  void cannotConnectWhereNobodyListens() {
    assertThat(failure(stage.invokerAt(FakeLambdaEndpoint.refusing()).invoke(call("f"))))
        .isEqualTo(UNREACHABLE);
  }

  @Test
  void cannotConnectToAHostWithoutAddress() {
    assertThat(failure(stage.invokerAt(URI.create("http://lambda.invalid:1")).invoke(call("f"))))
        .isEqualTo(UNREACHABLE);
  }

  @Test
  void cannotConnectBeforeTheConnectTimeout() throws Exception {
    UnansweredAddress address = stage.closeAfterwards(UnansweredAddress.open());
    AwsLambdaInvoker invoker = stage.invokerAt(address.uri());
    CompletableFuture<InvocationResult> patient =
        invoker.invoke(call("f", InvocationType.REQUEST_RESPONSE, Duration.ofHours(1), LONG));
    Invocation call = call("f", InvocationType.REQUEST_RESPONSE, Duration.ofMillis(150), LONG);

    assertThat(failure(invoker.invoke(call))).isEqualTo(UNREACHABLE);
    assertThat(patient).isNotDone();
  }

  @Test
  void cannotConnectToAServerWithoutTls() {
    URI tls = URI.create(endpoint.uri().toString().replace("http:", "https:"));

    assertThat(failure(stage.invokerAt(tls).invoke(call("f")))).isEqualTo(UNREACHABLE);
  }

  @Test
  void losesTheConnectionByAReset() {
    endpoint.on("f", Reply.reset());

    assertThat(failure(stage.invoker().invoke(call("f"))))
        .isEqualTo("curlCode: 56, Failure when receiving data from the peer");
    assertThat(endpoint.requests()).hasSize(1);
  }

  @Test
  void losesTheConnectionByAClose() {
    endpoint.on("f", Reply.close());

    assertThat(failure(stage.invoker().invoke(call("f"))))
        .isEqualTo("curlCode: 52, Server returned nothing (no headers, no data)");
    assertThat(endpoint.requests()).hasSize(1);
  }

  @Test
  void losesTheConnectionWithinTheBody() {
    endpoint.on("f", Reply.closeMidBody());

    assertThat(failure(stage.invoker().invoke(call("f"))))
        .isEqualTo("curlCode: 18, Transferred a partial file");
    assertThat(endpoint.requests()).hasSize(1);
  }

  @Test
  void endsACallAtItsRequestTimeoutAndAbortsTheRequest() throws Exception {
    endpoint.on("f", Reply.json("{}").held());
    Invocation call = call("f", InvocationType.REQUEST_RESPONSE, LONG, Duration.ofMillis(700));

    assertThat(failure(stage.invoker().invoke(call)))
        .isEqualTo("curlCode: 28, Timeout was reached");
    endpoint.awaitAborted(1);
    assertThat(endpoint.requests()).hasSize(1);
  }

  @Test
  void quotesTheSdkOnAnEmptyName() {
    assertThat(failure(stage.invoker().invoke(call(""))))
        .isEqualTo("FunctionName cannot be empty.");
    assertThat(endpoint.requests()).isEmpty();
  }

  @Test
  void leavesAConnectionThatWasClosedWhileIdle() throws Exception {
    endpoint.on("f", Reply.json("1").closingAfterwards());
    AwsLambdaInvoker invoker = stage.invoker();

    for (int i = 0; i < 3; i++) {
      assertThat(text(result(invoker.invoke(call("f"))))).isEqualTo("1");
      endpoint.awaitOpenConnections(0);
    }

    assertThat(endpoint.connections()).isEqualTo(3);
  }
}
