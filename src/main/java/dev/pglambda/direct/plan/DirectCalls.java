package dev.pglambda.direct.plan;

import dev.pglambda.config.DirectCallMode;
import dev.pglambda.direct.resolve.Overload;
import dev.pglambda.lambda.CallEvaluator;
import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.lambda.InvokeAnswer;
import dev.pglambda.lambda.InvokeErrors;
import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import dev.pglambda.relay.RaiseBlock;
import dev.pglambda.sql.ExtensionCall;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which calls the proxy serves itself, and how: one for all sessions of a proxy. Safe for use by
 * many threads.
 */
public final class DirectCalls {
  private static final Logger log = LoggerFactory.getLogger(DirectCalls.class);

  final DirectCallMode mode;
  final String schemasQuery;
  final CallbackReach reach;
  private final CallEvaluator function;
  private final Map<Overload, PermissionQuestion> questions = new EnumMap<>(Overload.class);

  /**
   * @param trusted makes, of the alias of a row of pg_roles, the condition that the role may
   *     install the extension, and that its calls are served where it is not installed
   * @param function never blocks, and completes on any thread, never exceptionally
   */
  public DirectCalls(DirectCallMode mode, UnaryOperator<String> trusted, CallEvaluator function) {
    this(mode, trusted, function, System::nanoTime);
  }

  DirectCalls(
      DirectCallMode mode,
      UnaryOperator<String> trusted,
      CallEvaluator function,
      LongSupplier nanoTime) {
    this.mode = mode;
    this.function = function;
    this.schemasQuery = InstalledSchemas.query(trusted);
    for (Overload overload : Overload.of(ExtensionCall.Function.INVOKE)) {
      questions.put(overload, PermissionQuestion.of(overload, trusted));
    }
    this.reach = new CallbackReach(nanoTime);
  }

  /** Whether any are served. */
  public boolean areServed() {
    return mode != DirectCallMode.NEVER;
  }

  /** Those of a session with a database, as the client has named it. */
  public SessionCalls in(String database) {
    return new SessionCalls(this, database);
  }

  PermissionQuestion question(Overload overload) {
    return Objects.requireNonNull(questions.get(overload));
  }

  /** What a call comes to. */
  public sealed interface CallOutcome permits Returned, Raised {}

  /** It has returned values of the parameters that are its result, and perhaps raises a warning. */
  public record Returned(List<byte @Nullable []> values, @Nullable String warningBlock)
      implements CallOutcome {}

  /** It has failed; the block raises the error. */
  public record Raised(String raiseBlock) implements CallOutcome {}

  /**
   * Calls Lambda, at most once. Never blocks; completes on any thread, never exceptionally.
   * Cancelling the future cancels the request.
   */
  public CompletableFuture<CallOutcome> call(ArgumentValues arguments, CallOrigin origin) {
    if (arguments.tooLong()) {
      return CompletableFuture.completedFuture(
          raised(InvokeErrors.requestTooLong(DirectInvocation.MAX_BYTES)));
    }
    CompletableFuture<InvokeAnswer> answer = function.call(arguments.arguments(), origin);
    CompletableFuture<CallOutcome> outcome = answer.thenApply(DirectCalls::outcome);
    var unusedEnd =
        outcome.whenComplete(
            (value, failure) -> {
              if (outcome.isCancelled()) {
                answer.cancel(true);
              }
            });
    return outcome;
  }

  private static CallOutcome outcome(InvokeAnswer answer) {
    if (answer instanceof InvokeAnswer.Row row) {
      SqlError warning = row.warning();
      return new Returned(
          ResultParameters.values(row.result()),
          warning == null ? null : RaiseBlock.warning(warning));
    }
    return raised(((InvokeAnswer.Failure) answer).error());
  }

  private static Raised raised(SqlError error) {
    return new Raised(RaiseBlock.error(error));
  }

  /** What a defect of the proxy's comes to. */
  public static CallOutcome internalError(@Nullable Throwable defect) {
    log.error("a call of aws_lambda.invoke failed in the proxy", defect);
    return raised(InvokeErrors.internalError());
  }

  /** What ends a call because the client asks for it, or because its time is over. */
  public static CallOutcome cancelled(boolean byTimeout) {
    return raised(
        new SqlError(
            SqlState.QUERY_CANCELED,
            "canceling statement due to " + (byTimeout ? "statement timeout" : "user request")));
  }

  /** Raises what PostgreSQL answers to a Bind with a wrong number of parameters (postgres.c). */
  public static String wrongParameterCount(int given, String statement, int required) {
    return RaiseBlock.error(
        new SqlError(
            SqlState.PROTOCOL_VIOLATION,
            "bind message supplies %d parameters, but prepared statement \"%s\" requires %d"
                .formatted(given, statement, required)));
  }

  /** Raises what the proxy cannot hold of a result. */
  public static String outOfMemoryForReply(MemoryAccount.Refusal refusal) {
    return RaiseBlock.error(InvokeErrors.outOfMemoryForReply(refusal));
  }

  /** Raises what no portal is bound for. */
  public static String tooManyPortals() {
    return RaiseBlock.error(
        new SqlError(
            SqlState.CONFIGURATION_LIMIT_EXCEEDED,
            "too many prepared statements and portals with calls of aws_lambda.invoke",
            null,
            "Close some, or use the option --direct-calls never of pg-lambda-proxy."));
  }
}
