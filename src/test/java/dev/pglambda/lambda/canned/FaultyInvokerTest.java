package dev.pglambda.lambda.canned;

import static dev.pglambda.lambda.canned.Calls.REQUEST_TIMEOUT;
import static dev.pglambda.lambda.canned.Calls.failure;
import static dev.pglambda.lambda.canned.Calls.result;
import static dev.pglambda.lambda.canned.Calls.text;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.route.Fault;
import dev.pglambda.lambda.route.FaultKind;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FaultyInvokerTest {
  private static final String TIMED_OUT = "curlCode: 28, Timeout was reached";

  private final ScheduledThreadPoolExecutor scheduler = new ScheduledThreadPoolExecutor(1);
  private final Recorder function = new Recorder();

  /** Keeps the calls; the test completes the result. */
  private static final class Recorder implements LambdaInvoker {
    final BlockingQueue<Invocation> calls = new ArrayBlockingQueue<>(10_000);
    final CompletableFuture<InvocationResult> answer = new CompletableFuture<>();
    volatile boolean closed;

    @Override
    public CompletableFuture<InvocationResult> invoke(Invocation invocation) {
      calls.add(invocation);
      return answer;
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  @AfterEach
  void stop() {
    scheduler.shutdownNow();
  }

  private static Fault always(FaultKind kind) {
    return new Fault(kind, 1, Duration.ZERO);
  }

  private static Fault delay(Duration delay) {
    return new Fault(FaultKind.DELAY, 1, delay);
  }

  private FaultyInvoker faulty(Fault... faults) {
    return new FaultyInvoker(function, List.of(faults), scheduler, new Random(1));
  }

  private static Invocation call(InvocationType type, Duration requestTimeout) {
    return Calls.call("orders", "{}", type, requestTimeout);
  }

  private static Invocation call() {
    return call(InvocationType.REQUEST_RESPONSE, REQUEST_TIMEOUT);
  }

  @Test
  void letsCallsPassWithWhichNothingGoesWrong() {
    Invocation call = call();

    assertThat(faulty(new Fault(FaultKind.THROTTLE, 0, Duration.ZERO)).invoke(call))
        .isSameAs(function.answer);
    assertThat(function.calls).containsExactly(call);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"THROTTLE | Rate Exceeded.", "REFUSE | Unable to connect to endpoint"})
  void refusesCallsOfEachType(FaultKind kind, String message) {
    for (InvocationType type : InvocationType.values()) {
      assertThat(failure(faulty(always(kind)).invoke(call(type, REQUEST_TIMEOUT))))
          .isEqualTo(message);
    }
    assertThat(function.calls).isEmpty();
  }

  @Test
  void goesWrongAsOftenAsTheRateSays() {
    FaultyInvoker invoker = faulty(new Fault(FaultKind.THROTTLE, 0.25, Duration.ZERO));

    IntStream.range(0, 4000).forEach(number -> invoker.invoke(call()));

    assertThat(function.calls).hasSizeBetween(2900, 3100);
  }

  @Test
  void doesNotAnswerBeforeTheCallIsGivenUp() {
    Duration timeout = Duration.ofMillis(50);
    long start = System.nanoTime();

    String failure =
        failure(
            faulty(always(FaultKind.TIMEOUT))
                .invoke(call(InvocationType.REQUEST_RESPONSE, timeout)));

    assertThat(failure).isEqualTo(TIMED_OUT);
    assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(timeout.toNanos());
    assertThat(function.calls).isEmpty();
  }

  @Test
  void failsAsAFunctionThatThrows() throws Exception {
    InvocationResult result = result(faulty(always(FaultKind.UNHANDLED)).invoke(call()));

    assertThat(result.statusCode()).isEqualTo(200);
    assertThat(result.functionError()).isEqualTo("Unhandled");
    assertThat(result.executedVersion()).isEqualTo("$LATEST");
    assertThat(text(result))
        .isEqualTo(
            "{\"errorType\":\"Error\",\"errorMessage\":\"This call fails on purpose\","
                + "\"trace\":[\"Error: This call fails on purpose\"]}");
    assertThat(new String(Base64.getDecoder().decode(result.logResult()), UTF_8))
        .startsWith("START RequestId: ")
        .contains("\tERROR\tInvoke Error \t" + text(result) + "\nEND RequestId: ");
    assertThat(function.calls).isEmpty();
  }

  @Test
  void failsBehindAnEvent() throws Exception {
    InvocationResult accepted =
        result(
            faulty(always(FaultKind.UNHANDLED))
                .invoke(call(InvocationType.EVENT, REQUEST_TIMEOUT)));

    assertThat(accepted.withoutRun()).isEqualTo(InvocationResult.ofStatus(202));
    assertThat(result(Objects.requireNonNull(accepted.run())).functionError())
        .isEqualTo("Unhandled");
    assertThat(function.calls).isEmpty();
  }

  @Test
  void doesNotFailInADryRun() {
    Invocation dryRun = call(InvocationType.DRY_RUN, REQUEST_TIMEOUT);

    assertThat(faulty(always(FaultKind.UNHANDLED)).invoke(dryRun)).isSameAs(function.answer);
    assertThat(function.calls).containsExactly(dryRun);
  }

  @Test
  void beginsLaterWithTheTimeThatIsLeft() throws Exception {
    InvocationResult answer = InvocationResult.ofStatus(202);

    CompletableFuture<InvocationResult> call =
        faulty(delay(Duration.ofMillis(20)), delay(Duration.ofMillis(30))).invoke(call());

    Invocation begun = function.calls.poll(10, TimeUnit.SECONDS);
    assertThat(begun).isNotNull();
    assertThat(begun.requestTimeout()).isEqualTo(REQUEST_TIMEOUT.minusMillis(50));
    assertThat(begun.functionName()).isEqualTo("orders");
    assertThat(call).isNotDone();
    function.answer.complete(answer);
    assertThat(result(call)).isSameAs(answer);
  }

  @Test
  void doesNotBeginIfNoTimeIsLeft() {
    Duration timeout = Duration.ofMillis(20);

    assertThat(
            failure(faulty(delay(timeout)).invoke(call(InvocationType.REQUEST_RESPONSE, timeout))))
        .isEqualTo(TIMED_OUT);
    assertThat(function.calls).isEmpty();
  }

  @Test
  void goesWrongInTheOrderOfTheFaults() {
    FaultyInvoker invoker =
        faulty(
            delay(Duration.ofMillis(1)),
            new Fault(FaultKind.UNHANDLED, 0, Duration.ZERO),
            always(FaultKind.REFUSE),
            always(FaultKind.THROTTLE));

    assertThat(failure(invoker.invoke(call()))).isEqualTo("Unable to connect to endpoint");
  }

  @Test
  void failsAsTheFunctionDoesAfterADelay() {
    CompletableFuture<InvocationResult> call = faulty(delay(Duration.ofMillis(1))).invoke(call());

    function.answer.completeExceptionally(new InvocationException("gone", null));

    assertThat(failure(call)).isEqualTo("gone");
  }

  @Test
  void cancelsWhatHasBegunAfterADelay() throws Exception {
    CompletableFuture<InvocationResult> call = faulty(delay(Duration.ofMillis(1))).invoke(call());
    assertThat(function.calls.poll(10, TimeUnit.SECONDS)).isNotNull();

    call.cancel(true);

    CompletableFuture<Void> ended = function.answer.handle((result, failure) -> null);
    ended.get(10, TimeUnit.SECONDS);
    assertThat(function.answer).isCancelled();
  }

  @Test
  void endsWhatWaitsWhenItIsClosed() {
    FaultyInvoker invoker = faulty(delay(Duration.ofSeconds(20)));
    CompletableFuture<InvocationResult> call = invoker.invoke(call());

    invoker.close();

    assertThat(failure(call)).isEqualTo("The Lambda client is shut down");
    assertThat(function.closed).isTrue();
    assertThat(function.calls).isEmpty();
  }

  @Test
  void refusesNamesThatTheServiceRefuses() {
    assertThat(failure(faulty().invoke(Calls.call("no such!", "{}"))))
        .startsWith("1 validation error detected: ");
  }

  @Test
  void failsACallThatCannotBeMadeAfterItsDelay() {
    IllegalStateException bug = new IllegalStateException("bug");
    LambdaInvoker failing =
        new LambdaInvoker() {
          @Override
          public CompletableFuture<InvocationResult> invoke(Invocation invocation) {
            throw bug;
          }

          @Override
          public void close() {}
        };
    FaultyInvoker invoker =
        new FaultyInvoker(failing, List.of(delay(Duration.ofMillis(1))), scheduler, new Random(1));

    assertThat(invoker.invoke(call()))
        .failsWithin(REQUEST_TIMEOUT)
        .withThrowableThat()
        .withCause(bug);
  }
}
