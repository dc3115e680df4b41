package dev.pglambda.direct.flow;

import static java.util.concurrent.CompletableFuture.completedFuture;

import dev.pglambda.direct.plan.InstalledSchemas;
import dev.pglambda.direct.plan.PermissionQuestion;
import dev.pglambda.direct.plan.SessionCalls;
import dev.pglambda.lambda.InvokeArguments;
import dev.pglambda.protocol.SqlState;
import dev.pglambda.relay.ExtendedQueryPipeline;
import dev.pglambda.relay.PipelineReplies;
import dev.pglambda.relay.SessionContext;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Asks, before a statement with calls is looked at, which schemas are installed; and finds out
 * whether the server can call back to the proxy, if there is doubt and the role may call. For that
 * the server is made to call without a function's name, which the proxy refuses, in a
 * subtransaction:
 *
 * <pre>
 *   may the role? ──► the server calls ──► did the call come?
 * </pre>
 */
record CallbackTrialFlow(SessionContext context, SessionCalls calls) {
  /** Whether the block can be executed; one row of a boolean in binary format. */
  private static final String POSSIBLE =
      "SELECT pg_catalog.has_language_privilege('plpgsql', 'USAGE')"
          + " AND pg_catalog.current_setting('transaction_read_only')"
          + " OPERATOR(pg_catalog.=) 'off'";

  /**
   * Makes the call, to the address that the session began with. The subtransaction is rolled back
   * in any case, and with it what is set there.
   */
  private static final String BLOCK =
      "DO $pglambda$BEGIN SET LOCAL pglambda.callback TO DEFAULT;"
          + " PERFORM aws_lambda.invoke(NULL::pg_catalog.text, NULL::pg_catalog.json,"
          + " qualifier => '"
          + InvokeArguments.TRIAL
          + "');"
          + " RAISE EXCEPTION USING ERRCODE = 'ZL002';"
          + " EXCEPTION WHEN OTHERS THEN"
          + " PERFORM pg_catalog.set_config('pglambda.trial', SQLSTATE, true); END$pglambda$";

  /** What it came to, which is forgotten then; one row of a text. */
  private static final String OUTCOME =
      "SELECT pg_catalog.current_setting('pglambda.trial', true),"
          + " pg_catalog.set_config('pglambda.trial', '', true)";

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
        .binaryQuery(POSSIBLE)
        .sendAndFlush()
        .thenApply(
            asked ->
                question.refusal(asked.rows().get(0)) == null
                    && InstalledSchemas.isTrue(asked.rows().get(1).get(0)));
  }

  private CompletionStage<PipelineReplies> call() {
    return context
        .pipeline()
        .suppressNotices(true)
        .onError(CallErrors::withoutContext)
        .query(BLOCK)
        .query(OUTCOME)
        .sendAndFlush()
        .whenComplete(
            (tried, error) -> {
              if (error == null) {
                calls.endTrial(wasAnswered(tried.rows().get(0)));
              }
            });
  }

  /** Whether the row of {@link #OUTCOME} tells that the proxy has answered, which refuses. */
  private static boolean wasAnswered(List<byte @Nullable []> row) {
    byte[] sqlState = row.get(0);
    return sqlState != null
        && new String(sqlState, StandardCharsets.US_ASCII).equals(SqlState.NULL_VALUE_NOT_ALLOWED);
  }
}
