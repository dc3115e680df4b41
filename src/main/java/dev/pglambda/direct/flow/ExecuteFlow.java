package dev.pglambda.direct.flow;

import static java.util.concurrent.CompletableFuture.completedFuture;

import dev.pglambda.direct.plan.ArgumentValues;
import dev.pglambda.direct.plan.DirectCalls;
import dev.pglambda.direct.plan.DirectCalls.CallOutcome;
import dev.pglambda.direct.plan.DirectCalls.Raised;
import dev.pglambda.direct.plan.DirectCalls.Returned;
import dev.pglambda.direct.plan.DirectInvocation;
import dev.pglambda.direct.plan.DirectPlan;
import dev.pglambda.direct.plan.ResultParameters;
import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.TypeOid;
import dev.pglambda.relay.ExtendedQueryPipeline;
import dev.pglambda.relay.RaiseBlock;
import dev.pglambda.relay.SessionContext;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * In place of the first Execute of a portal with direct calls, and at the end of such a statement
 * of a Query:
 *
 * <pre>
 *   would the calls be reached, and may the role call?
 *   for each call: the server evaluates its arguments ──► Lambda ──► failed: the error is raised
 *                                                            │
 *                             the server checks the payload ◄┘
 *   Bind with all results, Execute
 * </pre>
 */
final class ExecuteFlow {
  private static final int PAYLOAD = 1;

  private final SessionContext context;
  private final DirectCallHandler handler;
  private final ServedPortal portal;
  private final DirectPlan plan;
  private final boolean ofQuery;
  private final MemoryAccount memory;
  private final List<byte @Nullable []> results = new ArrayList<>();
  private long resultsReserved;

  /** Bytes reserved for the arguments of a call, and the request that is made of them. */
  private long callReserved;

  private boolean writes;

  /** Whether the statement has a row: the calls are reached. */
  private boolean conditionHolds = true;

  /** Whether a Query's client has the RowDescription, if there is one. */
  private boolean described;

  private @Nullable TimedCall call;

  /** For a portal, perhaps the unnamed one of a Query. */
  ExecuteFlow(
      SessionContext context, DirectCallHandler handler, ServedPortal portal, boolean ofQuery) {
    this.context = context;
    this.memory = context.session().memory();
    this.handler = handler;
    this.portal = portal;
    this.plan = portal.statement().plan();
    this.ofQuery = ofQuery;
  }

  /** Executes the portal; what executes it is on its way when the stage completes. */
  CompletionStage<?> run(int maxRows) {
    // It may be gone, and then nothing must be called.
    ExtendedQueryPipeline begin = context.pipeline().describePortal(portal.bind().portal());
    return check(begin)
        .thenCompose(expected -> makeCalls())
        .thenAccept(pipeline -> execute(pipeline, maxRows))
        .whenComplete((executed, error) -> release());
  }

  /** Executes a statement of a Query that is prepared, up to what executes it, to be sent. */
  CompletionStage<ExtendedQueryPipeline> runOfQuery() {
    ExtendedQueryPipeline bound = context.pipeline().onError(portal.statement()::restorePosition);
    List<byte @Nullable []> unknown = ResultParameters.nulls(plan.resultParameters());
    bound.bind(portal.bind(), "", "", unknown, false);
    planArguments(bound, portal);
    CompletionStage<?> checked = plan.invocations().isEmpty() ? bound.sendAndFlush() : check(bound);
    return checked
        .thenCompose(done -> makeCalls())
        .thenApply(this::executeUnnamed)
        .whenComplete((executed, error) -> release());
  }

  /**
   * Has the arguments planned, for errors in constants that PostgreSQL finds when it plans a
   * statement.
   */
  static void planArguments(ExtendedQueryPipeline pipeline, ServedPortal portal) {
    pipeline.suppressNotices(true).onError(CallErrors::withoutPosition);
    for (String statement : portal.statement().plan().statementsToPlan()) {
      pipeline
          .parseOwn(statement, portal.statement().parameterTypes())
          .bindOwn(portal.bind(), List.of())
          .closeOwn();
    }
    pipeline.suppressNotices(false);
  }

  private CompletionStage<?> check(ExtendedQueryPipeline pipeline) {
    return new CallCheckFlow(context, handler.calls(), portal)
        .run(pipeline)
        .thenAccept(
            expected -> {
              writes = expected.writes();
              if (!expected.reachesCalls()) {
                hasNoRow();
              }
            });
  }

  private void hasNoRow() {
    conditionHolds = false;
    results.addAll(ResultParameters.nulls(plan.invocations().size() * ResultParameters.COUNT));
  }

  // ---- the calls

  /**
   * Makes the calls that were not made yet, one after the other; returns what the server must do
   * before the statement is executed, to be sent with it.
   */
  private CompletionStage<ExtendedQueryPipeline> makeCalls() {
    int made = results.size() / ResultParameters.COUNT;
    if (made == plan.invocations().size()) {
      return completedFuture(describing());
    }
    DirectInvocation invocation = plan.invocations().get(made);
    return evaluate(invocation)
        .thenCompose(
            row -> {
              if (row == null) { // the first query of them tells
                hasNoRow();
                return makeCalls();
              }
              return takeApart(invocation.read(row))
                  .thenCompose(this::call)
                  .thenCompose(outcome -> use(invocation, outcome));
            });
  }

