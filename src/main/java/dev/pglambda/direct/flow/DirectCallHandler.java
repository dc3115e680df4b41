package dev.pglambda.direct.flow;

import static java.util.concurrent.CompletableFuture.completedFuture;

import dev.pglambda.direct.flow.PrepareFlow.Passes;
import dev.pglambda.direct.flow.PrepareFlow.Prepared;
import dev.pglambda.direct.plan.DirectCalls;
import dev.pglambda.direct.plan.DirectCandidate;
import dev.pglambda.direct.plan.DirectPlan;
import dev.pglambda.direct.plan.DirectText;
import dev.pglambda.direct.plan.ResultParameters;
import dev.pglambda.direct.plan.SessionCalls;
import dev.pglambda.intercept.Rewrite;
import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.BindComplete;
import dev.pglambda.protocol.BackendMessage.ParameterDescription;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.relay.ExtendedQueryPipeline;
import dev.pglambda.relay.LocalExecution;
import dev.pglambda.relay.PreparedStatements;
import dev.pglambda.relay.RaiseBlock;
import dev.pglambda.relay.ReplyListener;
import dev.pglambda.relay.ReportedSettings;
import dev.pglambda.relay.SessionContext;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Executes the direct calls of one session:
 *
 * <pre>
 *   Query ────────────────► {@link SimpleQueryFlow}: for each statement {@link PrepareFlow}, {@link ExecuteFlow}
 *   Parse ────────────────► {@link PrepareFlow}
 *   Bind, Describe ───────► here
 *   Execute ──────────────► {@link ExecuteFlow}
 * </pre>
 */
public final class DirectCallHandler implements LocalExecution {
  private final SessionContext context;
  private final PreparedStatements prepared;
  private final String database;
  private final SessionCalls calls;

  /** The text that was asked for last, until its turn comes. */
  private @Nullable Rewrite lastRewrite;

  private @Nullable DirectText lastText;
  private @Nullable ExecuteFlow executing;

  /** The schemas were there when last the server was asked. */
  private boolean installed;

  private DirectCallHandler(SessionContext context, String database, SessionCalls calls) {
    this.context = context;
    this.prepared = context.prepared();
    this.database = database;
    this.calls = calls;
  }

