package dev.pglambda.relay;

import dev.pglambda.intercept.ClientEncoding;
import dev.pglambda.intercept.direct.DirectCalls;
import dev.pglambda.intercept.direct.DirectInvocation;
import dev.pglambda.intercept.direct.DirectPlan;
import dev.pglambda.intercept.direct.PermissionQuestion;
import dev.pglambda.intercept.direct.PermissionQuestion.Refusal;
import dev.pglambda.intercept.direct.PlanOutline;
import dev.pglambda.intercept.direct.ResultParameters;
import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.relay.DirectRelay.Scene;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * In place of the first Execute of a portal whose calls the proxy serves, and at the end of such a
 * Query:
 *
 * <pre>
 *   for each call: the server evaluates its arguments ──► Lambda ──► failed: the error is raised
 *                                                            │
 *                             the server checks the payload ◄┘
 *   Bind with all results, Execute
 * </pre>
 */
final class DirectCallDialogue {
  /** As the guide for RDS prints it, for errors that the installed function raises. */
  private static final String CONTEXT = "SQL function \"invoke\" statement 1";

  private static final int BYTEA = 17;
  private static final int PAYLOAD = 1;

  private final Scene scene;
  private final DirectRelay relay;
  private final ServedPortal portal;
  private final DirectPlan plan;
  private final @Nullable DirectQuery query;
  private final MemoryAccount memory;
  private final List<byte @Nullable []> results = new ArrayList<>();

  /** Octets reserved for the results. */
  private long resultsReserved;

  /** Octets reserved for the arguments of a call, and the request that is made of them. */
  private long callReserved;

  private int maxRows;
  private boolean writes;

  /** Whether the statement has a row: the calls are reached. */
  private boolean conditionHolds = true;

  /** Whether a Query's client has the RowDescription, if there is one. */
  private boolean described;

  private @Nullable CompletableFuture<DirectCalls.Outcome> call;
  private @Nullable Future<?> timer;

  /**
   * @param query what it is a part of; null: an Execute
   */
  DirectCallDialogue(
      Scene scene, DirectRelay relay, ServedPortal portal, @Nullable DirectQuery query) {
    this.scene = scene;
    this.memory = scene.session().memory();
    this.relay = relay;
    this.portal = portal;
    this.plan = portal.statement().plan();
    this.query = query;
  }

  /** Goes on with a Query whose statement is prepared. */
  void query() {
    relay.calling(this);
    Exchange bound = scene.exchange().mending(portal.statement()::mend);
    List<byte @Nullable []> unknown = ResultParameters.nulls(plan.resultParameters());
    bound.bind(portal.bind(), "", "", unknown, false);
    planArguments(bound, portal);
    if (plan.invocations().isEmpty()) {
      send(bound, this::next);
    } else {
      check(bound);
    }
  }

  /** Executes the portal. */
  void execute(int mostRows) {
    relay.calling(this);
    maxRows = mostRows;
    // It may be gone, and then nothing must be called.
    check(scene.exchange().describePortal(portal.bind().portal()));
  }

  /** None of the calls is reached. */
  private void hasNoRow() {
    conditionHolds = false;
    results.addAll(ResultParameters.nulls(plan.invocations().size() * ResultParameters.COUNT));
    next();
  }

  /**
   * Has the arguments planned, for errors in constants that PostgreSQL finds when it plans a
   * statement.
   */
  static void planArguments(Exchange exchange, ServedPortal portal) {
    exchange.quiet(true).mending(DirectCallDialogue::unplaced);
    for (String statement : portal.statement().plan().statementsToPlan()) {
      exchange
          .parseOwn(statement, portal.statement().parameterTypes())
          .bind(portal.bind(), Exchange.OWN_NAME, Exchange.OWN_NAME, List.of(), true)
          .closeOwn();
    }
    exchange.quiet(false);
  }

  /**
   * Asks whether the statement would come as far as to its calls. The answer quotes constants,
   * which an encoding other than UTF8 need not have.
   */
  private void check(Exchange exchange) {
    writes = plan.inserts();
    List<PermissionQuestion> questions = scene.calls().questions(plan);
    boolean isExplained = scene.state().encoding() == ClientEncoding.UTF8;
    if (isExplained) {
      explain(exchange);
    }
    questions.forEach(question -> exchange.query(question.query(), List.of(), List.of(), true));
    send(
        exchange,
        () -> {
          List<List<byte @Nullable []>> rows = exchange.rows();
          int answers = rows.size() - questions.size();
          Refusal refusal = refusal(questions, rows.subList(answers, rows.size()));
          if (isExplained && !reachesCalls(rows.subList(0, answers))) {
            hasNoRow();
          } else if (refusal != null) {
            refuse(refusal);
          } else {
            next();
          }
        });
  }

