package dev.pglambda.lambda;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What the Invoke API answered to an {@link Invocation} it accepted.
 *
 * @param statusCode HTTP status: 200, 202 (Event) or 204 (DryRun)
 * @param payload response body, byte for byte; null if it was empty
 * @param executedVersion version that ran, for example {@code $LATEST}; null if the endpoint did
 *     not say
 * @param logResult last 4 KB of the log in base64; null unless {@link LogType#TAIL} was asked for
 *     and given
 * @param functionError {@code Unhandled} or {@code Handled} if the function itself failed (the
 *     payload then describes the error), else null
 * @param queued how long it waited in the proxy until it was sent or run
 * @param run of an Event: completes when its function has ended, with what that answered last, or
 *     not at all; null if nobody will know
 */
public record InvocationResult(
    int statusCode,
    @Nullable ByteBuffer payload,
    @Nullable String executedVersion,
    @Nullable String logResult,
    @Nullable String functionError,
    Duration queued,
    @Nullable CompletableFuture<InvocationResult> run) {

  /** An answer to who has not waited. */
  public InvocationResult(
      int statusCode,
      @Nullable ByteBuffer payload,
      @Nullable String executedVersion,
      @Nullable String logResult,
      @Nullable String functionError) {
    this(statusCode, payload, executedVersion, logResult, functionError, Duration.ZERO, null);
  }

  /** The same answer with another payload. */
  public InvocationResult withPayload(@Nullable ByteBuffer other) {
    return new InvocationResult(
        statusCode, other, executedVersion, logResult, functionError, queued, run);
  }

  /** The same answer for who does not want to know how the function ends. */
  public InvocationResult withoutRun() {
    return new InvocationResult(
        statusCode, payload, executedVersion, logResult, functionError, queued, null);
  }

  /** The same answer, which waited so long. */
  public InvocationResult withQueued(Duration waited) {
    return new InvocationResult(
        statusCode, payload, executedVersion, logResult, functionError, waited, run);
  }

  /** An answer without a payload: 202 to an Event, 204 to a dry run. */
  public static InvocationResult ofStatus(int statusCode) {
    return new InvocationResult(statusCode, null, null, null, null);
  }

  /** The answer to an Event, which is accepted. */
  public static InvocationResult ofEvent(CompletableFuture<InvocationResult> run) {
    return new InvocationResult(202, null, null, null, null, Duration.ZERO, run);
  }
}
