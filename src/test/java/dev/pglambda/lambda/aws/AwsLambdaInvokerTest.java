package dev.pglambda.lambda.aws;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.net.httpserver.HttpServer;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.LogType;
import dev.pglambda.lambda.aws.AwsLambdaInvoker.Settings;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.ReceivedRequest;
import dev.pglambda.testing.Reply;
import dev.pglambda.testing.UnansweredAddress;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

class AwsLambdaInvokerTest {
  private static final AwsEnvironment NOTHING =
      new AwsEnvironment(Map.of(), new Properties(), Path.of("/nowhere"));
  private static final String UNREACHABLE = "Unable to connect to endpoint";
  private static final Duration LONG = Duration.ofSeconds(30);

  private static EventLoopGroup group;

  private final FakeLambdaEndpoint endpoint = FakeLambdaEndpoint.start();
  private final List<AutoCloseable> resources = new ArrayList<>(List.of(endpoint));

  @BeforeAll
  static void startEventLoops() {
    group = new NioEventLoopGroup(2, new DefaultThreadFactory("loop", true));
  }

  @AfterAll
  static void stopEventLoops() {
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable resource : resources) {
      resource.close();
    }
  }

  private AwsLambdaInvoker invoker(Settings settings) {
    AwsLambdaInvoker invoker = new AwsLambdaInvoker(group, settings, NOTHING, "us-east-1");
    resources.add(0, invoker);
    return invoker;
  }

  private AwsLambdaInvoker invokerAt(URI uri) {
    return invoker(new Settings(uri, null, 0, 10_000));
  }

  private AwsLambdaInvoker invoker() {
    return invokerAt(endpoint.uri());
  }

  private static Invocation call(String functionName) {
    return call(functionName, InvocationType.REQUEST_RESPONSE, LONG, LONG);
  }

  private static Invocation call(
      String functionName, InvocationType type, Duration connectTimeout, Duration requestTimeout) {
    return new Invocation(
        functionName,
        "eu-west-1",
        type,
        LogType.NONE,
        null,
        null,
        payload("{\"a\":  1}"),
        connectTimeout,
        requestTimeout);
  }

  private static ByteBuffer payload(String text) {
    return ByteBuffer.wrap(text.getBytes(UTF_8));
  }

  private static @Nullable String text(InvocationResult result) {
    ByteBuffer payload = result.payload();
    return payload == null ? null : UTF_8.decode(payload.duplicate()).toString();
  }

  private static InvocationResult result(CompletableFuture<InvocationResult> call)
      throws Exception {
    return call.get(30, TimeUnit.SECONDS);
  }

  /** The message of the InvocationException with which a call fails. */
  private static String failure(CompletableFuture<InvocationResult> call) {
    Throwable thrown = catchThrowable(() -> call.get(30, TimeUnit.SECONDS));
    assertThat(thrown).isInstanceOf(ExecutionException.class);
    assertThat(thrown.getCause()).isInstanceOf(InvocationException.class);
    return String.valueOf(thrown.getCause().getMessage());
  }

  @Nested
  class Answers {
    @Test
    void returnsThePayloadOctetForOctet() throws Exception {
      endpoint.on("echo", Reply.echo());

      InvocationResult result = result(invoker().invoke(call("echo")));

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

      assertThat(text(result(invoker().invoke(call)))).isEqualTo("[1]");
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

      assertThat(text(result(invoker().invoke(call)))).isEqualTo(large);
    }

    @ParameterizedTest
    @CsvSource({"EVENT, 202", "DRY_RUN, 204"})
    void hasNoPayloadWhereNothingRan(InvocationType type, int status) throws Exception {
      endpoint.on("f", Reply.json("{}"));

      InvocationResult result = result(invoker().invoke(call("f", type, LONG, LONG)));

      assertThat(result).isEqualTo(new InvocationResult(status, null, null, null, null));
      assertThat(endpoint.onlyRequest().header("X-Amz-Invocation-Type")).isEqualTo(type.apiName());
    }

    @Test
    void toleratesAMissingVersionAndAnEmptyBody() throws Exception {
      endpoint.on("f", Reply.json("").withoutHeader("X-Amz-Executed-Version"));

      assertThat(result(invoker().invoke(call("f"))))
          .isEqualTo(new InvocationResult(200, null, null, null, null));
    }

    @Test
    void returnsABodyThatIsNotJsonAsItIs() throws Exception {
      endpoint.on("f", Reply.json("Task timed out after 3.00 seconds"));

      assertThat(text(result(invoker().invoke(call("f")))))
          .isEqualTo("Task timed out after 3.00 seconds");
    }

    @Test
    void tellsTheErrorOfAFunction() throws Exception {
      endpoint.on("f", Reply.functionError("{\"errorMessage\":\"no\"}"));

      InvocationResult result = result(invoker().invoke(call("f")));

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
              invoker()
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
          .isEqualTo(
              Base64.getEncoder().encodeToString("{\"custom\": {\"ä\": 1}}".getBytes(UTF_8)));
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
      assertThat(failure(invoker().invoke(call(name))))
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

      assertThat(result(invoker().invoke(call)).statusCode()).isEqualTo(200);
      assertThat(endpoint.onlyRequest().qualifier()).isEqualTo(qualifier);
    }
  }

  @Nested
  class Failures {
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

      assertThat(failure(invoker().invoke(call("f")))).isEqualTo(message);
      assertThat(endpoint.requests()).hasSize(1);
    }

    @Test
    void quotesAMessageThatCameWithoutAType() {
      endpoint.on(
          "f",
          Reply.verbatim(
              500, "application/json", "{\"message\":\"An internal server error occurred\"}"));

      assertThat(failure(invoker().invoke(call("f"))))
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

      assertThat(failure(invoker().invoke(call("f")))).isEqualTo(message);
      assertThat(endpoint.requests()).hasSize(1);
    }

    @Test
    void givesTheTypeOfAnErrorWithoutMessage() {
      endpoint.on(
          "f",
          Reply.verbatim(400, "application/json", "{}")
              .withHeader("x-amzn-ErrorType", "SomeException"));

      assertThat(failure(invoker().invoke(call("f")))).isEqualTo("SomeException");
    }

    /** Repeated, since the SDK loses a race here when a client has more than one event loop. */
    @RepeatedTest(30)
    void cannotConnectWhereNobodyListens() {
      assertThat(failure(invokerAt(FakeLambdaEndpoint.refusing()).invoke(call("f"))))
          .isEqualTo(UNREACHABLE);
    }

    @Test
    void cannotConnectToAHostWithoutAddress() {
      assertThat(failure(invokerAt(URI.create("http://lambda.invalid:1")).invoke(call("f"))))
          .isEqualTo(UNREACHABLE);
    }

    @Test
    void cannotConnectBeforeTheConnectTimeout() throws Exception {
      UnansweredAddress address = UnansweredAddress.open();
      resources.add(address);
      Invocation call = call("f", InvocationType.REQUEST_RESPONSE, Duration.ofMillis(150), LONG);
      long startedAt = System.nanoTime();

      assertThat(failure(invokerAt(address.uri()).invoke(call))).isEqualTo(UNREACHABLE);
      assertThat(Duration.ofNanos(System.nanoTime() - startedAt))
          .isBetween(Duration.ofMillis(150), Duration.ofSeconds(20));
    }

    @Test
    void cannotConnectToAServerWithoutTls() {
      URI tls = URI.create(endpoint.uri().toString().replace("http:", "https:"));

      assertThat(failure(invokerAt(tls).invoke(call("f")))).isEqualTo(UNREACHABLE);
    }

    @Test
    void losesTheConnectionByAReset() {
      endpoint.on("f", Reply.reset());

      assertThat(failure(invoker().invoke(call("f"))))
          .isEqualTo("curlCode: 56, Failure when receiving data from the peer");
      assertThat(endpoint.requests()).hasSize(1);
    }

    @Test
    void losesTheConnectionByAClose() {
      endpoint.on("f", Reply.close());

      assertThat(failure(invoker().invoke(call("f"))))
          .isEqualTo("curlCode: 52, Server returned nothing (no headers, no data)");
      assertThat(endpoint.requests()).hasSize(1);
    }

    @Test
    void losesTheConnectionWithinTheBody() {
      endpoint.on("f", Reply.closeMidBody());

      assertThat(failure(invoker().invoke(call("f"))))
          .isEqualTo("curlCode: 18, Transferred a partial file");
      assertThat(endpoint.requests()).hasSize(1);
    }

    @Test
    void endsACallAtItsRequestTimeoutAndAbortsTheRequest() throws Exception {
      endpoint.on("f", Reply.json("{}").held());
      Invocation call = call("f", InvocationType.REQUEST_RESPONSE, LONG, Duration.ofMillis(700));

      assertThat(failure(invoker().invoke(call))).isEqualTo("curlCode: 28, Timeout was reached");
      endpoint.awaitAborted(1);
      assertThat(endpoint.requests()).hasSize(1);
    }

    @Test
    void quotesTheSdkOnAnEmptyName() {
      assertThat(failure(invoker().invoke(call("")))).isEqualTo("FunctionName cannot be empty.");
      assertThat(endpoint.requests()).isEmpty();
    }

    @Test
    void leavesAConnectionThatWasClosedWhileIdle() throws Exception {
      endpoint.on("f", Reply.json("1").closingAfterwards());
      AwsLambdaInvoker invoker = invoker();

      for (int i = 0; i < 3; i++) {
        assertThat(text(result(invoker.invoke(call("f"))))).isEqualTo("1");
        endpoint.awaitOpenConnections(0);
      }

      assertThat(endpoint.connections()).isEqualTo(3);
    }
  }

  @Nested
  class Concurrency {
    @Test
    void makesAsManyRequestsAsThereAreCalls() throws Exception {
      // given
      endpoint.on("f", Reply.json("{}").held());
      AwsLambdaInvoker invoker = invoker();
      // when
      List<CompletableFuture<InvocationResult>> calls =
          IntStream.range(0, 500).mapToObj(i -> invoker.invoke(call("f"))).toList();
      endpoint.awaitRequests(500);
      // then
      assertThat(endpoint.maxConcurrency()).isEqualTo(500);
      endpoint.release();
      for (CompletableFuture<InvocationResult> call : calls) {
        assertThat(result(call).statusCode()).isEqualTo(200);
      }
    }

    @Test
    void queuesWhatExceedsTheLimitAndLosesNothing() throws Exception {
      endpoint.on("f", Reply.json("{}").held());
      AwsLambdaInvoker invoker = invoker(new Settings(endpoint.uri(), null, 0, 2));

      List<CompletableFuture<InvocationResult>> calls =
          IntStream.range(0, 6).mapToObj(i -> invoker.invoke(call("f"))).toList();

      for (int answered = 2; answered <= 6; answered += 2) {
        endpoint.awaitRequests(answered);
        endpoint.release();
      }
      for (CompletableFuture<InvocationResult> call : calls) {
        assertThat(result(call).statusCode()).isEqualTo(200);
      }
      assertThat(endpoint.maxConcurrency()).isEqualTo(2);
    }

    private Invocation callIn(String region, Duration requestTimeout) {
      return new Invocation(
          "f",
          region,
          InvocationType.REQUEST_RESPONSE,
          LogType.NONE,
          null,
          null,
          payload("{}"),
          LONG,
          requestTimeout);
    }

    @Test
    void hasOneLimitForAllRegionsAndTimeouts() throws Exception {
      endpoint.on("f", Reply.json("{}").held());
      AwsLambdaInvoker invoker = invoker(new Settings(endpoint.uri(), null, 0, 2));

      List<CompletableFuture<InvocationResult>> calls =
          Stream.of("us-east-1", "us-west-2", "eu-west-1", "ap-south-1")
              .flatMap(region -> Stream.of(callIn(region, LONG), callIn(region, LONG)))
              .map(invoker::invoke)
              .toList();

      for (int answered = 2; answered <= 8; answered += 2) {
        endpoint.awaitRequests(answered);
        endpoint.release();
      }
      for (CompletableFuture<InvocationResult> call : calls) {
        assertThat(result(call).statusCode()).isEqualTo(200);
      }
      assertThat(endpoint.maxConcurrency()).isEqualTo(2);
    }

    @Test
    void endsACallThatWaitsForItsTurnAtItsRequestTimeout() throws Exception {
      endpoint.on("f", Reply.json("{}").held());
      AwsLambdaInvoker invoker = invoker(new Settings(endpoint.uri(), null, 0, 1));
      CompletableFuture<InvocationResult> first = invoker.invoke(callIn("us-east-1", LONG));
      endpoint.awaitRequests(1);

      Throwable failure =
          catchThrowable(
              () ->
                  invoker
                      .invoke(callIn("us-west-2", Duration.ofMillis(200)))
                      .get(30, TimeUnit.SECONDS));

      assertThat(failure.getCause())
          .isInstanceOfSatisfying(
              InvocationException.class,
              e -> {
                assertThat(e).hasMessage("curlCode: 28, Timeout was reached");
                assertThat(e.hint()).contains("nothing was sent", "--max-concurrent-invocations");
              });
      endpoint.release();
      assertThat(result(first).statusCode()).isEqualTo(200);
      assertThat(endpoint.requests()).hasSize(1);
    }

    @Test
    void countsTheWaitForItsTurnAsPartOfACall() throws Exception {
      endpoint.on("f", Reply.json("{}").held());
      AwsLambdaInvoker invoker = invoker(new Settings(endpoint.uri(), null, 0, 1));
      CompletableFuture<InvocationResult> first =
          invoker.invoke(callIn("us-east-1", Duration.ofMillis(600)));
      endpoint.awaitRequests(1);
      long startedAt = System.nanoTime();
      CompletableFuture<InvocationResult> second =
          invoker.invoke(callIn("us-east-1", Duration.ofSeconds(1)));

      assertThat(failure(first)).isEqualTo("curlCode: 28, Timeout was reached");
      endpoint.awaitRequests(2); // the one before has left its place
      assertThat(failure(second)).isEqualTo("curlCode: 28, Timeout was reached");
      assertThat(Duration.ofNanos(System.nanoTime() - startedAt))
          .isLessThan(Duration.ofMillis(1550));
    }

    @Test
    void letsTheNextOnesInForCallsThatAreCancelled() throws Exception {
      endpoint.on("f", Reply.json("{}").held());
      AwsLambdaInvoker invoker = invoker(new Settings(endpoint.uri(), null, 0, 1));
      CompletableFuture<InvocationResult> running = invoker.invoke(callIn("us-east-1", LONG));
      endpoint.awaitRequests(1);
      CompletableFuture<InvocationResult> waiting = invoker.invoke(callIn("us-west-2", LONG));
      CompletableFuture<InvocationResult> last = invoker.invoke(callIn("eu-west-1", LONG));

      waiting.cancel(true);
      running.cancel(true);
      endpoint.awaitRequests(2);
      endpoint.release();

      assertThat(result(last).statusCode()).isEqualTo(200);
      assertThat(endpoint.requests()).hasSize(2);
    }

    @Test
    void failsThousandsThatWaitWhereNobodyListens() {
      AwsLambdaInvoker invoker = invoker(new Settings(FakeLambdaEndpoint.refusing(), null, 0, 1));

      List<CompletableFuture<InvocationResult>> calls =
          IntStream.range(0, 3000)
              .mapToObj(i -> invoker.invoke(callIn("us-east-1", LONG)))
              .toList();

      assertThat(calls).allSatisfy(call -> assertThat(failure(call)).isEqualTo(UNREACHABLE));
    }

    @Test
    void failsCallsThatWaitForTheirTurnWhenItIsClosed() throws Exception {
      endpoint.on("f", Reply.json("{}").held());
      AwsLambdaInvoker invoker = invoker(new Settings(endpoint.uri(), null, 0, 1));
      invoker.invoke(callIn("us-east-1", LONG));
      endpoint.awaitRequests(1);
      CompletableFuture<InvocationResult> waiting = invoker.invoke(callIn("us-west-2", LONG));

      invoker.close();

      assertThat(failure(waiting)).isEqualTo("The Lambda client is shut down");
      assertThat(endpoint.requests()).hasSize(1);
    }

    @Test
    void abortsTheRequestOfACallThatIsCancelled() throws Exception {
      endpoint.on("f", Reply.json("{}").held());
      CompletableFuture<InvocationResult> call = invoker().invoke(call("f"));
      endpoint.awaitRequests(1);

      call.cancel(true);

      endpoint.awaitAborted(1);
      endpoint.awaitOpenConnections(0);
    }

    @Test
    void canBeCalledFromItsOnlyEventLoop() throws Exception {
      // given
      endpoint.on("f", Reply.json("{}"));
      EventLoopGroup single =
          new NioEventLoopGroup(1, new DefaultThreadFactory("single-loop", true));
      resources.add(() -> single.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync());
      AwsLambdaInvoker invoker =
          new AwsLambdaInvoker(
              single, new Settings(endpoint.uri(), null, 0, 10), NOTHING, "us-east-1");
      resources.add(0, invoker);
      // when
      CompletableFuture<InvocationResult> call =
          CompletableFuture.completedFuture(call("f")).thenComposeAsync(invoker::invoke, single);
      // then
      assertThat(result(call).statusCode()).isEqualTo(200);
    }

    @Test
    void failsCallsInProgressWhenItIsClosed() throws Exception {
      endpoint.on("f", Reply.json("{}").held());
      AwsLambdaInvoker invoker = invoker();
      CompletableFuture<InvocationResult> call = invoker.invoke(call("f"));
      endpoint.awaitRequests(1);

      invoker.close();

      assertThat(failure(call)).isEqualTo("The Lambda client is shut down");
      endpoint.awaitAborted(1);
      assertThat(failure(invoker.invoke(call("f")))).isEqualTo("The Lambda client is shut down");
      assertThat(group.isShuttingDown()).isFalse();
    }

    @Test
    void servesMoreTimeoutsThanItKeepsClients() throws Exception {
      endpoint.on("f", Reply.json("{}"));
      AwsLambdaInvoker invoker = invoker();

      for (int i = 1; i <= 20; i++) {
        Invocation call = call("f", InvocationType.REQUEST_RESPONSE, Duration.ofSeconds(i), LONG);
        assertThat(result(invoker.invoke(call)).statusCode()).isEqualTo(200);
      }

      endpoint.awaitOpenConnections(16);
    }

    @Test
    void warmsUpWithoutARequest() throws Exception {
      endpoint.on("f", Reply.json("{}"));
      AwsLambdaInvoker invoker = invoker();

      invoker.warmUp();

      assertThat(result(invoker.invoke(call("f"))).statusCode()).isEqualTo(200);
      assertThat(endpoint.requests()).hasSize(1);
    }
  }

  @Nested
  class Configuration {
    @Test
    void retriesIfItIsTold() {
      endpoint.on("f", Reply.apiError(503, "ServiceUnavailableException", "later"));

      assertThat(failure(invoker(new Settings(endpoint.uri(), null, 2, 10)).invoke(call("f"))))
          .isEqualTo("later");

      assertThat(endpoint.requests()).hasSize(3);
    }

    @Test
    void signsWithDummyCredentialsWhereThereAreNone() throws Exception {
      endpoint.on("f", Reply.json("{}"));

      assertThat(result(invoker().invoke(call("f"))).statusCode()).isEqualTo(200);

      assertThat(endpoint.onlyRequest().accessKeyId()).isEqualTo("test");
      assertThat(endpoint.onlyRequest().signingRegion()).isEqualTo("eu-west-1");
    }

    @Test
    void signsWithTheCredentialsOfTheChain() throws Exception {
      endpoint.on("f", Reply.json("{}"));
      setProperty("aws.accessKeyId", "AKIDFROMPROPERTY");
      setProperty("aws.secretAccessKey", "secret");

      assertThat(result(invoker().invoke(call("f"))).statusCode()).isEqualTo(200);

      assertThat(endpoint.onlyRequest().accessKeyId()).isEqualTo("AKIDFROMPROPERTY");
    }

    @Test
    void followsTheSdksOwnSettingOfTheEndpoint() throws Exception {
      endpoint.on("f", Reply.json("{}"));
      setProperty("aws.endpointUrlLambda", endpoint.uri().toString());
      AwsLambdaInvoker invoker =
          new AwsLambdaInvoker(group, Settings.defaults(), AwsEnvironment.ofProcess(), "us-east-1");
      resources.add(0, invoker);

      assertThat(result(invoker.invoke(call("f"))).statusCode()).isEqualTo(200);

      assertThat(endpoint.onlyRequest().accessKeyId()).isEqualTo("test");
    }

    @Test
    void signsWithTheCredentialsOfTheRoleItAssumes() throws Exception {
      // given
      HttpServer sts =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      List<String> questions = new CopyOnWriteArrayList<>();
      sts.createContext(
          "/",
          exchange -> {
            questions.add(new String(exchange.getRequestBody().readAllBytes(), UTF_8));
            byte[] answer = ASSUMED_ROLE.getBytes(UTF_8);
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
          });
      sts.start();
      resources.add(() -> sts.stop(0));
      setProperty("aws.endpointUrlSts", "http://127.0.0.1:" + sts.getAddress().getPort());
      endpoint.on("f", Reply.json("{}"));
      AwsLambdaInvoker invoker =
          invoker(
              new Settings(endpoint.uri(), "arn:aws:iam::111122223333:role/lambda-caller", 0, 10));
      // when
      for (int i = 0; i < 2; i++) {
        assertThat(result(invoker.invoke(call("f"))).statusCode()).isEqualTo(200);
      }
      // then
      assertThat(questions).hasSize(1);
      assertThat(questions.get(0)).contains("role%2Flambda-caller");
      assertThat(endpoint.requests())
          .allSatisfy(
              request -> {
                assertThat(request.accessKeyId()).isEqualTo("ASIAASSUMED");
                assertThat(request.header("X-Amz-Security-Token")).isEqualTo("session-token");
              });
    }

    @Test
    void saysBrieflyThatThereAreNoCredentialsForAws() {
      setProperty("aws.disableEc2Metadata", "true");
      setProperty("aws.sharedCredentialsFile", "/nowhere/credentials");
      setProperty("aws.configFile", "/nowhere/config");

      assertThat(failure(invoker(Settings.defaults()).invoke(call("f"))))
          .isEqualTo("Unable to load credentials from any of the providers in the chain");
    }

    @Test
    void endsACallAtItsRequestTimeoutThoughTheCredentialsDoNotCome() throws Exception {
      CountDownLatch hanging = new CountDownLatch(1);
      resources.add(hanging::countDown);
      CredentialsCache credentials =
          new CredentialsCache(
              () -> {
                try {
                  hanging.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
                return StaticCredentialsProvider.create(AwsBasicCredentials.create("a", "b"));
              });
      AwsLambdaInvoker invoker =
          new AwsLambdaInvoker(
              group,
              new Settings(endpoint.uri(), null, 0, 10),
              true,
              Network.direct(),
              credentials,
              "us-east-1");
      resources.add(0, invoker);

      Invocation call = call("f", InvocationType.REQUEST_RESPONSE, LONG, Duration.ofMillis(300));

      assertThat(failure(invoker.invoke(call))).isEqualTo("curlCode: 28, Timeout was reached");
      assertThat(endpoint.requests()).isEmpty();
    }

    private void setProperty(String name, String value) {
      System.setProperty(name, value);
      resources.add(() -> System.clearProperty(name));
    }
  }

  private static final String ASSUMED_ROLE =
      """
      <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
      <AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/lambda-caller/x</Arn>
      <AssumedRoleId>AROA:x</AssumedRoleId></AssumedRoleUser>
      <Credentials><AccessKeyId>ASIAASSUMED</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
      <SessionToken>session-token</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration>
      </Credentials></AssumeRoleResult></AssumeRoleResponse>
      """;
}
