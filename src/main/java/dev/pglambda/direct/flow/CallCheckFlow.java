package dev.pglambda.direct.flow;

import static java.util.concurrent.CompletableFuture.completedFuture;

import dev.pglambda.direct.plan.DirectPlan;
import dev.pglambda.direct.plan.ExplainOutput;
import dev.pglambda.direct.plan.PermissionQuestion;
import dev.pglambda.direct.plan.PermissionQuestion.Denial;
import dev.pglambda.direct.plan.ResultParameters;
import dev.pglambda.direct.plan.SessionCalls;
import dev.pglambda.protocol.ClientEncoding;
import dev.pglambda.relay.ExtendedQueryPipeline;
import dev.pglambda.relay.SessionContext;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Asks, before the calls of a portal are made, whether the statement would come as far as to its
 * calls, and whether the role may call. Both are asked at once.
 */
record CallCheckFlow(SessionContext context, SessionCalls calls, ServedPortal portal) {

  /**
   * What the server would do.
   *
   * @param reachesCalls whether the statement has a row, so that the calls are made
   * @param writes whether it writes, so that its rows are made before the first is sent
   */
  record Expected(boolean reachesCalls, boolean writes) {}

  private DirectPlan plan() {
    return portal.statement().plan();
  }

  /**
   * Sends the questions behind other messages; fails if the role may not call. The plan quotes
   * constants, which an encoding other than UTF8 need not have, so that it is asked for in UTF8
   * only.
   */
  CompletionStage<Expected> run(ExtendedQueryPipeline pipeline) {
    List<PermissionQuestion> questions = calls.questions(plan());
    boolean isExplained = context.settings().encoding() == ClientEncoding.UTF8;
    if (isExplained) {
      explain(pipeline);
    }
    questions.forEach(question -> pipeline.binaryQuery(question.query()));
    return pipeline
        .sendAndFlush()
        .thenCompose(
            answered -> {
              List<List<byte @Nullable []>> rows = answered.rows();
              int answers = rows.size() - questions.size();
              Expected expected =
                  isExplained ? expected(rows) : new Expected(true, plan().inserts());
              return expected.reachesCalls()
                  ? refuse(questions, rows.subList(answers, rows.size()), expected)
                  : completedFuture(expected);
            });
  }

  private void explain(ExtendedQueryPipeline pipeline) {
    List<Integer> clients = portal.statement().parameterTypes();
    boolean withResults = plan().explainsResults();
    pipeline
        .suppressNotices(true)
        .onError(CallErrors::withoutPosition)
        .parseOwn(
            ExplainOutput.EXPLAIN + plan().statementToExplain(),
            withResults ? plan().parameterTypes(clients) : clients)
        .bindOwn(
            portal.bind(),
            withResults ? ResultParameters.nulls(plan().resultParameters()) : List.of())
        .executeOwn()
        .closeOwn()
        .binaryQuery(ExplainOutput.READ_ONLY_QUERY)
        .suppressNotices(false);
  }

  /** Reads the plan, and whether the transaction is read-only: the first two rows. */
  private Expected expected(List<List<byte @Nullable []>> rows) {
    byte[] json = Objects.requireNonNull(rows.get(0).get(0));
    byte[] readOnly = Objects.requireNonNull(rows.get(1).get(0));
    boolean isReadOnly = new String(readOnly, StandardCharsets.US_ASCII).equals("on");
    ExplainOutput explained = ExplainOutput.read(json, isReadOnly, plan().createsTable());
    return new Expected(
        explained.reachesCalls() && (!plan().explainsScan() || explained.scansInvoke()),
        plan().inserts() || explained.writes());
  }

  /** If the role may not call, the server says so, in its own words if it does by itself. */
  private CompletionStage<Expected> refuse(
      List<PermissionQuestion> questions,
      List<List<byte @Nullable []>> answers,
      Expected expected) {
    Denial refusal = null;
    for (int i = 0; refusal == null && i < questions.size(); i++) {
      refusal = questions.get(i).refusal(answers.get(i));
    }
    if (refusal == null) {
      return completedFuture(expected);
    }
    context.settings().trusted(!refusal.untrusted());
    ExtendedQueryPipeline refused =
        context.pipeline().suppressNotices(true).onError(CallErrors::ofStatement);
    if (refusal.attempt() != null) {
      refused.query(refusal.attempt());
    }
    return refused.sendAndRaise(refusal.raiseBlock());
  }
}
