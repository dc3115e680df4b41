package dev.pglambda.lambda;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.lambda.CallObserver.ObservedCall;
import dev.pglambda.limits.LogThrottle;
import dev.pglambda.limits.MemoryExhaustedException;
import dev.pglambda.protocol.SqlError;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What SQL's {@code aws_lambda.invoke} means: it checks the arguments, invokes the function at most
 * once, and says what becomes of the answer in SQL. Safe for use by many threads.
 */
public final class InvokeFunction implements CallEvaluator {
  /**
   * The connect time-out of calls whose session has not set {@code aws_lambda.connect_timeout_ms}.
   */
  public static final Duration DEFAULT_CONNECT_TIMEOUT =
      Duration.ofMillis(ArgumentCheck.DEFAULT_CONNECT_TIMEOUT_MS);

  private static final int LONGEST_READ = 64 << 10;

  private static final Logger log = LoggerFactory.getLogger(InvokeFunction.class);

  private final LogThrottle failures = new LogThrottle();
  private final LambdaInvoker invoker;
  private final ArgumentCheck check;
  private final CallObserver observer;

  /** The invoker is not closed by this class; the region is that of calls that name none. */
  public InvokeFunction(
      LambdaInvoker invoker, String ownRegion, Partitions partitions, CallObserver observer) {
    this.invoker = invoker;
    this.check = new ArgumentCheck(ownRegion, partitions);
    this.observer = observer;
  }

  @Override
  public CompletableFuture<InvokeAnswer> call(InvokeArguments arguments, CallOrigin origin) {
    ObservedCall observed =
        arguments.isTrial() ? ObservedCall.NONE : observer.begins(arguments, origin);
    try {
      ArgumentCheck.Checked checked = check.check(arguments);
      Invocation invocation = checked.invocation().withTraceHeader(TraceContext.header(origin));
      observed.invokes(invocation, invoker.route(invocation));
      CompletableFuture<InvocationResult> result = invoker.invoke(invocation);
      var unusedLog =
          result.whenComplete((done, failure) -> logFailure(invocation, origin, failure));
      return answer(result, String.valueOf(arguments.functionName()), checked.warning(), observed);
    } catch (InvalidArgumentException refused) {
      return ended(new InvokeAnswer.Failure(refused.error()), observed);
    } catch (RuntimeException bug) {
      return ended(internalError(bug), observed);
    }
  }

  private static CompletableFuture<InvokeAnswer> ended(InvokeAnswer answer, ObservedCall observed) {
    observed.ends(null, answer);
    return CompletableFuture.completedFuture(answer);
  }

  private void logFailure(Invocation invocation, CallOrigin origin, @Nullable Throwable failure) {
    if (failure instanceof InvocationException refused
        && log.isWarnEnabled()
        && failures.passes()) {
      log.warn(
          "Invoking {} in {} for {} failed: {}{}",
          LogThrottle.onOneLine(invocation.functionName()),
          invocation.region(),
          origin,
          LogThrottle.onOneLine(refused.reason()),
          failures.others());
    }
  }

  private static CompletableFuture<InvokeAnswer> answer(
      CompletableFuture<InvocationResult> invocation,
      String functionName,
      @Nullable SqlError warning,
      ObservedCall observed) {
    CompletableFuture<InvokeAnswer> answer =
        invocation.handle(
            (result, failure) -> {
              InvokeAnswer inSql = inSql(result, failure, functionName, warning);
              observed.ends(result, afterCast(inSql));
              return inSql;
            });
    var unusedEnd =
        answer.whenComplete(
            (row, failure) -> {
              if (answer.isCancelled()) {
                observed.isCancelled();
                invocation.cancel(true);
              }
            });
    return answer;
  }

  private static InvokeAnswer inSql(
      @Nullable InvocationResult result,
      @Nullable Throwable failure,
      String functionName,
      @Nullable SqlError warning) {
    if (result == null) {
      return failure(failure);
    }
    ByteBuffer payload = result.payload();
    String functionError = result.functionError();
    if (functionError != null) {
      return new InvokeAnswer.Failure(
          InvokeErrors.functionFailed(functionName, functionError, payload));
    }
    return payload == null || isText(Unpooled.wrappedBuffer(payload))
        ? new InvokeAnswer.Row(result, warning)
        : new InvokeAnswer.Failure(InvokeErrors.replyIsNoText());
  }

  /**
   * Whether PostgreSQL may take the bytes for text. dblink would not ask: it cuts a value at a zero
   * byte and lets anything else into the database.
   */
  private static boolean isText(ByteBuf bytes) {
    return ByteBufUtil.isText(bytes, UTF_8)
        && bytes.indexOf(bytes.readerIndex(), bytes.writerIndex(), (byte) 0) < 0;
  }

  /**
   * What SQL sees in the end: PostgreSQL itself refuses a reply that is not JSON. One that would
   * take an event loop more than some hundred microseconds to read is taken for JSON.
   */
  private static InvokeAnswer afterCast(InvokeAnswer inSql) {
    ByteBuffer payload = inSql instanceof InvokeAnswer.Row row ? row.result().payload() : null;
    return payload == null || payload.remaining() > LONGEST_READ || JsonText.isOne(payload)
        ? inSql
        : new InvokeAnswer.Failure(InvokeErrors.replyIsNoJson());
  }

  private static InvokeAnswer failure(@Nullable Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (cause instanceof MemoryExhaustedException exhausted) {
      return new InvokeAnswer.Failure(InvokeErrors.outOfMemoryForReply(exhausted.refusal()));
    }
    return cause instanceof InvocationException refused
        ? new InvokeAnswer.Failure(InvokeErrors.apiFailed(refused))
        : internalError(failure);
  }

  private static InvokeAnswer internalError(@Nullable Throwable bug) {
    log.error("aws_lambda.invoke failed inside the proxy", bug);
    return new InvokeAnswer.Failure(InvokeErrors.internalError());
  }
}
