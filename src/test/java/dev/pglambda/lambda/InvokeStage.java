package dev.pglambda.lambda;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.CallObserver.ObservedCall;
import dev.pglambda.lambda.aws.SdkPartitions;
import dev.pglambda.protocol.SqlError;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The function, in a region of its own, before an invoker that the test answers for. */
final class InvokeStage {
  static final Partitions PARTITIONS = new SdkPartitions();
  static final InvocationResult OK =
      new InvocationResult(200, json("{\"a\": 1}"), "$LATEST", null, null);

  private final FakeInvoker invoker = new FakeInvoker();
  private final InvokeFunction invoke =
      new InvokeFunction(invoker, "eu-central-1", PARTITIONS, this::observe);

  /** What the observer was told last. */
  private @Nullable InvokeAnswer observed;

  private ObservedCall observe(InvokeArguments arguments, CallOrigin origin) {
    return new ObservedCall() {
      @Override
      public void invokes(Invocation invocation, @Nullable String route) {}

      @Override
      public void ends(@Nullable InvocationResult result, InvokeAnswer answer) {
        observed = answer;
      }

      @Override
      public void isCancelled() {}
    };
  }

  InvokeAnswer observed() {
    return Objects.requireNonNull(observed);
  }

  FakeInvoker invoker() {
    return invoker;
  }

  CompletableFuture<InvokeAnswer> call(TestArguments arguments) {
    return invoke.call(arguments.build(), CallOrigin.UNKNOWN);
  }

  static ByteBuffer json(String text) {
    return ByteBuffer.wrap(text.getBytes(UTF_8));
  }

  Invocation sent(TestArguments arguments) {
    CompletableFuture<InvokeAnswer> answer = call(arguments);
    assertThat(answer).isNotDone();
    return invoker.invocation();
  }

  /** The error of a call that is refused before anything is sent. */
  SqlError refused(TestArguments arguments) {
    CompletableFuture<InvokeAnswer> answer = call(arguments);
    assertThat(invoker.invocations).isEmpty();
    return error(answer);
  }

  static SqlError error(CompletableFuture<InvokeAnswer> answer) {
    assertThat(answer).isCompletedWithValueMatching(InvokeAnswer.Failure.class::isInstance);
    return ((InvokeAnswer.Failure) answer.join()).error();
  }

  static InvokeAnswer.Row row(CompletableFuture<InvokeAnswer> answer) {
    assertThat(answer).isCompletedWithValueMatching(InvokeAnswer.Row.class::isInstance);
    return (InvokeAnswer.Row) answer.join();
  }
}