  private static @Nullable Refusal refusal(
      List<PermissionQuestion> questions, List<List<byte @Nullable []>> answers) {
    Refusal refusal = null;
    for (int i = 0; refusal == null && i < questions.size(); i++) {
      refusal = questions.get(i).refusal(answers.get(i));
    }
    return refusal;
  }

  /** The server refuses, in its own words if it does by itself. */
  private void refuse(Refusal refusal) {
    scene.state().trusted(!refusal.untrusted());
    Exchange refused = scene.exchange().quiet(true).mending(DirectCallDialogue::ofStatement);
    if (refusal.attempt() != null) {
      refused.query(refusal.attempt(), List.of(), List.of(), false);
    }
    send(refused.query(refusal.raiseBlock(), List.of(), List.of(), false), () -> {});
  }

  private static void ofStatement(ErrorFields fields) {
    fields.with(ErrorFields.POSITION, null).with(ErrorFields.CONTEXT, null);
  }

  private void explain(Exchange exchange) {
    List<Integer> clients = portal.statement().parameterTypes();
    boolean withResults = plan.explainsResults();
    exchange
        .quiet(true)
        .mending(DirectCallDialogue::unplaced)
        .parseOwn(
            PlanOutline.EXPLAIN + plan.statementToExplain(),
            withResults ? plan.parameterTypes(clients) : clients)
        .bind(
            portal.bind(),
            Exchange.OWN_NAME,
            Exchange.OWN_NAME,
            withResults ? ResultParameters.nulls(plan.resultParameters()) : List.of(),
            true)
        .execute(Exchange.OWN_NAME, 0)
        .closeOwn()
        .query(PlanOutline.READ_ONLY_QUERY, List.of(), List.of(), true)
        .quiet(false);
  }

  /** Reads the plan, and whether the transaction is read-only. */
  private boolean reachesCalls(List<List<byte @Nullable []>> rows) {
    byte[] json = Objects.requireNonNull(rows.get(0).get(0));
    byte[] readOnly = Objects.requireNonNull(rows.get(1).get(0));
    boolean isReadOnly = new String(readOnly, StandardCharsets.US_ASCII).equals("on");
    PlanOutline outline = PlanOutline.read(json, isReadOnly, plan.createsTable());
    writes |= outline.writes();
    return outline.reachesCalls() && (!plan.explainsScan() || outline.scansInvoke());
  }

  /**
   * A Query's RowDescription comes before the rows are made, but for a statement that writes, which
   * is done before anything is sent.
   */
  private Exchange exchange() {
    Exchange exchange = scene.exchange();
    if (query != null && !writes && !described) {
      described = true;
      exchange
          .mending(portal.statement()::mend)
          .forClient(true)
          .describePortal("")
          .forClient(false);
    }
    return exchange;
  }

  private void next() {
    int made = results.size() / ResultParameters.COUNT;
    if (made == plan.invocations().size()) {
      finish(exchange());
      return;
    }
    DirectInvocation invocation = plan.invocations().get(made);
    Exchange evaluated =
        exchange()
            .mending(DirectCallDialogue::unplaced)
            .quiet(true)
            .parseOwn(invocation.argumentsQuery(), portal.statement().parameterTypes())
            .bind(portal.bind(), Exchange.OWN_NAME, Exchange.OWN_NAME, List.of(), true)
            .quiet(false)
            .execute(Exchange.OWN_NAME, 0)
            .closeOwn();
    send(
        evaluated,
        () -> {
          callReserved += evaluated.keepRows();
          evaluated(invocation, evaluated.rows());
        });
  }

  private static void unplaced(ErrorFields fields) {
    fields.with(ErrorFields.POSITION, null);
  }

  private void evaluated(DirectInvocation invocation, List<List<byte @Nullable []>> rows) {
    if (rows.isEmpty()) {
      releaseCall();
      hasNoRow(); // the first query of them tells
      return;
    }
    DirectInvocation.Arguments arguments = invocation.read(rows.get(0));
    byte[] composite = arguments.compositeText();
    if (composite == null) {
      call(invocation, arguments);
      return;
    }
    Exchange taken =
        scene
            .exchange()
            .mending(DirectCallDialogue::inFunction)
            .query(DirectInvocation.COMPOSITE_QUERY, List.of(BYTEA), List.of(composite), true);
    send(taken, () -> call(invocation, arguments.with(taken.rows().get(0))));
  }

  private void call(DirectInvocation invocation, DirectInvocation.Arguments arguments) {
    // One copy is the request's, one is the socket's.
    long copies = callReserved > MemoryBudget.SMALL ? 2 * callReserved : 0;
    if (!memory.reserve(copies)) {
      raise(new DirectCalls.Raised(DirectCalls.outOfMemory(memory.refusal())));
      return;
    }
    callReserved += copies;
    CompletableFuture<DirectCalls.Outcome> started = scene.calls().call(arguments);
    call = started;
    double seconds = arguments.statementTimeout();
    if (seconds > 0) {
      timer = scene.session().schedule(() -> timedOut(invocation), Math.round(seconds * 1000));
    }
    var unused =
        started.whenComplete(
            (outcome, failure) ->
                scene
                    .session()
                    .execute(
                        () -> {
                          if (call == started) {
                            returned(
                                invocation,
                                outcome == null ? DirectCalls.internalError(failure) : outcome);
                          }
                        }));
  }

