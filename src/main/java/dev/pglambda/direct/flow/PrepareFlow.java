package dev.pglambda.direct.flow;

import static java.util.concurrent.CompletableFuture.completedFuture;

import dev.pglambda.direct.plan.DirectAnalysis;
import dev.pglambda.direct.plan.DirectCandidate;
import dev.pglambda.direct.plan.DirectPlan;
import dev.pglambda.direct.plan.InstalledSchemas;
import dev.pglambda.direct.plan.SessionCalls;
import dev.pglambda.intercept.ErrorPosition;
import dev.pglambda.intercept.Rewrite;
import dev.pglambda.protocol.ClientEncoding;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.relay.ExtendedQueryPipeline;
import dev.pglambda.relay.PipelineReplies;
import dev.pglambda.relay.SessionContext;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * In place of a Parse, or before the execution of a Query, of a statement whose calls may be
 * executed locally:
 *
 * <pre>
 *   is it installed? ──► yes, and the functions can do it, or no, and the role is not trusted:
 *     │                  the message passes
 *     │ no
 *   what are the types of the arguments? ──► which overloads? ──► none: the error is raised
 *     │
 *   Parse and Describe of the rewritten statement
 * </pre>
 *
 * Nothing is executed in it, and no Lambda is called.
 *
 * @param name of the prepared statement; empty for a Query, whose unnamed statement it takes, too
 * @param declaredTypes object ids of types that the client declares for its parameters
 * @param isParse whether the client waits for a ParseComplete
 */
