package dev.pglambda.direct.plan;

import dev.pglambda.direct.recognize.DirectCall;
import dev.pglambda.direct.recognize.DirectStatement.Condition;
import dev.pglambda.direct.resolve.Overload;
import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import dev.pglambda.protocol.TypeOid;
import dev.pglambda.sql.ExtensionCall;
import dev.pglambda.sql.Replacement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a statement's calls are served: the statement that is executed in its place, whose additional
 * parameters are the results, and what is sent before to evaluate the arguments.
 *
 * @param rewritten the statement to execute
 * @param withOwnCondition the same, but with the client's own condition; null if there is none
 * @param clientParameters how many parameters the client's own statement has: the first ones
 * @param invocations the calls of Lambda, in the order in which they are made
 * @param firstWord the key word that the statement begins with, in lower case
 * @param isTarget whether the calls stand in the target list
 * @param original the client's own statement where the extension is installed; null elsewhere
 */
public record DirectPlan(
    RewrittenText rewritten,
    @Nullable RewrittenText withOwnCondition,
    int clientParameters,
    List<DirectInvocation> invocations,
    String firstWord,
    boolean isTarget,
    @Nullable String original) {

  /** {@code CASE} evaluates no more than it needs, as plans and constants are made, too. */
  private static final String UNLESS_KNOWN = "CASE WHEN $%1$d IS NULL THEN (";

  private static final String UNLESS_KNOWN_END = ") ELSE $%1$d END";

  /** A statement, one {@code char} per byte, and what was replaced in it, by ascending position. */
  public record RewrittenText(String text, List<ReplacedSpan> spans) {
    private static RewrittenText of(DirectCandidate candidate, List<Replacement> replacements) {
      String original = candidate.text().toString();
      return new RewrittenText(
          Replacement.splice(original, replacements),
          ReplacedSpan.within(original, replacements, candidate.encoding()));
    }
  }

  /** Makes the plan for calls that were resolved. */
  static DirectPlan of(
      DirectCandidate candidate,
      InstalledSchemas schemas,
      List<ResolvedCall> calls,
      int clientParameters) {
    List<Replacement> replacements = new ArrayList<>();
    List<DirectInvocation> invocations = new ArrayList<>();
    int parameter = clientParameters + 1;
    for (ResolvedCall call : calls) {
      CallRewriter rewriter = new CallRewriter(call, parameter);
      replacements.addAll(rewriter.replacements());
      parameter += rewriter.invocations() * ResultParameters.COUNT;
      for (int i = 0; i < rewriter.invocations(); i++) {
        // Behind the first one it is known whether there is a row.
        String tail = invocations.isEmpty() ? candidate.tail() : "";
        invocations.add(DirectInvocation.of(candidate, schemas, call, tail));
      }
    }
    RewrittenText text = RewrittenText.of(candidate, replacements);
    Condition condition = invocations.isEmpty() ? null : candidate.statement().condition();
    RewrittenText withOwnCondition = null;
    if (condition != null) {
      withOwnCondition = text;
      replacements.add(inserted(condition.start(), UNLESS_KNOWN.formatted(parameter)));
      replacements.add(inserted(condition.end(), UNLESS_KNOWN_END.formatted(parameter)));
      text = RewrittenText.of(candidate, replacements);
    }
    return new DirectPlan(
        text,
        withOwnCondition,
        clientParameters,
        List.copyOf(invocations),
        candidate.firstWord(),
        candidate.isTarget(),
        schemas.lambda() ? candidate.text().toString() : null);
  }

  private static Replacement inserted(int at, String what) {
    return new Replacement(at, at, what);
  }

  /**
   * The statement with the client's own condition, which PostgreSQL is to parse for the errors in
   * it; null if it has parsed that already, or there is none.
   */
  public @Nullable RewrittenText unconditioned() {
    return original == null ? withOwnCondition : null;
  }

  /**
   * Statements that PostgreSQL is to plan, with the client's parameters, when a portal is bound,
   * for the errors that it finds then: in constants, and, where the extension is installed, missing
   * privileges.
   */
  public List<String> statementsToPlan() {
    return original != null
        ? List.of(original)
        : invocations.stream().map(DirectInvocation::argumentsQuery).toList();
  }

  /** The statement that is to be explained before the calls are made. */
  public String statementToExplain() {
    return original == null ? rewritten.text() : original;
  }

  /** Whether that one has the parameters for the results, too. */
  public boolean explainsResults() {
    return original == null;
  }

  /** Whether the one that is to be explained has the client's own call in FROM. */
  public boolean explainsScan() {
    return original != null && !isTarget;
  }

  /** Whether it is CREATE TABLE AS. */
  public boolean createsTable() {
    return firstWord.equals("create");
  }

  /** Whether it is an INSERT that does not begin with WITH. */
  public boolean inserts() {
    return firstWord.equals("insert");
  }

  /** How many more the statement has: the results of the calls, and whether its condition holds. */
  public int resultParameters() {
    return invocations.size() * ResultParameters.COUNT + (withOwnCondition == null ? 0 : 1);
  }

  /** The values of those: the calls' results, and whether there is a row. */
  public List<byte @Nullable []> values(List<byte @Nullable []> results, boolean conditionHolds) {
    List<byte @Nullable []> values = new ArrayList<>(results);
    if (withOwnCondition != null) {
      values.add(new byte[] {(byte) (conditionHolds ? 1 : 0)});
    }
    return values;
  }

  /** Object ids of all parameters' types; the client perhaps declares fewer than it has. */
  public List<Integer> parameterTypes(List<Integer> clients) {
    List<Integer> types = new ArrayList<>(clients);
    while (types.size() < clientParameters) {
      types.add(0);
    }
    for (int i = 0; i < invocations.size(); i++) {
      types.addAll(ResultParameters.TYPES);
    }
    if (withOwnCondition != null) {
      types.add(TypeOid.BOOL);
    }
    return types;
  }

  /**
   * A call to be replaced.
   *
   * @param call where it stands
   * @param overload what it means
   * @param arguments its values, by parameter
   * @param leaves the expressions in it, in the order in which they stand, and what each is cast to
   * @param arn the values of {@code create_lambda_function_arn} that is its first argument, by
   *     parameter; empty if it is not
   */
  record ResolvedCall(
      DirectCall call,
      Overload overload,
      Map<Integer, ArgumentExpression> arguments,
      Map<ArgumentExpression, String> leaves,
      Map<Integer, ArgumentExpression> arn) {

    ExtensionCall.Function function() {
      return call.call().function();
    }
  }
}
