package dev.pglambda.direct.flow;

import static java.util.concurrent.CompletableFuture.completedFuture;

import dev.pglambda.direct.plan.CallbackTrial;
import dev.pglambda.direct.plan.InstalledSchemas;
import dev.pglambda.direct.plan.PermissionQuestion;
import dev.pglambda.direct.plan.SessionCalls;
import dev.pglambda.relay.ExtendedQueryPipeline;
import dev.pglambda.relay.PipelineReplies;
import dev.pglambda.relay.SessionContext;
import java.util.concurrent.CompletionStage;

/**
 * Asks, before a statement with calls is looked at, which schemas are installed; and finds out
 * whether the server can call back to the proxy, if there is doubt and the role may call:
 *
 * <pre>
 *   may the role? ──► the server calls ──► did the call come?
 * </pre>
 */
record CallbackTrialFlow(SessionContext context, SessionCalls calls) {

  /** Asks behind other messages; returns the schemas, whatever was found out. */
  CompletionStage<InstalledSchemas> run(ExtendedQueryPipeline pipeline) {
    return pipeline
        .binaryQuery(calls.schemasQuery())
        .sendAndFlush()
        .thenApply(asked -> InstalledSchemas.read(asked.rows().get(0)))
        .thenCompose(this::tryCallback);
  }

  private CompletionStage<InstalledSchemas> tryCallback(InstalledSchemas schemas) {
    if (!schemas.lambda() || !calls.isCallbackToBeTried()) {
      return completedFuture(schemas);
    }
    return askWhetherPossible()
        .thenCompose(possible -> possible && calls.beginTrial() ? call() : completedFuture(null))
        .thenApply(tried -> schemas);
  }

  private CompletionStage<Boolean> askWhetherPossible() {
    PermissionQuestion question = calls.trialQuestion();
    return context
        .pipeline()
        .binaryQuery(question.query())
        .binaryQuery(CallbackTrial.POSSIBLE)
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
        .onError(CallErrors::withoutContext)
        .query(CallbackTrial.BLOCK)
        .query(CallbackTrial.OUTCOME)
        .sendAndFlush()
        .whenComplete(
            (tried, error) -> {
              if (error == null) {
                calls.endTrial(CallbackTrial.wasAnswered(tried.rows().get(0)));
              }
            });
  }
}
