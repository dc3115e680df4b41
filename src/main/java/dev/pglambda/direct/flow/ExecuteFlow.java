package dev.pglambda.direct.flow;

import dev.pglambda.direct.plan.ArgumentValues;
import dev.pglambda.direct.plan.DirectCalls;
import dev.pglambda.direct.plan.DirectCalls.CallOutcome;
import dev.pglambda.direct.plan.DirectCalls.Raised;
import dev.pglambda.direct.plan.DirectCalls.Returned;
import dev.pglambda.direct.plan.DirectInvocation;
import dev.pglambda.direct.plan.DirectPlan;
import dev.pglambda.direct.plan.ExplainOutput;
import dev.pglambda.direct.plan.PermissionQuestion;
import dev.pglambda.direct.plan.PermissionQuestion.Denial;
import dev.pglambda.direct.plan.ResultParameters;
import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.ClientEncoding;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.TypeOid;
import dev.pglambda.relay.ExtendedQueryPipeline;
import dev.pglambda.relay.SessionContext;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
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
  /** As the guide for RDS prints it, for errors that the installed function raises. */
  private static final String CONTEXT = "SQL function \"invoke\" statement 1";

  private static final int PAYLOAD = 1;

  private final SessionContext context;
  private final DirectCallHandler handler;
  private final ServedPortal portal;
  private final DirectPlan plan;
  private final boolean ofQuery;
  private final MemoryAccount memory;
  private final List<byte @Nullable []> results = new ArrayList<>();

  /** Bytes reserved for the results. */
  private long resultsReserved;

  /** Bytes reserved for the arguments of a call, and the request that is made of them. */
  private long callReserved;

  private boolean writes;

  /** Whether the statement has a row: the calls are reached. */
  private boolean conditionHolds = true;

  /** Whether a Query's client has the RowDescription, if there is one. */
  private boolean described;

  /** The call that is under way. */
  private @Nullable TimedCall call;

  /** A call of Lambda, and what goes on with its outcome. */
  private record TimedCall(
      CompletableFuture<CallOutcome> request,
      CompletableFuture<CallOutcome> outcome,
      @Nullable Future<?> timer) {}

  /**
   * @param ofQuery whether it is the unnamed portal of a Query
   */
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
        .thenCompose(checked -> makeCalls())
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

  // ---- would the calls be reached?

  /**
   * Has the arguments planned, for errors in constants that PostgreSQL finds when it plans a
   * statement.
   */
  static void planArguments(ExtendedQueryPipeline pipeline, ServedPortal portal) {
    pipeline.suppressNotices(true).onError(ExecuteFlow::withoutPosition);
    for (String statement : portal.statement().plan().statementsToPlan()) {
      pipeline
          .parseOwn(statement, portal.statement().parameterTypes())
          .bind(
              portal.bind(),
              ExtendedQueryPipeline.OWN_NAME,
              ExtendedQueryPipeline.OWN_NAME,
              List.of(),
              true)
          .closeOwn();
    }
    pipeline.suppressNotices(false);
  }

  /**
   * Asks whether the statement would come as far as to its calls, and whether the role may call.
   * The plan quotes constants, which an encoding other than UTF8 need not have.
   */
  private CompletionStage<?> check(ExtendedQueryPipeline pipeline) {
    writes = plan.inserts();
    List<PermissionQuestion> questions = handler.calls().questions(plan);
    boolean isExplained = context.settings().encoding() == ClientEncoding.UTF8;
    if (isExplained) {
      explain(pipeline);
    }
    questions.forEach(question -> pipeline.query(question.query(), List.of(), List.of(), true));
    return pipeline
        .sendAndFlush()
        .thenCompose(
            answered -> {
              List<List<byte @Nullable []>> rows = answered.rows();
              int answers = rows.size() - questions.size();
              if (isExplained && !reachesCalls(rows.subList(0, answers))) {
                hasNoRow();
                return CompletableFuture.completedFuture(null);
              }
              Denial refusal = refusal(questions, rows.subList(answers, rows.size()));
              return refusal == null ? CompletableFuture.completedFuture(null) : refuse(refusal);
            });
  }

  private void explain(ExtendedQueryPipeline pipeline) {
    List<Integer> clients = portal.statement().parameterTypes();
    boolean withResults = plan.explainsResults();
    pipeline
        .suppressNotices(true)
        .onError(ExecuteFlow::withoutPosition)
        .parseOwn(
            ExplainOutput.EXPLAIN + plan.statementToExplain(),
            withResults ? plan.parameterTypes(clients) : clients)
        .bind(
            portal.bind(),
            ExtendedQueryPipeline.OWN_NAME,
            ExtendedQueryPipeline.OWN_NAME,
            withResults ? ResultParameters.nulls(plan.resultParameters()) : List.of(),
            true)
        .execute(ExtendedQueryPipeline.OWN_NAME, 0)
        .closeOwn()
        .query(ExplainOutput.READ_ONLY_QUERY, List.of(), List.of(), true)
        .suppressNotices(false);
  }

  /** Reads the plan, and whether the transaction is read-only. */
  private boolean reachesCalls(List<List<byte @Nullable []>> rows) {
    byte[] json = Objects.requireNonNull(rows.get(0).get(0));
    byte[] readOnly = Objects.requireNonNull(rows.get(1).get(0));
    boolean isReadOnly = new String(readOnly, StandardCharsets.US_ASCII).equals("on");
    ExplainOutput explained = ExplainOutput.read(json, isReadOnly, plan.createsTable());
    writes |= explained.writes();
    return explained.reachesCalls() && (!plan.explainsScan() || explained.scansInvoke());
  }

  /** None of the calls is reached. */
  private void hasNoRow() {
    conditionHolds = false;
    results.addAll(ResultParameters.nulls(plan.invocations().size() * ResultParameters.COUNT));
  }

  private static @Nullable Denial refusal(
      List<PermissionQuestion> questions, List<List<byte @Nullable []>> answers) {
    Denial refusal = null;
    for (int i = 0; refusal == null && i < questions.size(); i++) {
      refusal = questions.get(i).refusal(answers.get(i));
    }
    return refusal;
  }

  /** The server refuses, in its own words if it does by itself. */
  private CompletionStage<ExtendedQueryPipeline> refuse(Denial refusal) {
    context.settings().trusted(!refusal.untrusted());
    ExtendedQueryPipeline refused =
        context.pipeline().suppressNotices(true).onError(ExecuteFlow::ofStatement);
    if (refusal.attempt() != null) {
      refused.query(refusal.attempt(), List.of(), List.of(), false);
    }
    return raise(refused, refusal.raiseBlock());
  }

  /** Raises an error, so that the stage fails. */
  private static <T> CompletionStage<T> raise(ExtendedQueryPipeline pipeline, String raiseBlock) {
    return pipeline
        .query(raiseBlock, List.of(), List.of(), false)
        .sendAndFlush()
        .thenApply(
            raised -> {
              throw new IllegalArgumentException("the server has raised no error");
            });
  }

  // ---- the calls

  /**
   * Makes the calls that were not made yet, one after the other.
   *
   * @return what the server must do before the statement is executed, to be sent with it
   */
  private CompletionStage<ExtendedQueryPipeline> makeCalls() {
    int made = results.size() / ResultParameters.COUNT;
    if (made == plan.invocations().size()) {
      return CompletableFuture.completedFuture(describing());
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
        .onError(ExecuteFlow::withoutPosition)
        .suppressNotices(true)
        .parseOwn(invocation.argumentsQuery(), portal.statement().parameterTypes())
        .bind(
            portal.bind(),
            ExtendedQueryPipeline.OWN_NAME,
            ExtendedQueryPipeline.OWN_NAME,
            List.of(),
            true)
        .suppressNotices(false)
        .execute(ExtendedQueryPipeline.OWN_NAME, 0)
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
        ? CompletableFuture.completedFuture(arguments)
        : context
            .pipeline()
            .onError(ExecuteFlow::inFunction)
            .query(
                DirectInvocation.COMPOSITE_QUERY, List.of(TypeOid.BYTEA), List.of(composite), true)
            .sendAndFlush()
            .thenApply(taken -> arguments.with(taken.rows().get(0)));
  }

  private CompletionStage<CallOutcome> call(ArgumentValues arguments) {
    // One copy is the request's, one is the socket's.
    long copies = callReserved > MemoryBudget.SMALL ? 2 * callReserved : 0;
    if (!memory.reserve(copies)) {
      return CompletableFuture.completedFuture(
          new Raised(DirectCalls.outOfMemory(memory.refusal())));
    }
    callReserved += copies;
    CompletableFuture<CallOutcome> request =
        handler.calls().call(arguments, new CallOrigin(context.session().clientAddress()));
    CompletableFuture<CallOutcome> outcome = new CompletableFuture<>();
    double seconds = arguments.statementTimeout();
    Future<?> timer =
        seconds > 0
            ? context
                .session()
                .schedule(() -> stop(DirectCalls.cancelled(true)), Math.round(seconds * 1000))
            : null;
    call = new TimedCall(request, outcome, timer);
    var unused =
        request.whenComplete(
            (result, failure) ->
                context
                    .session()
                    .execute(
                        () -> {
                          if (call != null && call.outcome() == outcome) {
                            end(result == null ? DirectCalls.internalError(failure) : result);
                          }
                        }));
    return outcome;
  }

  /**
   * Ends a call that is under way.
   *
   * @param silently whether there is nobody to be told of it
   * @return whether there was one
   */
  boolean cancel(boolean silently) {
    if (call == null) {
      return false;
    }
    if (!silently) {
      stop(DirectCalls.cancelled(false));
      return true;
    }
    stopTimer(call);
    call.request().cancel(true);
    call = null;
    release();
    return true;
  }

  private void stop(CallOutcome outcome) {
    if (call != null) {
      CompletableFuture<CallOutcome> request = call.request();
      end(outcome);
      request.cancel(true);
    }
  }

  private void end(CallOutcome outcome) {
    TimedCall ended = Objects.requireNonNull(call);
    call = null;
    stopTimer(ended);
    releaseCall();
    ended.outcome().complete(outcome);
  }

  private static void stopTimer(TimedCall call) {
    if (call.timer() != null) {
      call.timer().cancel(false);
    }
  }

  /** The next calls are made, unless this one has failed. */
  private CompletionStage<ExtendedQueryPipeline> use(
      DirectInvocation invocation, CallOutcome outcome) {
    if (outcome instanceof Raised raised) {
      return raise(context.pipeline().onError(ExecuteFlow::asFunction), raised.raiseBlock());
    }
    Returned row = (Returned) outcome;
    if (!memory.reserve(bytes(row))) {
      return use(invocation, new Raised(DirectCalls.outOfMemoryForReply(memory.refusal())));
    }
    resultsReserved += bytes(row);
    results.addAll(row.values());
    ExtendedQueryPipeline checks = checks(invocation, row);
    return results.size() == plan.invocations().size() * ResultParameters.COUNT
        ? CompletableFuture.completedFuture(checks)
        : checks.sendAndFlush().thenCompose(checked -> makeCalls());
  }

  private static long bytes(Returned row) {
    long bytes = 0;
    for (byte[] value : row.values()) {
      bytes += value == null ? 0 : value.length;
    }
    return bytes;
  }

  /** What the function does beside returning: it warns, and fails if the payload is not JSON. */
  private ExtendedQueryPipeline checks(DirectInvocation invocation, Returned row) {
    ExtendedQueryPipeline checks = context.pipeline();
    if (row.warningBlock() != null) {
      checks
          .onError(ExecuteFlow::asFunction)
          .query(row.warningBlock(), List.of(), List.of(), false);
    }
    List<byte @Nullable []> payload = new ArrayList<>();
    payload.add(row.values().get(PAYLOAD));
    return checks
        .onError(ExecuteFlow::inFunction)
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
      context.prepared().forgetPortal(name);
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

  // ---- errors

  private static void withoutPosition(ErrorFields fields) {
    fields.with(ErrorFields.POSITION, null);
  }

  private static void ofStatement(ErrorFields fields) {
    fields.with(ErrorFields.POSITION, null).with(ErrorFields.CONTEXT, null);
  }

  /** What a block of the proxy's raises comes from the function. */
  private static void asFunction(ErrorFields fields) {
    fields.with(ErrorFields.POSITION, null).with(ErrorFields.CONTEXT, CONTEXT);
  }

  /** What the server raises while it does the function's work. */
  private static void inFunction(ErrorFields fields) {
    String context = fields.get(ErrorFields.CONTEXT);
    String own =
        context == null
            ? ""
            : context
                .lines()
                .filter(line -> !line.contains(ExtendedQueryPipeline.OWN_NAME))
                .map(line -> line + "\n")
                .collect(Collectors.joining());
    fields.with(ErrorFields.POSITION, null).with(ErrorFields.CONTEXT, own + CONTEXT);
  }
}
