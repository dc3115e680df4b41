package dev.pglambda.lambda.canned;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.LogType;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** Calls of functions, and what became of them. */
final class Calls {
  static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(30);

  private Calls() {}

  static Invocation call(String name, String payload) {
    return call(name, payload, InvocationType.REQUEST_RESPONSE, REQUEST_TIMEOUT);
  }

  static Invocation call(
      String name, String payload, InvocationType type, Duration requestTimeout) {
    return new Invocation(
        name,
        "eu-west-1",
        type,
        LogType.TAIL,
        null,
        null,
        ByteBuffer.wrap(payload.getBytes(UTF_8)),
        Duration.ofSeconds(1),
        requestTimeout);
  }

  static InvocationResult result(CompletableFuture<InvocationResult> call) throws Exception {
    return call.get(10, TimeUnit.SECONDS);
  }

  static String text(InvocationResult result) {
    assertThat(result.payload()).isNotNull();
    return UTF_8.decode(result.payload().duplicate()).toString();
  }

  static String failure(CompletableFuture<InvocationResult> call) {
    Throwable thrown = catchThrowable(() -> result(call));
    assertThat(thrown).isInstanceOf(ExecutionException.class);
    assertThat(thrown.getCause()).isInstanceOf(InvocationException.class);
    return String.valueOf(thrown.getCause().getMessage());
  }
}
