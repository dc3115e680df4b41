package dev.pglambda.lambda.aws;

import static dev.pglambda.lambda.aws.InvokerStage.LONG;
import static dev.pglambda.lambda.aws.InvokerStage.UNREACHABLE;
import static dev.pglambda.lambda.aws.InvokerStage.call;
import static dev.pglambda.lambda.aws.InvokerStage.failure;
import static dev.pglambda.lambda.aws.InvokerStage.payload;
import static dev.pglambda.lambda.aws.InvokerStage.result;
import static dev.pglambda.testing.Awaiting.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.LogType;
import dev.pglambda.lambda.aws.AwsLambdaInvoker.InvokerSettings;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.Reply;
import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Calls at the same time, their limit, and calls that are given up. */
class InvokerConcurrencyTest {
  private final InvokerStage stage = new InvokerStage();
  private final FakeLambdaEndpoint endpoint = stage.endpoint();

  @AfterEach
  void closeAll() throws Exception {
    stage.close();
  }

  @Test
  void makesAsManyRequestsAsThereAreCalls() throws Exception {
    // given
    endpoint.on("f", Reply.json("{}").held());
    AwsLambdaInvoker invoker = stage.invoker();
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
    AwsLambdaInvoker invoker = stage.invoker(2);

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

  @Test
  void tellsHowLongACallHasWaitedForItsTurn() throws Exception {
    // given
    endpoint.on("f", Reply.json("{}").held());
    AwsLambdaInvoker invoker = stage.invoker(1);
    CompletableFuture<InvocationResult> first = invoker.invoke(call("f"));
    endpoint.awaitRequests(1);
    // when
    CompletableFuture<InvocationResult> second = invoker.invoke(call("f"));
    long since = System.nanoTime();
    Duration running = Duration.ofMillis(20);
    await("a while").until(() -> System.nanoTime() - since > running.toNanos());
    endpoint.release();
    endpoint.awaitRequests(2);
    endpoint.release();
    // then
    assertThat(result(first).queued()).isZero();
    assertThat(result(second).queued()).isGreaterThan(running);
  }

  @Test
  void hasOneLimitForAllRegionsAndTimeouts() throws Exception {
    endpoint.on("f", Reply.json("{}").held());
    AwsLambdaInvoker invoker = stage.invoker(2);

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
    AwsLambdaInvoker invoker = stage.invoker(1);
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

  /** Timers of one event loop end in the order of their times, however busy the machine is. */
  @Test
  void countsTheWaitForItsTurnAsPartOfACall() throws Exception {
    // given
    endpoint.on("f", Reply.json("{}").held());
    endpoint.on("quick", Reply.json("{}"));
    EventLoopGroup single = stage.group(1);
    AwsLambdaInvoker invoker =
        stage.invoker(single, new InvokerSettings(endpoint.uri(), null, 0, 1));
    AwsLambdaInvoker another =
        stage.invoker(single, new InvokerSettings(endpoint.uri(), null, 0, 1));
    result(another.invoke(call("quick"))); // to build a client counts for nothing
    CompletableFuture<InvocationResult> first =
        invoker.invoke(callIn("us-east-1", Duration.ofSeconds(1)));
    endpoint.awaitRequests(2);
    List<String> ended = new CopyOnWriteArrayList<>();
    // when
    CompletableFuture<InvocationResult> waiting =
        invoker.invoke(callIn("us-east-1", Duration.ofMillis(1500)));
    var unusedWaiting = waiting.whenComplete((done, failure) -> ended.add("waiting"));
    endpoint.awaitRequests(3); // the one before has left its place
    CompletableFuture<InvocationResult> later =
        another.invoke(callIn("us-east-1", Duration.ofMillis(1200)));
    var unusedLater = later.whenComplete((done, failure) -> ended.add("later"));
    // then
    assertThat(List.of(failure(first), failure(waiting), failure(later)))
        .containsOnly("curlCode: 28, Timeout was reached");
    assertThat(ended).containsExactly("waiting", "later");
  }

  @Test
  void letsTheNextOnesInForCallsThatAreCancelled() throws Exception {
    endpoint.on("f", Reply.json("{}").held());
    AwsLambdaInvoker invoker = stage.invoker(1);
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
    AwsLambdaInvoker invoker =
        stage.invoker(new InvokerSettings(FakeLambdaEndpoint.refusing(), null, 0, 1));

    List<CompletableFuture<InvocationResult>> calls =
        IntStream.range(0, 3000).mapToObj(i -> invoker.invoke(callIn("us-east-1", LONG))).toList();

    assertThat(calls).allSatisfy(call -> assertThat(failure(call)).isEqualTo(UNREACHABLE));
  }

  @Test
  void failsCallsThatWaitForTheirTurnWhenItIsClosed() throws Exception {
    endpoint.on("f", Reply.json("{}").held());
    AwsLambdaInvoker invoker = stage.invoker(1);
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
    CompletableFuture<InvocationResult> call = stage.invoker().invoke(call("f"));
    endpoint.awaitRequests(1);

    call.cancel(true);

    endpoint.awaitAborted(1);
    endpoint.awaitOpenConnections(0);
  }

  @Test
  void canBeCalledFromItsOnlyEventLoop() throws Exception {
    // given
    endpoint.on("f", Reply.json("{}"));
    EventLoopGroup single = stage.group(1);
    AwsLambdaInvoker invoker =
        stage.invoker(single, new InvokerSettings(endpoint.uri(), null, 0, 10));
    // when
    CompletableFuture<InvocationResult> call =
        CompletableFuture.completedFuture(call("f")).thenComposeAsync(invoker::invoke, single);
    // then
    assertThat(result(call).statusCode()).isEqualTo(200);
  }

  @Test
  void failsCallsInProgressWhenItIsClosed() throws Exception {
    endpoint.on("f", Reply.json("{}").held());
    AwsLambdaInvoker invoker = stage.invoker();
    CompletableFuture<InvocationResult> call = invoker.invoke(call("f"));
    endpoint.awaitRequests(1);

    invoker.close();

    assertThat(failure(call)).isEqualTo("The Lambda client is shut down");
    endpoint.awaitAborted(1);
    assertThat(failure(invoker.invoke(call("f")))).isEqualTo("The Lambda client is shut down");
    assertThat(stage.group().isShuttingDown()).isFalse();
  }

  @Test
  void servesMoreTimeoutsThanItKeepsClients() throws Exception {
    endpoint.on("f", Reply.json("{}"));
    AwsLambdaInvoker invoker = stage.invoker();

    for (int i = 1; i <= 20; i++) {
      Invocation call = call("f", InvocationType.REQUEST_RESPONSE, Duration.ofSeconds(i), LONG);
      assertThat(result(invoker.invoke(call)).statusCode()).isEqualTo(200);
    }

    endpoint.awaitOpenConnections(16);
  }

  @Test
  void warmsUpWithoutARequest() throws Exception {
    endpoint.on("f", Reply.json("{}"));
    AwsLambdaInvoker invoker = stage.invoker();

    invoker.warmUp();

    assertThat(result(invoker.invoke(call("f"))).statusCode()).isEqualTo(200);
    assertThat(endpoint.requests()).hasSize(1);
  }

  private static Invocation callIn(String region, Duration requestTimeout) {
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
}
