package dev.pglambda.journal;

import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeArguments;
import dev.pglambda.protocol.SqlError;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One call of {@code aws_lambda.invoke}, as far as it has come. Immutable.
 *
 * @param id counted from 1 since the proxy's start
 * @param arguments as SQL gave them; without the payload if that is not kept
 * @param invocation what Lambda was asked for, likewise; null if nothing was
 * @param route where it went; null: where all calls go
 * @param requestBytes length of the payload, kept or not
 * @param ending null: it has not ended
 */
public record JournalEntry(
    long id,
    Instant startedAt,
    InvokeArguments arguments,
    @Nullable Invocation invocation,
    @Nullable String route,
    CallOrigin origin,
    int requestBytes,
    @Nullable Ending ending) {

  /**
   * How a call has ended.
   *
   * @param total from the call's arrival to its answer
   * @param result what Lambda answered, without the payload if that is not kept; null if it did not
   * @param error as SQL saw it; null if there was none, also if an Event has failed later
   * @param responseBytes length of the answer's payload, kept or not
   */
  public record Ending(
      Duration total,
      Outcome outcome,
      @Nullable InvocationResult result,
      @Nullable SqlError error,
      int responseBytes) {

    /** Whether it is an Event that was accepted, and whose function has failed since. */
    public boolean hasFailedLater() {
      return outcome == Outcome.FUNCTION_ERROR && error == null;
    }

    /** The DETAIL of a function's error quotes its payload, and the log is its own text. */
    Ending withoutPayload() {
      SqlError told =
          error == null || outcome != Outcome.FUNCTION_ERROR
              ? error
              : new SqlError(error.sqlState(), error.message(), null, error.hint());
      return new Ending(
          total,
          outcome,
          result == null
              ? null
              : new InvocationResult(
                  result.statusCode(),
                  null,
                  result.executedVersion(),
                  null,
                  result.functionError(),
                  result.queued(),
                  null),
          told,
          responseBytes);
    }

    private long textBytes() {
      return (error == null ? 0 : lengths(error.message(), error.detail(), error.hint()))
          + (result == null ? 0 : lengths(result.logResult(), result.executedVersion()));
    }
  }

  /** What memory it takes besides its payloads and texts, in bytes, by estimate. */
  private static final int OVERHEAD = 1024;

  public Outcome outcome() {
    return ending == null ? Outcome.PENDING : ending.outcome();
  }

  /** The function's name as SQL gave it; empty for NULL. */
  public String functionName() {
    String name = arguments.functionName();
    return name == null ? "" : name;
  }

  /** A view of the payload of the request; null if it was NULL, or is not kept. */
  public @Nullable ByteBuffer payload() {
    ByteBuffer payload = arguments.payload();
    return payload == null ? null : payload.asReadOnlyBuffer();
  }

  /** A view of the payload of the answer; null if there was none, or it is not kept. */
  public @Nullable ByteBuffer response() {
    InvocationResult result = ending == null ? null : ending.result();
    ByteBuffer payload = result == null ? null : result.payload();
    return payload == null ? null : payload.asReadOnlyBuffer();
  }

  /**
   * The same call, an Event that was accepted, when its function has failed.
   *
   * @param run what the function answered
   * @param response its payload; null if that is not kept
   */
  JournalEntry failedLater(InvocationResult run, @Nullable ByteBuffer response) {
    return new JournalEntry(
        id,
        startedAt,
        arguments,
        invocation,
        route,
        origin,
        requestBytes,
        new Ending(
            Objects.requireNonNull(ending).total(),
            Outcome.FUNCTION_ERROR,
            new InvocationResult(
                202, response, run.executedVersion(), run.logResult(), run.functionError()),
            null,
            (int) remaining(run.payload())));
  }

  /** The same call, of which only the lengths of the payloads are kept. */
  public JournalEntry withoutPayloads() {
    return new JournalEntry(
        id,
        startedAt,
        arguments.withPayload(null),
        invocation == null ? null : invocation.withPayload(ByteBuffer.allocate(0)),
        route,
        origin,
        requestBytes,
        ending == null ? null : ending.withoutPayload());
  }

  /** What it takes of the journal's memory, in bytes. */
  public long bytes() {
    return OVERHEAD
        + held(payload())
        + held(response())
        + lengths(arguments.functionName(), arguments.arnRegion(), arguments.region())
        + lengths(arguments.invocationType(), arguments.logType(), arguments.context())
        + lengths(arguments.connectTimeoutMs(), arguments.requestTimeoutMs())
        + lengths(arguments.qualifier())
        + (invocation == null ? 0 : lengths(invocation.clientContext(), invocation.traceHeader()))
        + lengths(origin.statement(), origin.applicationName(), origin.database(), origin.role())
        + (ending == null ? 0 : ending.textBytes());
  }

  /** An array may be longer than what is used of it, by an eighth. */
  private static long held(@Nullable ByteBuffer payload) {
    return remaining(payload) + remaining(payload) / 8;
  }

  private static long remaining(@Nullable ByteBuffer buffer) {
    return buffer == null ? 0 : buffer.remaining();
  }

  private static long lengths(@Nullable String... texts) {
    long bytes = 0;
    for (String text : texts) {
      bytes += text == null ? 0 : 2L * text.length();
    }
    return bytes;
  }
}
