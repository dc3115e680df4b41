package dev.pglambda.direct.plan;

import dev.pglambda.config.DirectCallMode;
import dev.pglambda.direct.plan.DirectCalls.CallOutcome;
import dev.pglambda.direct.resolve.Overload;
import dev.pglambda.intercept.WorkerContext;
import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.SqlState;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What is served of one session's calls. Used on the session's event loop, but for {@link
 * #calledBack}.
 *
 * <p>That the server cannot call back is found out by a call of the proxy's own. An error that
 * looks like it, whose text any user can write, is only the reason to try.
 */
public final class SessionCalls {
  /**
   * Of the worker's errors those for which it does not matter what is called: no way to the proxy,
   * dblink's library or functions are gone.
   */
  private static final Set<String> CANNOT_CALL_BACK =
      Set.of(
          SqlState.SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
          SqlState.UNDEFINED_FILE,
          SqlState.UNDEFINED_FUNCTION);

  private final DirectCalls calls;
  private final String database;
  private final AtomicInteger callbacks = new AtomicInteger();

  /** An error has looked as if the server could not call back. */
  private boolean suspicious;

  private int callbacksBefore;

  SessionCalls(DirectCalls calls, String database) {
    this.calls = calls;
    this.database = database;
  }

  /** Has one row, to be in binary format, which {@link InstalledSchemas#read} reads. */
  public String schemasQuery() {
    return calls.schemasQuery;
  }

  /** Whether the extension is installed, and its functions are to do it. */
  public boolean areLeftToServer(InstalledSchemas schemas) {
    return schemas.lambda()
        && calls.mode != DirectCallMode.ALWAYS
        && !calls.reach.isUnreachable(database);
  }

  /** Whether they may be served although the extension is installed. */
  public boolean mayBeServedWhereInstalled() {
    return calls.mode == DirectCallMode.ALWAYS || suspicious || calls.reach.isUnreachable(database);
  }

  /** For each function that a statement calls, the question whether the role may. */
  public List<PermissionQuestion> questions(DirectPlan plan) {
    return plan.invocations().stream()
        .map(DirectInvocation::overload)
        .distinct()
        .map(calls::question)
        .toList();
  }

  /**
   * Whether an error tells that the extension is not installed any more, or that its functions
   * cannot call back.
   */
  public boolean concerns(ErrorFields error) {
    String sqlState = String.valueOf(error.get(ErrorFields.SQLSTATE));
    if (CANNOT_CALL_BACK.contains(sqlState) && WorkerContext.isOfWorker(error)) {
      suspicious = true;
      return true;
    }
    return SqlState.INVALID_SCHEMA_NAME.equals(sqlState);
  }

  /** Whether it is to be tried whether the server can call back. */
  public boolean isCallbackToBeTried() {
    return calls.mode == DirectCallMode.AUTO && (suspicious || calls.reach.isToBeTried(database));
  }

  /** The question whether the role may make the call by which that is tried. */
  public PermissionQuestion trialQuestion() {
    return calls.question(Overload.INVOKE_NAME_JSON);
  }

  /** Whether it is to be tried now: not if another session does. */
  public boolean beginTrial() {
    callbacksBefore = callbacks.get();
    return calls.reach.beginTrying(database) || suspicious;
  }

  /** It was tried; the call was answered as only the proxy does, perhaps another one, or not. */
  public void endTrial(boolean answered) {
    suspicious = false;
    if (answered || callbacks.get() != callbacksBefore) {
      calls.reach.calledBack(database);
    } else {
      calls.reach.cannotCallBack(database);
    }
  }

  /** A call of the server's for this session has come. Any thread. */
  public void calledBack() {
    callbacks.incrementAndGet();
    calls.reach.calledBack(database);
  }

  /** See {@link DirectCalls#call}. */
  public CompletableFuture<CallOutcome> call(ArgumentValues arguments, CallOrigin origin) {
    return calls.call(arguments, origin);
  }
}
