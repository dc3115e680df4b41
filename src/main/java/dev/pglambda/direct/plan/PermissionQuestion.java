package dev.pglambda.direct.plan;

import static dev.pglambda.direct.plan.InstalledSchemas.isTrue;

import dev.pglambda.direct.resolve.Overload;
import dev.pglambda.direct.resolve.Overload.Parameter;
import dev.pglambda.direct.resolve.ParameterType;
import dev.pglambda.intercept.InstallationHint;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import dev.pglambda.relay.RaiseBlock;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Whether the current role may call one of the functions, asked of the server just before it is
 * called. What a plan shows is no answer: the planner can remove the function from it, and
 * PostgreSQL checks EXECUTE only when a plan that has it is started (execExpr.c, ExecInitFunc).
 *
 * <p>Where {@code aws_lambda} is installed by a trusted role, USAGE on the schema and EXECUTE on
 * the function are needed, as for a call by the server. Elsewhere the role itself must be trusted.
 *
 * @param query has one row, to be in binary format; needs no privilege
 */
public record PermissionQuestion(Overload overload, String query) {

  /** By the types in pg_proc: a name would be looked up with the role's own privileges. */
  private static final String QUERY =
      "WITH pglambda_invoke AS (SELECT %s AS trusted,"
          + " pg_catalog.has_function_privilege(p.oid, 'EXECUTE') AS allowed"
          + " FROM pg_catalog.pg_proc AS p"
          + " JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace"
          + " JOIN pg_catalog.pg_roles AS pglambda_owner"
          + " ON pglambda_owner.oid OPERATOR(pg_catalog.=) p.proowner"
          + " WHERE n.nspname OPERATOR(pg_catalog.=) 'aws_lambda'"
          + " AND p.proname OPERATOR(pg_catalog.=) 'invoke'"
          + " AND p.proargtypes::pg_catalog.text OPERATOR(pg_catalog.=) %s)"
          + " SELECT %s IS TRUE AND %s IS NOT FALSE"
          + " AND (SELECT i.trusted FROM pglambda_invoke AS i) IS NOT FALSE,"
          + " (SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE')"
          + " FROM pg_catalog.pg_namespace AS n"
          + " WHERE n.nspname OPERATOR(pg_catalog.=) 'aws_lambda'),"
          + " (SELECT i.allowed FROM pglambda_invoke AS i),"
          + " %s IS TRUE";

  private static final String ARN_OID =
      "(SELECT t.oid FROM pg_catalog.pg_type AS t"
          + " JOIN pg_catalog.pg_namespace AS c ON c.oid OPERATOR(pg_catalog.=) t.typnamespace"
          + " WHERE c.nspname OPERATOR(pg_catalog.=) 'aws_commons'"
          + " AND t.typname OPERATOR(pg_catalog.=) '_lambda_function_arn_1')";

  static PermissionQuestion of(Overload overload, UnaryOperator<String> trusted) {
    return new PermissionQuestion(
        overload,
        QUERY.formatted(
            trusted.apply("pglambda_owner"),
            types(overload),
            InstalledSchemas.owner("aws_lambda", trusted),
            InstalledSchemas.owner("pglambda", trusted),
            InstalledSchemas.currentRole(trusted)));
  }

  /** An oidvector as a text. */
  private static String types(Overload overload) {
    return overload.parameters().stream()
        .map(Parameter::type)
        .map(type -> type == ParameterType.ARN ? ARN_OID : Integer.toString(type.oid()))
        .collect(Collectors.joining(", ' ', ", "pg_catalog.concat(", ")"));
  }

  /**
   * What becomes of a call that is not allowed.
   *
   * @param attempt a statement that PostgreSQL itself refuses for the same reason, in its own
   *     words, without evaluating anything; null if there is none
   * @param raiseBlock a statement that raises the error if it does not
   * @param untrusted whether it is for the role, which is not trusted
   */
  public record Denial(@Nullable String attempt, String raiseBlock, boolean untrusted) {}

  /** Reads the row; null if the call is allowed. */
  public @Nullable Denial refusal(List<byte @Nullable []> row) {
    boolean installed = isTrue(row.get(0));
    byte[] usage = row.get(1);
    byte[] execute = row.get(2);
    if (installed) {
      return isTrue(usage) && isTrue(execute) ? null : refused(isTrue(usage), execute != null);
    }
    if (isTrue(row.get(3))) {
      return null;
    }
    boolean missing = usage == null;
    // One of somebody else's is not even to be looked at.
    return new Denial(
        missing ? "EXPLAIN SELECT aws_lambda.invoke()" : null,
        RaiseBlock.error(
            new SqlError(
                SqlState.INVALID_SCHEMA_NAME,
                "schema \"aws_lambda\" does not exist",
                null,
                InstallationHint.NOT_TRUSTED)),
        true);
  }

  private Denial refused(boolean usage, boolean isThere) {
    SqlError error =
        !usage
            ? denied("schema aws_lambda")
            : isThere
                ? denied("function invoke")
                : new SqlError(
                    SqlState.UNDEFINED_FUNCTION, "function aws_lambda.invoke does not exist");
    String values =
        overload.parameters().stream()
            .limit(overload.required())
            .map(parameter -> "NULL::" + ArnForm.OWN.cast(parameter.type()))
            .collect(Collectors.joining(", "));
    return new Denial(
        "EXPLAIN SELECT aws_lambda.invoke(" + values + ")", RaiseBlock.error(error), false);
  }

  private static SqlError denied(String what) {
    return new SqlError(SqlState.INSUFFICIENT_PRIVILEGE, "permission denied for " + what);
  }
}
