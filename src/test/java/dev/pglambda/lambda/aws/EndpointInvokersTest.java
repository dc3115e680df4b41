package dev.pglambda.lambda.aws;

import static dev.pglambda.lambda.aws.InvokerStage.UNREACHABLE;
import static dev.pglambda.lambda.aws.InvokerStage.call;
import static dev.pglambda.lambda.aws.InvokerStage.failure;
import static dev.pglambda.lambda.aws.InvokerStage.result;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.aws.AwsLambdaInvoker.InvokerSettings;
import dev.pglambda.lambda.route.Dialect;
import dev.pglambda.lambda.route.Endpoint;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.Reply;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The settings of each endpoint, and what endpoints share. */
class EndpointInvokersTest {
  private static final String ROLE = "arn:aws:iam::111122223333:role/lambda-caller";

  @TempDir private Path home;

  private final InvokerStage stage = new InvokerStage();
  private final FakeLambdaEndpoint endpoint = stage.endpoint();

  @AfterEach
  void closeAll() throws Exception {
    stage.close();
  }

  private LambdaInvoker open(EndpointInvokers endpoints, Endpoint settings) {
    return stage.closeAfterwards(endpoints.open(settings));
  }

  private Endpoint signedBy(@Nullable String profile, @Nullable String role) {
    return new Endpoint(endpoint.uri(), null, Dialect.AWS, profile, role, null, null, null);
  }

  private List<@Nullable String> accessKeys() {
    List<@Nullable String> keys = new ArrayList<>();
    endpoint.requests().forEach(request -> keys.add(request.accessKeyId()));
    return keys;
  }

  // ---- what an endpoint says for itself

  @Test
  void callsInTheRegionOfTheEndpointOrElseTheCalls() throws Exception {
    endpoint.on("f", Reply.json("{}"));
    EndpointInvokers endpoints = stage.endpoints(10);
    Endpoint frankfurt =
        new Endpoint(endpoint.uri(), "eu-central-1", Dialect.AWS, null, null, null, null, null);

    result(open(endpoints, frankfurt).invoke(call("f")));
    result(open(endpoints, Endpoint.of(endpoint.uri())).invoke(call("f")));

    assertThat(endpoint.requests())
        .extracting(request -> request.signingRegion())
        .containsExactly("eu-central-1", "eu-west-1");
  }

  @Test
  void itsRequestTimeoutCountsBeforeTheSessions() {
    endpoint.on("f", Reply.json("{}").held());
    Endpoint brief =
        new Endpoint(
            endpoint.uri(), null, Dialect.AWS, null, null, null, Duration.ofMillis(200), null);

    assertThat(failure(open(stage.endpoints(10), brief).invoke(call("f"))))
        .isEqualTo("curlCode: 28, Timeout was reached");
  }

  @Test
  void itsRetriesCountBeforeTheProxys() {
    endpoint.on("f", Reply.apiError(503, "ServiceUnavailableException", "later"));
    EndpointInvokers endpoints =
        stage.closeAfterwards(
            new EndpointInvokers(
                stage.group(),
                new InvokerSettings(null, null, 1, 10),
                InvokerStage.NOTHING,
                "us-east-1"));
    Endpoint never = new Endpoint(endpoint.uri(), null, Dialect.AWS, null, null, null, null, 0);

    failure(open(endpoints, never).invoke(call("f")));
    assertThat(endpoint.requests()).hasSize(1);

    failure(open(endpoints, Endpoint.of(endpoint.uri())).invoke(call("f")));
    assertThat(endpoint.requests()).hasSize(1 + 2);
  }

  @Test
  void signsWithTheProfileOfTheEndpointAndNothingElse() throws Exception {
    endpoint.on("f", Reply.json("{}"));
    credentialsFile("[one]", "aws_access_key_id = AKIDONE", "aws_secret_access_key = s");
    stage.setProperty("aws.accessKeyId", "AKIDOWN");
    stage.setProperty("aws.secretAccessKey", "s");
    EndpointInvokers endpoints = stage.endpoints(10);

    result(open(endpoints, signedBy("one", null)).invoke(call("f")));
    result(open(endpoints, signedBy(null, null)).invoke(call("f")));

    assertThat(accessKeys()).containsExactly("AKIDONE", "AKIDOWN");
    assertThat(failure(open(endpoints, signedBy("two", null)).invoke(call("f"))))
        .isEqualTo("Profile file contained no credentials for profile 'two'");
  }

  @Test
  void assumesARoleOnceForAllEndpointsThatNameIt() throws Exception {
    endpoint.on("f", Reply.json("{}"));
    List<String> questions = stage.startSts();
    EndpointInvokers endpoints = stage.endpoints(10);

    for (int i = 0; i < 3; i++) {
      result(open(endpoints, signedBy(null, ROLE)).invoke(call("f")));
    }

    assertThat(questions).hasSize(1);
    assertThat(accessKeys()).containsOnly("ASIAASSUMED").hasSize(3);
  }

  private void credentialsFile(String... lines) throws Exception {
    Path file = Files.write(home.resolve("credentials"), List.of(lines));
    stage.setProperty("aws.sharedCredentialsFile", file.toString());
    stage.setProperty("aws.configFile", home.resolve("none").toString());
  }

  // ---- what endpoints share

