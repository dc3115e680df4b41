package dev.pglambda.intercept.direct;

import dev.pglambda.intercept.ErrorPosition;
import dev.pglambda.intercept.Rewrite.RewrittenStatement;
import dev.pglambda.sql.DirectCall;
import dev.pglambda.sql.FunctionCall;
import dev.pglambda.sql.Replacement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a statement's calls are served: the statement that is executed in its place, whose additional
 * parameters are the results, and what is sent before to evaluate the arguments. Immutable.
 */
public final class DirectPlan {
  private final String text;
  private final List<RewrittenStatement> rewritten;
  private final int clientParameters;
  private final List<DirectInvocation> invocations;
  private final String firstWord;
  private final @Nullable String original;

  private DirectPlan(
      String text,
      List<RewrittenStatement> rewritten,
      int clientParameters,
      List<DirectInvocation> invocations,
      String firstWord,
      @Nullable String original) {
    this.original = original;
    this.firstWord = firstWord;
    this.text = text;
    this.rewritten = rewritten;
    this.clientParameters = clientParameters;
    this.invocations = invocations;
  }

  /**
   * Makes the plan.
   *
   * @param calls to replace, with their arguments, as they were resolved
   * @param clientParameters how many parameters the client's statement has
   */
  static DirectPlan of(
      DirectCandidate candidate, Schemas schemas, List<ResolvedCall> calls, int clientParameters) {
    List<Replacement> replacements = new ArrayList<>();
    List<DirectInvocation> invocations = new ArrayList<>();
    int parameter = clientParameters + 1;
    for (ResolvedCall call : calls) {
      CallRewriter rewriter = new CallRewriter(candidate.text(), call, parameter);
      replacements.addAll(rewriter.replacements());
      parameter += rewriter.invocations() * ResultParameters.COUNT;
      DirectInvocation invocation = DirectInvocation.of(candidate, schemas, call);
      for (int i = 0; i < rewriter.invocations(); i++) {
        invocations.add(invocation);
      }
    }
    return new DirectPlan(
        Replacement.splice(candidate.text(), replacements),
        RewrittenStatement.within(candidate.text(), replacements, candidate.encoding()),
        clientParameters,
        List.copyOf(invocations),
        candidate.firstWord(),
        schemas.lambda() ? candidate.text() : null);
  }

  /** The statement to execute, one {@code char} per byte. */
  public String text() {
    return text;
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
    return original == null ? text : original;
  }

  /** Whether that one has the parameters for the results, too. */
  public boolean explainsResults() {
    return original == null;
  }

  /** Whether it is CREATE TABLE AS. */
  public boolean createsTable() {
    return firstWord.equals("create");
  }

  /** Whether it is an INSERT that does not begin with WITH. */
  public boolean inserts() {
    return firstWord.equals("insert");
  }

  /** How many parameters the client's own statement has: the first ones of {@link #text()}. */
  public int clientParameters() {
    return clientParameters;
  }

  /** How many more it has: the results of the calls. */
  public int resultParameters() {
    return invocations.size() * ResultParameters.COUNT;
  }

  /** The calls of Lambda, in the order in which they are made. */
  public List<DirectInvocation> invocations() {
    return invocations;
  }

  /**
   * Object ids of all parameters' types.
   *
   * @param clients as the client declared them, perhaps fewer than it has
   */
  public List<Integer> parameterTypes(List<Integer> clients) {
    List<Integer> types = new ArrayList<>(clients);
    while (types.size() < clientParameters) {
      types.add(0);
    }
    for (int i = 0; i < invocations.size(); i++) {
      types.addAll(ResultParameters.TYPES);
    }
    return types;
  }

  /** What was replaced, by ascending position; for {@link ErrorPosition}. */
  public List<RewrittenStatement> rewritten() {
    return rewritten;
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
      Map<Integer, Leaf> arguments,
      Map<Leaf, String> leaves,
      Map<Integer, Leaf> arn) {

    FunctionCall.Function function() {
      return call.call().function();
    }
  }
}
