package dev.pglambda.direct.recognize;

import dev.pglambda.direct.recognize.DirectStatement.Condition;
import dev.pglambda.sql.ExtensionCall;
import dev.pglambda.sql.SqlText;
import dev.pglambda.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the statements whose calls of the extensions' functions the proxy can serve itself:
 *
 * <ul>
 *   <li>those with a call of {@code aws_lambda.invoke} as the first item of their FROM (see {@link
 *       DirectFrom});
 *   <li>those without FROM that have calls in their target list (see {@link DirectTargets});
 * </ul>
 *
 * either with {@code aws_commons.create_lambda_function_arn} as the call's first argument. A
 * statement with a call anywhere else is none of them. The cost is linear in the length of the
 * text.
 */
public final class DirectStatements {
  private final SqlText text;

  private DirectStatements(SqlText text) {
    this.text = text;
  }

  /**
   * The statements at the top level of a text, in order; none if PostgreSQL would refuse it for its
   * brackets, or for ending within a statement.
   */
  public static List<DirectStatement> find(SqlText text) {
    return text.calls().isEmpty() || !text.isComplete()
        ? List.of()
        : new DirectStatements(text).find();
  }

  private List<DirectStatement> find() {
    List<ExtensionCall> calls = text.calls();
    List<Statement> statements = text.statements();
    List<DirectStatement> found = new ArrayList<>();
    int call = 0;
    for (int index = 0; index < statements.size(); index++) {
      Statement statement = statements.get(index);
      int first = call;
      while (call < calls.size() && calls.get(call).start() < statement.end()) {
        call++;
      }
      DirectStatement direct =
          first == call ? null : recognise(index, statement, calls.subList(first, call));
      if (direct != null) {
        found.add(direct);
      }
    }
    return List.copyOf(found);
  }

  private @Nullable DirectStatement recognise(
      int index, Statement statement, List<ExtensionCall> ofStatement) {
    Map<Integer, ExtensionCall> byStart = new HashMap<>();
    ofStatement.forEach(call -> byStart.put(call.start(), call));
    DirectArguments arguments = new DirectArguments(text, byStart);
    List<DirectCall> direct;
    int tail = statement.end();
    Condition condition = null;
    DirectCall from = new DirectFrom(cursor(statement, byStart), arguments).find();
    if (from != null) {
      direct = List.of(from);
    } else {
      DirectTargets targets = new DirectTargets(cursor(statement, byStart), arguments);
      direct = List.copyOf(targets.find());
      tail = targets.tail();
      condition = targets.condition();
    }
    int parameters = parameters(statement);
    return parameters >= 0 && served(direct, arguments) == ofStatement.size()
        ? new DirectStatement(
            index, statement.start(), statement.end(), parameters, tail, condition, direct)
        : null;
  }

  /** How many calls are served; none if one has an argument that is no expression. */
  private static int served(List<DirectCall> direct, DirectArguments arguments) {
    int served = 0;
    for (DirectCall each : direct) {
      ExtensionCall arn = each.arn();
      if (arn != null && !arguments.areExpressions(arn)) {
        return 0;
      }
      served += arn == null ? 1 : 2;
    }
    return served;
  }

  /** The highest number of a parameter, or -1 if one is larger than any that PostgreSQL has. */
  private int parameters(Statement statement) {
    Set<Integer> numbers = text.lexer(statement).parameters();
    return numbers.contains(-1) ? -1 : numbers.stream().max(Integer::compare).orElse(0);
  }

  private TopLevelCursor cursor(Statement statement, Map<Integer, ExtensionCall> byStart) {
    return new TopLevelCursor(text, statement.start(), statement.end(), byStart);
  }
}
