package dev.pglambda.direct.plan;

import dev.pglambda.direct.plan.DirectPlan.ResolvedCall;
import dev.pglambda.sql.ExtensionCall.Function;
import dev.pglambda.sql.Replacement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What stands in a call's place.
 *
 * <pre>
 * FROM aws_lambda.invoke('f', $1::json)      (SELECT (SELECT $2) AS status_code, (SELECT ..$3..) AS payload, ..
 *                                             FROM (VALUES (1)) AS .. LEFT JOIN (VALUES (('f')::text, ($1::json)::json)) AS .. ON false) AS invoke
 * SELECT aws_lambda.invoke(..)               (SELECT ROW((SELECT $2), ..) FROM .. LEFT JOIN ..) AS invoke
 * SELECT (aws_lambda.invoke(..)).payload     (SELECT (SELECT ..$3..) FROM .. LEFT JOIN ..) AS payload
 * SELECT (aws_lambda.invoke(..)).*           (SELECT (SELECT $2) FROM .. LEFT JOIN ..) AS status_code, (SELECT ..$7..) AS payload, ..
 * SELECT aws_commons.create_lambda_..(a, b)  (SELECT ROW(..) FROM (VALUES ((a)::text, (b)::text)) AS ..) AS create_lambda_function_arn
 * </pre>
 *
 * <p>The arguments stay where they are, so that the server checks them and finds the types of their
 * parameters; behind {@code ON false} nothing is evaluated. VALUES refuses what the arguments of a
 * function in FROM must not have, functions that return sets and aggregates.
 */
record CallRewriter(ResolvedCall resolved, int firstParameter) {
  private static final String ALL_COLUMNS = "*";
  private static final String ARGUMENTS = "pglambda_arguments";
  private static final String UNEVALUATED =
      " FROM (VALUES (1)) AS pglambda_row LEFT JOIN (VALUES (";
  private static final String UNEVALUATED_END = ")) AS " + ARGUMENTS + " ON false)";

  /** How often Lambda is called: PostgreSQL calls a function once for each column of {@code .*}. */
  int invocations() {
    if (resolved.function() != Function.INVOKE) {
      return 0;
    }
    return ALL_COLUMNS.equals(resolved.call().field()) ? ResultParameters.COLUMNS.size() : 1;
  }

  /** By ascending position: everything of the call but its arguments. */
  List<Replacement> replacements() {
    List<Replacement> replacements = new ArrayList<>();
    StringBuilder between = new StringBuilder(head());
    int copied = resolved.call().start();
    for (Map.Entry<ArgumentExpression, String> leaf : resolved.leaves().entrySet()) {
      between.append('(');
      replacements.add(new Replacement(copied, leaf.getKey().start(), between.toString()));
      between.setLength(0);
      between.append(")::").append(leaf.getValue()).append(", ");
      copied = leaf.getKey().end();
    }
    between.setLength(between.length() - ", ".length());
    replacements.add(
        new Replacement(copied, resolved.call().end(), between.append(foot()).toString()));
    return replacements;
  }

  private String head() {
    if (resolved.function() == Function.CREATE_LAMBDA_FUNCTION_ARN) {
      return "(SELECT ROW(" + arn() + ") FROM (VALUES (";
    }
    return switch (resolved.call().position()) {
      case FROM -> "(SELECT " + columns(true) + UNEVALUATED;
      case TARGET -> "(SELECT " + target() + UNEVALUATED;
    };
  }

  private String target() {
    if (resolved.call().field() == null) {
      return "ROW(" + columns(false) + ")";
    }
    return column(
        invocations() > 1 ? 0 : ResultParameters.COLUMNS.indexOf(resolved.call().field()), 0);
  }

  private String columns(boolean named) {
    StringBuilder columns = new StringBuilder();
    for (int i = 0; i < ResultParameters.COLUMNS.size(); i++) {
      columns.append(i == 0 ? "" : ", ").append(column(i, 0));
      if (named) {
        columns.append(" AS ").append(ResultParameters.COLUMNS.get(i));
      }
    }
    return columns.toString();
  }

  private String column(int column, int invocation) {
    return ResultParameters.expression(
        column,
        firstParameter + invocation * ResultParameters.COUNT,
        resolved.overload().payloadType());
  }

  /** The leaves are columns in the order in which they stand, not in that of the parameters. */
  private String arn() {
    List<ArgumentExpression> leaves = List.copyOf(resolved.leaves().keySet());
    ArgumentExpression name = resolved.arguments().get(0);
    ArgumentExpression region = resolved.arguments().get(1);
    return "%s.column%d, %s"
        .formatted(
            ARGUMENTS,
            leaves.indexOf(name) + 1,
            region == null
                ? "NULL::pg_catalog.text"
                : ARGUMENTS + ".column" + (leaves.indexOf(region) + 1));
  }

  private String foot() {
    if (resolved.function() == Function.CREATE_LAMBDA_FUNCTION_ARN) {
      return ")) AS " + ARGUMENTS + ")" + alias("create_lambda_function_arn");
    }
    if (resolved.call().field() == null) {
      return UNEVALUATED_END + alias("invoke");
    }
    if (invocations() == 1) {
      return UNEVALUATED_END + alias(resolved.call().field());
    }
    StringBuilder foot = new StringBuilder(UNEVALUATED_END).append(" AS status_code");
    for (int i = 1; i < ResultParameters.COLUMNS.size(); i++) {
      foot.append(", ").append(column(i, i)).append(" AS ").append(ResultParameters.COLUMNS.get(i));
    }
    return foot.toString();
  }

  private String alias(String name) {
    return resolved.call().named() ? "" : " AS " + name;
  }
}