  /** Serves the sessions of a listener, if any calls are to be served. */
  public static LocalExecution.Provider provider(DirectCalls calls) {
    return calls.areServed()
        ? (database, context) -> new DirectCallHandler(context, database, calls.in(database))
        : Provider.NONE;
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // the same text, not an equal one
  public boolean isWanted(Rewrite text) {
    if (text.calls() == null || (installed && !calls.mayBeServedWhereInstalled())) {
      return false;
    }
    if (lastRewrite != text) {
      lastText = DirectText.of(text.calls());
      lastRewrite = lastText == null ? null : text;
    }
    return lastText != null;
  }

  /** What {@link #isWanted} has found, which is not kept. */
  private DirectText takeText() {
    DirectText text = Objects.requireNonNull(lastText);
    lastRewrite = null;
    lastText = null;
    return text;
  }

  @Override
  public CompletionStage<Result> query(Rewrite rewrite) {
    DirectText text = takeText();
    if (!context.replies().isIdle() && !context.series().isOwnTransaction()) {
      return passes(); // whether a transaction block is open is not known
    }
    return new SimpleQueryFlow(context, this, rewrite, text).run();
  }

  @Override
  public CompletionStage<Result> parse(ByteBuf message, Rewrite rewrite) {
    DirectText text = takeText();
    DirectCandidate candidate = text.size() == 1 ? text.onlyCandidate() : null; // else refused
    Parse parse = Parse.read(message, Frame.HEADER_LENGTH, message.writerIndex());
    if (parse == null
        || candidate == null
        || parse.typeOids().size() > DirectText.MAX_PARAMETERS
        || !prepared.statements().hasRoom(parse.name())) {
      return passes();
    }
    String name = parse.name();
    List<Integer> types = List.copyOf(parse.typeOids()); // without the message
    return new PrepareFlow(context, calls, rewrite, candidate, name, types, true)
        .run()
        .thenApply(outcome -> parsed(name, outcome));
  }

  private Result parsed(String name, PrepareFlow.PrepareOutcome outcome) {
    if (outcome instanceof Prepared ready) {
      long bytes = ready.statement().bytes();
      context.session().memory().take(bytes);
      prepared.statements().attach(name, ready.statement(), bytes);
      return Result.ANSWERED;
    }
    return passes((Passes) outcome);
  }

  /** The server can do it. */
  Result passes(Passes passes) {
    installed |= passes.installed();
    return Result.PASSES;
  }

  private static CompletionStage<Result> passes() {
    return completedFuture(Result.PASSES);
  }

  @Override
  public CompletionStage<Result> bind(Bind bind, int length) {
    if (!(prepared.statements().attachment(bind.statement())
        instanceof ServedStatement statement)) {
      return passes();
    }
    MemoryAccount memory = context.session().memory();
    if (!memory.reserve(length)) {
      return context.errors().raise(RaiseBlock.error(SqlError.outOfMemory(memory.refusal())));
    }
    CompletionStage<Result> refused = refuse(bind, statement.plan());
    boolean bound = refused == null && bind(new ServedPortal(statement, bind), length);
    if (!bound) {
      memory.release(length);
    }
    return refused == null ? completedFuture(Result.ANSWERED) : refused;
  }

  private @Nullable CompletionStage<Result> refuse(Bind bind, DirectPlan plan) {
    if (bind.parameters().size() != plan.clientParameters()) {
      return context
          .errors()
          .raise(
              context.pipeline().describeStatement(bind.statement()), // it may be gone
              DirectCalls.wrongParameterCount(
                  bind.parameters().size(), bind.statement(), plan.clientParameters()));
    }
    return prepared.portals().hasRoom(bind.portal())
        ? null
        : context.errors().raise(DirectCalls.tooManyPortals());
  }

  /** Returns whether the portal is bound, and holds {@code length} bytes. */
  private boolean bind(ServedPortal portal, long length) {
    Bind bind = portal.bind();
    DirectPlan plan = portal.statement().plan();
    List<byte @Nullable []> results = ResultParameters.nulls(plan.resultParameters());
    // PostgreSQL plans what CREATE TABLE AS executes when it does so.
    boolean plans = !plan.invocations().isEmpty() && !plan.createsTable();
    ExtendedQueryPipeline pipeline = context.pipeline();
    pipeline
        .onError(portal.statement()::restorePosition)
        .forClient(!plans)
        .bind(bind, bind.portal(), bind.statement(), results, false)
        .forClient(false);
    if (plans) {
      // Errors in their constants are found before the client is told that the portal is bound.
      ExecuteFlow.planArguments(pipeline, portal);
      pipeline.answeredWith(new BindComplete());
    }
    boolean bound = !pipeline.isRefused();
    pipeline.send().whenComplete(context.errors()::sent);
    if (bound) {
      prepared.portals().attach(bind.portal(), portal, length);
    }
    return bound;
  }

  @Override
  public CompletionStage<Result> describe(ByteBuf message, String name) {
    if (!(prepared.statements().attachment(name) instanceof ServedStatement statement)) {
      return passes();
    }
    int count = statement.plan().clientParameters();
    context.replies().expect(new ParameterDescriptionFilter(count), FrontendMessage.DESCRIBE);
    context.session().toServer(message.retain());
    return completedFuture(Result.ANSWERED);
  }

  @Override
  public CompletionStage<Result> execute(String name, int maxRows) {
    return prepared.portals().attachment(name) instanceof ServedPortal portal
        ? execute(portal, false).run(maxRows).thenApply(executed -> Result.ANSWERED)
        : passes();
  }

  /** What executes a portal, perhaps a Query's; a cancel request ends it from now on. */
  ExecuteFlow execute(ServedPortal portal, boolean ofQuery) {
    ExecuteFlow flow = new ExecuteFlow(context, this, portal, ofQuery);
    executing = flow;
    return flow;
  }

  /** Nothing is left to be cancelled. */
  void executed() {
    executing = null;
  }

  SessionCalls calls() {
    return calls;
  }

  /** Where the calls of a portal come from. */
  CallOrigin origin(ServedPortal portal) {
    ReportedSettings settings = context.settings();
    return new CallOrigin(
        context.session().clientAddress(),
        settings.readable(database),
        settings.role(),
        settings.applicationName(),
        settings.serverProcess(),
        portal.statement().clientText(),
        null,
        null);
  }

  /** It may tell that the extension is gone, or of no use. */
  @Override
  public void sawError(ErrorFields fields) {
    if (calls.concerns(fields)) {
      installed = false;
    }
  }

  @Override
  public boolean cancel() {
    return executing != null && executing.cancel(false);
  }

  @Override
  public void calledBack() {
    calls.calledBack();
  }

  @Override
  public void close() {
    if (executing != null) {
      executing.cancel(true);
    }
  }

  /**
   * Takes all parameters but the client's, the first ones, out of what a statement's Describe
   * tells.
   */
  private record ParameterDescriptionFilter(int count) implements ReplyListener {
    @Override
    public boolean suppresses(byte type) {
      return false;
    }

    @Override
    public boolean wants(byte type) {
      return type == BackendMessage.PARAMETER_DESCRIPTION;
    }

    @Override
    public @Nullable ByteBuf onReply(byte type, ByteBuf buffer, int index) {
      if (!wants(type)) {
        return null;
      }
      ParameterDescription description =
          (ParameterDescription) BackendMessage.read(buffer, index, Frame.length(buffer, index));
      List<Integer> types = Objects.requireNonNull(description).typeOids().subList(0, count);
      return MessageWriter.buffer(
          UnpooledByteBufAllocator.DEFAULT,
          StandardCharsets.ISO_8859_1,
          new ParameterDescription(types));
    }
  }
}
