package dev.pglambda.direct.flow;

import static java.util.concurrent.CompletableFuture.completedFuture;

import dev.pglambda.direct.flow.PrepareFlow.Passes;
import dev.pglambda.direct.flow.PrepareFlow.Prepared;
import dev.pglambda.direct.plan.DirectCandidate;
import dev.pglambda.direct.plan.DirectText;
import dev.pglambda.direct.plan.SessionCalls;
import dev.pglambda.intercept.ErrorPosition;
import dev.pglambda.intercept.Rewrite;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.protocol.SqlState;
import dev.pglambda.relay.ExtendedQueryPipeline;
import dev.pglambda.relay.LocalExecution.Result;
import dev.pglambda.relay.ReportedSettings;
import dev.pglambda.relay.SessionContext;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * In place of a Query with direct calls: its statements one after the other, by the extended query
 * protocol and with one Sync at the end, so that they are one transaction, as they would have been.
 */
final class SimpleQueryFlow {
  private final SessionContext context;
  private final DirectCallHandler handler;
  private final SessionCalls calls;
  private final Rewrite rewrite;
  private final DirectText text;
  private int index;

  /** How many characters of the text stand before the statement. */
  private int before;

  SimpleQueryFlow(
      SessionContext context, DirectCallHandler handler, Rewrite rewrite, DirectText text) {
    this.context = context;
    this.handler = handler;
    this.calls = handler.calls();
    this.rewrite = rewrite;
    this.text = text;
    this.before = text.charactersBefore(0);
  }

  CompletionStage<Result> run() {
    ReportedSettings settings = context.settings();
    if (!text.isDivisible(settings.inTransaction() || settings.transactionFailed())) {
      return completedFuture(Result.PASSES);
    }
    if (text.size() == 1 || settings.transactionFailed()) {
      return statement(); // perhaps one that ends the failed transaction
    }
    return new CallbackTrialFlow(context, calls)
        .run(context.pipeline())
        .thenCompose(
            schemas ->
                calls.areLeftToServer(schemas)
                    ? completedFuture(handler.passes(new Passes(true)))
                    : checkSyntax().thenCompose(checked -> statement()));
  }

  /**
   * PostgreSQL executes nothing of a text with a syntax error. It tells of one before it tells that
   * a Parse message must not have several statements.
   */
  private CompletionStage<?> checkSyntax() {
    if (context.settings().inTransaction() || !context.series().isOwnTransaction()) {
      return completedFuture(null); // the check would end it
    }
    // An error without a position is that of several statements, which are right (postgres.c).
    return context
        .pipeline()
        .onError(this::restorePosition)
        .suppressErrors(
            error ->
                SqlState.SYNTAX_ERROR.equals(error.get(ErrorFields.SQLSTATE))
                    && error.get(ErrorFields.POSITION) == null)
        .parseOwn(rewrite.text(), List.of())
        .sync()
        .send();
  }

  private CompletionStage<Result> statement() {
    DirectCandidate candidate =
        text.size() == 1 ? text.onlyCandidate() : text.candidate(index, before);
    if (candidate == null) {
      return plain();
    }
    return new PrepareFlow(context, calls, rewrite, candidate, "", List.of(), false)
        .run()
        .thenCompose(
            outcome -> {
              if (outcome instanceof Prepared ready) {
                return handler
                    .execute(new ServedPortal(ready.statement(), Bind.EMPTY), true)
                    .runOfQuery()
                    .thenCompose(this::next);
              }
              return text.size() > 1
                  ? plain() // something may have been executed
                  : completedFuture(handler.passes((Passes) outcome));
            });
  }

  private CompletionStage<Result> plain() {
    boolean late = text.sendsLate(index);
    ExtendedQueryPipeline pipeline =
        context
            .pipeline()
            .onError(restoresPositionInStatement())
            .parse("", text.statement(index), List.of())
            .bind(Bind.EMPTY, "", "", List.of(), false);
    if (late) {
      pipeline.deferRowDescription(true);
    } else {
      pipeline.forClient(true).describePortal("").forClient(false);
    }
    return next(pipeline.forClient(true).execute("", 0).forClient(false));
  }

  /** Sends what executes a statement, and goes on with the next one, if there is one. */
  private CompletionStage<Result> next(ExtendedQueryPipeline executing) {
    executing.closeStatement("");
    index++;
    if (index < text.size()) {
      before += text.charactersBefore(index);
      return executing.sendAndFlush().thenCompose(executed -> statement());
    }
    executing.forClient(true).sync().send().whenComplete(context.errors()::querySent);
    return completedFuture(Result.ANSWERED);
  }

  /** For what the statement is sent alone. */
  private Consumer<ErrorFields> restoresPositionInStatement() {
    int charactersBefore = before;
    return fields -> {
      ErrorPosition.move(fields, charactersBefore);
      restorePosition(fields);
    };
  }

  private void restorePosition(ErrorFields fields) {
    ErrorPosition.restore(fields, rewrite.spans());
  }
}
