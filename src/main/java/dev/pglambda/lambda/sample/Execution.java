package dev.pglambda.lambda.sample;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pglambda.lambda.ExecutionLog;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.InvocationResult;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** One run of a sample function. */
final class Execution {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final CompletableFuture<InvocationResult> result = new CompletableFuture<>();
  private final long startedAt = System.nanoTime();
  private final String version;
  private final boolean wantsLog;
  private final ExecutionLog log;

  /** Starts a version of the function. */
  public Execution(SampleFunction function, Invocation invocation, String version) {
    this.version = version;
    this.wantsLog = invocation.wantsLog();
    this.log = new ExecutionLog(UUID.randomUUID().toString(), version);
    CompletableFuture<ByteBuffer> reply =
        function.handler().run(invocation.payload().duplicate(), log::info);
    var unusedEnd = result.whenComplete((done, failure) -> reply.cancel(true));
    var unusedReply =
        reply.whenComplete(
            (payload, failure) -> {
              if (!result.isDone()) {
                result.complete(
                    failure == null
                        ? finished(payload, null)
                        : finished(thrown(failure), "Unhandled"));
              }
            });
  }

  /** What the Invoke API answers; cancelling it ends the function. */
  public CompletableFuture<InvocationResult> result() {
    return result;
  }

  /** Ends the function, unless it is at its end. */
  public void fail(InvocationException failure) {
    result.completeExceptionally(failure);
  }

  private InvocationResult finished(ByteBuffer payload, @Nullable String functionError) {
    log.end(Duration.ofNanos(System.nanoTime() - startedAt));
    String tail = wantsLog ? log.tail() : null;
    return new InvocationResult(200, payload, version, tail, functionError);
  }

  /** The reply that the runtime for Node.js makes of an error. */
  private ByteBuffer thrown(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    String type = cause instanceof SampleFunction.Thrown error ? error.errorType() : "Error";
    String message = String.valueOf(cause == null ? null : cause.getMessage());
    ObjectNode reply = JSON.createObjectNode();
    reply.put("errorType", type);
    reply.put("errorMessage", message);
    reply
        .putArray("trace")
        .add(type + ": " + message)
        .add("    at Runtime.handler (file:///var/task/index.mjs:2:9)")
        .add("    at Runtime.handleOnceNonStreaming (file:///var/runtime/index.mjs:1306:29)");
    try {
      byte[] text = JSON.writeValueAsBytes(reply);
      log.error(new String(text, UTF_8));
      return ByteBuffer.wrap(text);
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