  @Test
  void twentyEndpointsTakeNoMoreThreadsThanOne() throws Exception {
    endpoint.on("f", Reply.json("{}"));
    EndpointInvokers endpoints = stage.endpoints(10);
    Set<Thread> before = threads();

    for (int i = 0; i < 20; i++) {
      result(open(endpoints, Endpoint.of(endpoint.uri())).invoke(call("f")));
    }

    Set<Thread> started = threads();
    started.removeAll(before);
    assertThat(started)
        .hasSizeLessThanOrEqualTo(Math.max(2, Runtime.getRuntime().availableProcessors()) + 1);
  }

  /** Those that prepare requests, and those that resolve credentials. */
  private static Set<Thread> threads() {
    Set<Thread> found = new HashSet<>(Thread.getAllStackTraces().keySet());
    found.removeIf(thread -> !thread.getName().matches("lambda-sender-.*|aws-credentials.*"));
    return found;
  }

  @Test
  void theLimitCountsForAllEndpointsAndTheProxysOwnTogether() throws Exception {
    endpoint.on("f", Reply.json("{}").held());
    EndpointInvokers endpoints =
        stage.closeAfterwards(
            new EndpointInvokers(
                stage.group(),
                new InvokerSettings(endpoint.uri(), null, 0, 2),
                InvokerStage.NOTHING,
                "us-east-1"));
    List<LambdaInvoker> invokers =
        List.of(
            stage.closeAfterwards(endpoints.openOwn()),
            open(endpoints, Endpoint.of(endpoint.uri())),
            open(endpoints, Endpoint.of(endpoint.uri())));

    List<CompletableFuture<InvocationResult>> calls =
        IntStream.range(0, 6).mapToObj(i -> invokers.get(i % 3).invoke(call("f"))).toList();

    for (int answered = 2; answered <= 6; answered += 2) {
      endpoint.awaitRequests(answered);
      endpoint.release();
    }
    for (CompletableFuture<InvocationResult> call : calls) {
      assertThat(result(call).statusCode()).isEqualTo(200);
    }
    assertThat(endpoint.maxConcurrency()).isEqualTo(2);
  }

  @Test
  void toCloseOneEndsItsCallsAndNoOthers() throws Exception {
    // given
    endpoint.on("f", Reply.json("{}").held());
    EndpointInvokers endpoints = stage.endpoints(1);
    LambdaInvoker one = open(endpoints, Endpoint.of(endpoint.uri()));
    LambdaInvoker other = open(endpoints, Endpoint.of(endpoint.uri()));
    CompletableFuture<InvocationResult> running = one.invoke(call("f"));
    endpoint.awaitRequests(1);
    CompletableFuture<InvocationResult> waiting = one.invoke(call("f"));
    CompletableFuture<InvocationResult> others = other.invoke(call("f"));
    // when
    one.close();
    // then
    assertThat(failure(running)).isEqualTo("The Lambda client is shut down");
    assertThat(failure(waiting)).isEqualTo("The Lambda client is shut down");
    endpoint.awaitRequests(2);
    endpoint.release();
    assertThat(result(others).statusCode()).isEqualTo(200);
    assertThat(endpoint.requests()).hasSize(2);
  }

  // ---- endpoints that cannot be reached

  @Test
  void aHintNamesTheHostThatWasTried() {
    InvocationException failure =
        unreachable(Endpoint.of(URI.create("http://lambda.invalid:1")), Map.of());

    assertThat(failure.hint()).isEqualTo("The host that was tried is lambda.invalid.");
  }

  @Test
  void inAContainerItSaysHowTheMachineAroundItIsCalled() {
    Map<String, String> container = Map.of("container", "docker");
    URI nowhere = FakeLambdaEndpoint.refusing();
    String hint =
        "The host that was tried is 127.0.0.1, which in this container is the container itself."
            + " The machine around it is host.docker.internal.";

    assertThat(unreachable(Endpoint.of(nowhere), container).hint()).isEqualTo(hint);
    assertThat(unreachable(nowhere, container).hint()).isEqualTo(hint);
    assertThat(unreachable(URI.create("http://lambda.invalid:1"), container).hint()).isNull();
    assertThat(unreachable(nowhere, Map.of()).hint()).isNull();
  }

  private InvocationException unreachable(Endpoint route, Map<String, String> environment) {
    return unreachable(open(endpoints(null, environment), route));
  }

  /** As the proxy's own endpoint. */
  private InvocationException unreachable(URI own, Map<String, String> environment) {
    return unreachable(stage.closeAfterwards(endpoints(own, environment).openOwn()));
  }

  private EndpointInvokers endpoints(@Nullable URI own, Map<String, String> environment) {
    return stage.closeAfterwards(
        new EndpointInvokers(
            stage.group(),
            new InvokerSettings(own, null, 0, 10),
            new AwsEnvironment(environment, new Properties(), home),
            "us-east-1"));
  }

  private static InvocationException unreachable(LambdaInvoker invoker) {
    Throwable thrown =
        catchThrowable(() -> invoker.invoke(call("f")).get(30, TimeUnit.SECONDS)).getCause();
    assertThat(thrown).isInstanceOf(InvocationException.class).hasMessage(UNREACHABLE);
    return (InvocationException) thrown;
  }
}