  private void timedOut(DirectInvocation invocation) {
    if (stopCall()) {
      returned(invocation, DirectCalls.cancelled(true));
    }
  }

  /**
   * Ends a call that is under way.
   *
   * @param silently whether there is nobody to be told of it
   * @return whether there was one
   */
  boolean cancel(boolean silently) {
    if (!stopCall()) {
      return false;
    }
    if (!silently) {
      raise((DirectCalls.Raised) DirectCalls.cancelled(false));
    }
    return true;
  }

  private boolean stopCall() {
    CompletableFuture<DirectCalls.Outcome> stopped = call;
    if (stopped == null) {
      return false;
    }
    call = null;
    stopTimer();
    releaseCall();
    stopped.cancel(true);
    return true;
  }

  private void stopTimer() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }

  private void returned(DirectInvocation invocation, DirectCalls.Outcome outcome) {
    call = null;
    stopTimer();
    releaseCall();
    if (outcome instanceof DirectCalls.Raised raised) {
      raise(raised);
    } else if (outcome instanceof DirectCalls.Returned row) {
      if (!memory.reserve(octets(row))) {
        raise(new DirectCalls.Raised(DirectCalls.outOfMemoryForReply(memory.refusal())));
        return;
      }
      resultsReserved += octets(row);
      results.addAll(row.values());
      Exchange checked = checks(invocation, row);
      if (results.size() == plan.invocations().size() * ResultParameters.COUNT) {
        finish(checked);
      } else {
        send(checked, this::next);
      }
    }
  }

  private static long octets(DirectCalls.Returned row) {
    long octets = 0;
    for (byte[] value : row.values()) {
      octets += value == null ? 0 : value.length;
    }
    return octets;
  }

  private void releaseCall() {
    memory.release(callReserved);
    callReserved = 0;
  }

  private void releaseResults() {
    memory.release(resultsReserved);
    resultsReserved = 0;
  }

  private void raise(DirectCalls.Raised raised) {
    send(
        scene
            .exchange()
            .mending(DirectCallDialogue::asFunction)
            .query(raised.raiseBlock(), List.of(), List.of(), false),
        () -> {});
  }

  /** What the function does beside returning: it warns, and fails if the payload is not JSON. */
  private Exchange checks(DirectInvocation invocation, DirectCalls.Returned row) {
    Exchange checks = scene.exchange();
    if (row.warningBlock() != null) {
      checks
          .mending(DirectCallDialogue::asFunction)
          .query(row.warningBlock(), List.of(), List.of(), false);
    }
    List<byte @Nullable []> payload = new ArrayList<>();
    payload.add(row.values().get(PAYLOAD));
    return checks
        .mending(DirectCallDialogue::inFunction)
        .query(invocation.payloadCheck(), List.of(BYTEA), payload, true);
  }

  /** Nothing is left to be asked: the client's next messages can follow. */
  private void finish(Exchange exchange) {
    sendResults(exchange);
    releaseResults(); // what is on its way is the exchange's
  }

  private void sendResults(Exchange exchange) {
    String name = portal.bind().portal();
    exchange.mending(portal.statement()::mend);
    List<byte @Nullable []> values = plan.values(results, conditionHolds);
    if (query != null) {
      relay.calling(null);
      query.executed(
          exchange
              .bind(portal.bind(), "", "", values, false)
              .describeLate(writes)
              .forClient(true)
              .execute("", 0)
              .forClient(false));
      return;
    }
    exchange
        .closePortal(name)
        .bind(portal.bind(), name, portal.bind().statement(), values, false)
        .forClient(true)
        .execute(name, maxRows);
    boolean refused = exchange.isRefused();
    exchange.send(scene.session(), scene.replies(), false, () -> {}, relay::leftBehind);
    if (!refused) { // else the portal is still there, without results
      scene.prepared().forgetPortal(name);
    }
    relay.done();
  }

  private void send(Exchange exchange, Runnable then) {
    exchange.send(scene.session(), scene.replies(), true, then, this::failed);
  }

  private void failed() {
    releaseCall();
    releaseResults();
    if (query == null) {
      relay.failed();
    } else {
      query.failed();
    }
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
                .filter(line -> !line.contains(Exchange.OWN_NAME))
                .map(line -> line + "\n")
                .collect(Collectors.joining());
    fields.with(ErrorFields.POSITION, null).with(ErrorFields.CONTEXT, own + CONTEXT);
  }
}
