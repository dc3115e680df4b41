package dev.pglambda.direct.flow;

import dev.pglambda.direct.plan.CallbackTrial;
import dev.pglambda.direct.plan.InstalledSchemas;
import dev.pglambda.direct.plan.PermissionQuestion;
import dev.pglambda.direct.plan.SessionCalls;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.relay.PipelineReplies;
import dev.pglambda.relay.SessionContext;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Finds out, before a statement with calls is looked at, whether the server can call back to the
 * proxy, if there is doubt and the role may call:
 *
 * <pre>
 *   may the role? ──► the server calls ──► did the call come?
 * </pre>
 */
final class CallbackTrialFlow {
  private final SessionContext context;
  private final SessionCalls calls;

  CallbackTrialFlow(SessionContext context, SessionCalls calls) {
    this.context = context;
    this.calls = calls;
  }

  /**
   * Tries it if that is due.
   *
   * @return the schemas, whatever was found out
   */
  CompletionStage<InstalledSchemas> run(InstalledSchemas schemas) {
    if (!schemas.lambda() || !calls.isCallbackToBeTried()) {
      return CompletableFuture.completedFuture(schemas);
    }
    return askWhetherPossible()
        .thenCompose(
            possible ->
                possible && calls.beginTrial() ? call() : CompletableFuture.completedFuture(null))
        .thenApply(tried -> schemas);
  }

  private CompletionStage<Boolean> askWhetherPossible() {
    PermissionQuestion question = calls.trialQuestion();
    return context
        .pipeline()
        .query(question.query(), List.of(), List.of(), true)
        .query(CallbackTrial.POSSIBLE, List.of(), List.of(), true)
        .sendAndFlush()
        .thenApply(
            asked ->
                question.refusal(asked.rows().get(0)) == null
                    && CallbackTrial.isPossible(asked.rows().get(1)));
  }

  private CompletionStage<PipelineReplies> call() {
    return context
        .pipeline()
        .suppressNotices(true)
        .onError(fields -> fields.with(ErrorFields.CONTEXT, null))
        .query(CallbackTrial.BLOCK, List.of(), List.of(), false)
        .query(CallbackTrial.OUTCOME, List.of(), List.of(), false)
        .sendAndFlush()
        .whenComplete(
            (tried, error) -> {
              if (error == null) {
                calls.endTrial(CallbackTrial.wasAnswered(tried.rows().get(0)));
              }
            });
  }
}