  /**
   * A Query's RowDescription comes before the rows are made, but for a statement that writes, which
   * is done before anything is sent.
   */
  private ExtendedQueryPipeline describing() {
    ExtendedQueryPipeline pipeline = context.pipeline();
    if (ofQuery && !writes && !described) {
      described = true;
      pipeline
          .onError(portal.statement()::restorePosition)
          .forClient(true)
          .describePortal("")
          .forClient(false);
    }
    return pipeline;
  }

  /** The arguments' row; null if the statement has none. */
  private CompletionStage<@Nullable List<byte @Nullable []>> evaluate(DirectInvocation invocation) {
    return describing()
        .onError(CallErrors::withoutPosition)
        .suppressNotices(true)
        .parseOwn(invocation.argumentsQuery(), portal.statement().parameterTypes())
        .bindOwn(portal.bind(), List.of())
        .suppressNotices(false)
        .executeOwn()
        .closeOwn()
        .sendAndFlush()
        .thenApply(
            evaluated -> {
              callReserved += evaluated.keepRows();
              if (evaluated.rows().isEmpty()) {
                releaseCall();
                return null;
              }
              return evaluated.rows().get(0);
            });
  }

  /** The server reads the composite of a function's name and region. */
  private CompletionStage<ArgumentValues> takeApart(ArgumentValues arguments) {
    byte[] composite = arguments.compositeText();
    return composite == null
        ? completedFuture(arguments)
        : context
            .pipeline()
            .onError(CallErrors::inFunction)
            .query(
                DirectInvocation.COMPOSITE_QUERY, List.of(TypeOid.BYTEA), List.of(composite), true)
            .sendAndFlush()
            .thenApply(taken -> arguments.with(taken.rows().get(0)));
  }

  private CompletionStage<CallOutcome> call(ArgumentValues arguments) {
    // One copy is the request's, one is the socket's.
    long copies = callReserved > MemoryBudget.SMALL ? 2 * callReserved : 0;
    if (!memory.reserve(copies)) {
      return completedFuture(new Raised(RaiseBlock.error(SqlError.outOfMemory(memory.refusal()))));
    }
    callReserved += copies;
    call = new TimedCall(context.session(), handler.calls(), arguments, handler.origin(portal));
    return call.outcome()
        .thenApply(
            outcome -> {
              call = null;
              releaseCall();
              return outcome;
            });
  }

  /**
   * Ends a call that is under way, perhaps silently: there is nobody to be told; false if there was
   * none.
   */
  boolean cancel(boolean silently) {
    if (call == null) {
      return false;
    }
    if (silently) {
      call.abandon();
      call = null;
      release();
    } else {
      call.cancel();
    }
    return true;
  }

  /** The next calls are made, unless this one has failed. */
  private CompletionStage<ExtendedQueryPipeline> use(
      DirectInvocation invocation, CallOutcome outcome) {
    if (outcome instanceof Raised raised) {
      return context.pipeline().onError(CallErrors::asFunction).sendAndRaise(raised.raiseBlock());
    }
    Returned row = (Returned) outcome;
    long bytes = DataRow.length(row.values());
    if (!memory.reserve(bytes)) {
      return use(invocation, new Raised(DirectCalls.outOfMemoryForReply(memory.refusal())));
    }
    resultsReserved += bytes;
    results.addAll(row.values());
    ExtendedQueryPipeline checks = checks(invocation, row);
    return results.size() == plan.invocations().size() * ResultParameters.COUNT
        ? completedFuture(checks)
        : checks.sendAndFlush().thenCompose(checked -> makeCalls());
  }

  /** What the function does beside returning: it warns, and fails if the payload is not JSON. */
  private ExtendedQueryPipeline checks(DirectInvocation invocation, Returned row) {
    ExtendedQueryPipeline checks = context.pipeline();
    if (row.warningBlock() != null) {
      checks.onError(CallErrors::asFunction).query(row.warningBlock());
    }
    List<byte @Nullable []> payload = new ArrayList<>();
    payload.add(row.values().get(PAYLOAD));
    return checks
        .onError(CallErrors::inFunction)
        .query(invocation.payloadCheck(), List.of(TypeOid.BYTEA), payload, true);
  }

  // ---- the execution: nothing is left to be asked, and the client's next messages can follow

  private ExtendedQueryPipeline executeUnnamed(ExtendedQueryPipeline pipeline) {
    return pipeline
        .onError(portal.statement()::restorePosition)
        .bind(portal.bind(), "", "", plan.values(results, conditionHolds), false)
        .deferRowDescription(writes)
        .forClient(true)
        .execute("", 0)
        .forClient(false);
  }

  private void execute(ExtendedQueryPipeline pipeline, int maxRows) {
    String name = portal.bind().portal();
    List<byte @Nullable []> values = plan.values(results, conditionHolds);
    pipeline
        .onError(portal.statement()::restorePosition)
        .closePortal(name)
        .bind(portal.bind(), name, portal.bind().statement(), values, false)
        .forClient(true)
        .execute(name, maxRows);
    boolean refused = pipeline.isRefused();
    pipeline.send().whenComplete(context.errors()::sent);
    if (!refused) { // else the portal is still there, without results
      context.prepared().portals().forget(name);
    }
  }

  private void releaseCall() {
    memory.release(callReserved);
    callReserved = 0;
  }

  /** What is on its way to the server is the pipeline's. */
  private void release() {
    handler.executed();
    releaseCall();
    memory.release(resultsReserved);
    resultsReserved = 0;
  }
}