record PrepareFlow(
    SessionContext context,
    SessionCalls calls,
    Rewrite rewrite,
    DirectCandidate candidate,
    String name,
    List<Integer> declaredTypes,
    boolean isParse) {
  private static final int LONG_TEXT = 8000;
  private static final int LONG_TEXT_BEGIN = 6000;
  private static final int LONG_TEXT_END = 2000;

  sealed interface PrepareOutcome permits Prepared, Passes {}

  record Prepared(ServedStatement statement) implements PrepareOutcome {}

  /** The server can do it itself, perhaps because the extension is installed. */
  record Passes(boolean installed) implements PrepareOutcome {}

  CompletionStage<PrepareOutcome> run() {
    ExtendedQueryPipeline pipeline = context.pipeline();
    if (isParse && name.isEmpty()) {
      // Whatever becomes of the Parse, there is no other unnamed statement behind it.
      pipeline.closeStatement(name);
      context.prepared().statements().forget(name);
    }
    return new CallbackTrialFlow(context, calls)
        .run(pipeline)
        .thenCompose(
            schemas -> {
              Passes passes = passes(schemas);
              return passes == null ? prepare(schemas) : completedFuture(passes);
            });
  }

  private @Nullable Passes passes(InstalledSchemas schemas) {
    context.settings().trusted(schemas.trusted());
    if (calls.areLeftToServer(schemas)) {
      return new Passes(true);
    }
    boolean serverHasTheRightAnswer =
        candidate.invokes() ? !schemas.lambda() && !schemas.trusted() : schemas.commons();
    return serverHasTheRightAnswer ? new Passes(false) : null;
  }

  private CompletionStage<PrepareOutcome> prepare(InstalledSchemas schemas) {
    DirectAnalysis analysis = new DirectAnalysis(candidate, schemas, declaredTypes);
    return letServerCheck(schemas)
        .thenCompose(checked -> askForArgumentTypes(analysis))
        .thenCompose(
            columnTypes ->
                askAboutTypes(analysis, columnTypes)
                    .thenApply(types -> analysis.resolve(columnTypes, types)))
        .thenCompose(
            resolved ->
                resolved instanceof DirectAnalysis.RefusedCall refused
                    ? raise(refused)
                    : parse(((DirectAnalysis.Planned) resolved).plan()));
  }

  /** Where the schema exists, the server itself knows whether the calls are right and allowed. */
  private CompletionStage<?> letServerCheck(InstalledSchemas schemas) {
    return schemas.lambda()
        ? context
            .pipeline()
            .suppressNotices(true)
            .onError(this::restorePosition)
            .parseOwn(candidate.text().toString(), declaredTypes)
            .closeStatement(ExtendedQueryPipeline.OWN_NAME)
            .sendAndFlush()
        : completedFuture(null);
  }

  /** Object ids of the types of the arguments, as columns. */
  private CompletionStage<List<Integer>> askForArgumentTypes(DirectAnalysis analysis) {
    String types = analysis.argumentTypesQuery();
    return types == null
        ? completedFuture(List.of())
        : context
            .pipeline()
            .suppressNotices(true)
            .onError(this::restorePosition)
            .parseOwn(types, analysis.argumentParameterTypes())
            .describeStatement(ExtendedQueryPipeline.OWN_NAME)
            .closeStatement(ExtendedQueryPipeline.OWN_NAME)
            .sendAndFlush()
            .thenApply(PipelineReplies::columnTypes);
  }

  /** What the catalog has of types that are not known, a row for each. */
  private CompletionStage<List<List<@Nullable String>>> askAboutTypes(
      DirectAnalysis analysis, List<Integer> columnTypes) {
    String asked = columnTypes.isEmpty() ? null : analysis.askedTypes(columnTypes);
    if (asked == null) {
      return completedFuture(List.of());
    }
    List<byte @Nullable []> parameters = List.of(asked.getBytes(StandardCharsets.US_ASCII));
    return context
        .pipeline()
        .query(DirectAnalysis.TYPE_QUERY, List.of(), parameters, false)
        .sendAndFlush()
        .thenApply(types -> texts(types.rows()));
  }

  private List<List<@Nullable String>> texts(List<List<byte @Nullable []>> rows) {
    Charset charset =
        context.settings().encoding() == ClientEncoding.UTF8
            ? StandardCharsets.UTF_8
            : StandardCharsets.ISO_8859_1;
    List<List<@Nullable String>> texts = new ArrayList<>();
    for (List<byte @Nullable []> row : rows) {
      List<@Nullable String> columns = new ArrayList<>();
      row.forEach(value -> columns.add(value == null ? null : new String(value, charset)));
      texts.add(columns);
    }
    return texts;
  }

  /** The error that PostgreSQL raises where no overload fits. */
  private CompletionStage<PrepareOutcome> raise(DirectAnalysis.RefusedCall refused) {
    return context
        .pipeline()
        .onError(
            fields -> {
              fields.with(ErrorFields.CONTEXT, null);
              fields.with(ErrorFields.POSITION, Integer.toString(refused.position()));
              restorePosition(fields);
            })
        .sendAndRaise(refused.raiseBlock());
  }

  private CompletionStage<PrepareOutcome> parse(DirectPlan plan) {
    ServedStatement unprepared = served(plan, List.of());
    DirectPlan.RewrittenText unconditioned = plan.unconditioned();
    ExtendedQueryPipeline prepared = context.pipeline().needs(unprepared.bytes());
    if (unconditioned != null) {
      prepared
          .suppressNotices(true)
          .onError(fields -> unprepared.restorePosition(fields, unconditioned.spans()))
          .parseOwn(unconditioned.text(), plan.parameterTypes(declaredTypes))
          .closeStatement(ExtendedQueryPipeline.OWN_NAME)
          .suppressNotices(false);
    }
    return prepared
        .onError(unprepared::restorePosition)
        .forClient(isParse)
        .parse(name, plan.rewritten().text(), plan.parameterTypes(declaredTypes))
        .forClient(false)
        .describeStatement(name)
        .sendAndFlush()
        .thenApply(
            described -> {
              List<Integer> types = described.parameterTypes();
              return new Prepared(served(plan, types.subList(0, plan.clientParameters())));
            });
  }

  private ServedStatement served(DirectPlan plan, List<Integer> types) {
    return new ServedStatement(plan, candidate.before(), rewrite.spans(), clientText(), types);
  }

  /** Cut as the installed functions cut it. */
  private String clientText() {
    String text = rewrite.text();
    int end = text.length();
    return context
        .settings()
        .readable(
            end > LONG_TEXT
                ? text.substring(0, LONG_TEXT_BEGIN) + " ... " + text.substring(end - LONG_TEXT_END)
                : text);
  }

  private void restorePosition(ErrorFields fields) {
    ErrorPosition.move(fields, candidate.before());
    ErrorPosition.restore(fields, rewrite.spans());
  }
}
