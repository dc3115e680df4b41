package dev.pglambda.intercept.direct;

import dev.pglambda.intercept.CallContext;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeAnswer;
import dev.pglambda.lambda.InvokeArguments;
import dev.pglambda.lambda.InvokeErrors;
import dev.pglambda.lambda.SqlError;
import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.SqlState;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which calls the proxy serves itself, and how: one for all sessions of a proxy. Safe for use by
 * many threads.
 */
public final class DirectCalls {
  private static final Logger log = LoggerFactory.getLogger(DirectCalls.class);

  /** Which calls are served, of those that can be. */
  public enum Mode {
    /** Where schema aws_lambda is missing, or its functions cannot call back. */
    AUTO,
    ALWAYS,
    NEVER
  }

  /**
   * Of the worker's errors those for which it does not matter what is called: no way to the proxy,
   * dblink's library or functions are gone.
   */
  private static final Set<String> CANNOT_CALL_BACK = Set.of("08001", "58P01", "42883");

  private final Mode mode;
  private final Function<InvokeArguments, CompletableFuture<InvokeAnswer>> function;

  /** The server could not call back when last it tried. */
  private volatile boolean callbackFailed;

  /**
   * @param function never blocks, and completes on any thread, never exceptionally
   */
  public DirectCalls(
      Mode mode, Function<InvokeArguments, CompletableFuture<InvokeAnswer>> function) {
    this.mode = mode;
    this.function = function;
  }

  /** None. */
  public static DirectCalls none() {
    return new DirectCalls(
        Mode.NEVER,
        arguments ->
            CompletableFuture.completedFuture(
                new InvokeAnswer.Failure(InvokeErrors.internalError())));
  }

  /** Whether any are served. */
  public boolean areServed() {
    return mode != Mode.NEVER;
  }

  /** Whether they are served in a database that has the schemas. */
  public boolean areServedIn(Schemas schemas) {
    return mode == Mode.ALWAYS || !schemas.lambda() || callbackFailed;
  }

  /** Whether they are served although the extension is installed. */
  public boolean areServedWhereInstalled() {
    return mode == Mode.ALWAYS || callbackFailed;
  }

  /**
   * Whether an error tells that the extension is not installed any more, or that its functions
   * cannot call back. In the second case the calls that follow are served here.
   */
  public boolean concerns(ErrorFields error) {
    boolean ofWorker = CallContext.isOfWorker(error);
    if (ofWorker && CANNOT_CALL_BACK.contains(String.valueOf(error.get(ErrorFields.SQLSTATE)))) {
      callbackFailed = true;
      return true;
    }
    return SqlState.INVALID_SCHEMA_NAME.equals(error.get(ErrorFields.SQLSTATE));
  }

  /** A call of the server's has come: it can call back. */
  public void calledBack() {
    callbackFailed = false;
  }

  /** What a call comes to. */
  public sealed interface Outcome permits Returned, Raised {}

  /**
   * It has returned.
   *
   * @param values of the parameters that are its result
   * @param warningBlock a statement that raises a warning; null if there is none
   */
  public record Returned(List<byte @Nullable []> values, @Nullable String warningBlock)
      implements Outcome {}

  /**
   * It has failed.
   *
   * @param raiseBlock a statement that raises the error
   */
  public record Raised(String raiseBlock) implements Outcome {}

  /**
   * Calls Lambda, at most once. Never blocks.
   *
   * @return completes on any thread, never exceptionally. Cancelling it cancels the request.
   */
  public CompletableFuture<Outcome> call(DirectInvocation.Arguments arguments) {
    if (arguments.tooLong()) {
      return CompletableFuture.completedFuture(
          raised(InvokeErrors.requestTooLong(DirectInvocation.MAX_OCTETS)));
    }
    CompletableFuture<InvokeAnswer> answer = function.apply(arguments.arguments());
    CompletableFuture<Outcome> outcome = answer.thenApply(DirectCalls::outcome);
    var unusedEnd =
        outcome.whenComplete(
            (value, failure) -> {
              if (outcome.isCancelled()) {
                answer.cancel(true);
              }
            });
    return outcome;
  }

  private static Outcome outcome(InvokeAnswer answer) {
    if (answer instanceof InvokeAnswer.Row row) {
      InvocationResult result = row.result();
      SqlError warning = row.warning();
      return new Returned(
          ResultParameters.values(
              result.statusCode(), result.payload(), result.executedVersion(), result.logResult()),
          warning == null ? null : RaiseBlock.warning(warning));
    }
    return raised(((InvokeAnswer.Failure) answer).error());
  }

  private static Raised raised(SqlError error) {
    return new Raised(RaiseBlock.error(error));
  }

  /** What a defect of the proxy's comes to. */
  public static Outcome internalError(@Nullable Throwable defect) {
    log.error("a call of aws_lambda.invoke failed in the proxy", defect);
    return raised(InvokeErrors.internalError());
  }

  /** What ends a call because the client asks for it, or because its time is over. */
  public static Outcome cancelled(boolean byTimeout) {
    return raised(
        new SqlError(
            "57014",
            "canceling statement due to " + (byTimeout ? "statement timeout" : "user request"),
            null,
            null));
  }

  /**
   * Raises what PostgreSQL answers to a Bind with a wrong number of parameters (postgres.c).
   *
   * @param statement its name
   */
  public static String wrongParameterCount(int given, String statement, int required) {
    return RaiseBlock.error(
        new SqlError(
            "08P01",
            "bind message supplies %d parameters, but prepared statement \"%s\" requires %d"
                .formatted(given, statement, required),
            null,
            null));
  }

  /** Raises what the proxy cannot hold for a call. */
  public static String outOfMemory(MemoryAccount.Refusal refusal) {
    return RaiseBlock.error(InvokeErrors.outOfMemory(refusal));
  }

  /** The same, of a result. */
  public static String outOfMemoryForReply(MemoryAccount.Refusal refusal) {
    return RaiseBlock.error(InvokeErrors.outOfMemoryForReply(refusal));
  }

  /** Raises what no portal is bound for. */
  public static String tooManyPortals() {
    return RaiseBlock.error(
        new SqlError(
            "53400",
            "too many prepared statements and portals with calls of aws_lambda.invoke",
            null,
            "Close some, or use the option --direct-calls never of pg-lambda-proxy."));
  }
}
