package dev.pglambda.direct.plan;

import dev.pglambda.direct.plan.ArgumentValues.ArgumentColumn;
import dev.pglambda.direct.plan.DirectPlan.ResolvedCall;
import dev.pglambda.direct.resolve.Overload;
import dev.pglambda.direct.resolve.Overload.Parameter;
import java.util.List;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One call of Lambda: how the server is asked for the values of its arguments, and what they mean.
 *
 * @param overload which of the functions is called
 * @param argumentsQuery the query for the arguments' values, with the client's parameters; no row
 *     if the call is not to be made. All columns are to be in binary format
 */
public record DirectInvocation(Overload overload, String argumentsQuery) {
  /**
   * The longest arguments, in bytes of the database's encoding; as long as a request of the
   * installed function can be.
   */
  static final int MAX_BYTES = 16 << 20;

  /**
   * Takes apart what a text overload was given in the form {@code (name,region)}. The type is the
   * row type of a view of PostgreSQL's own that has two columns of type text, too, so that
   * PostgreSQL itself reads the composite; everybody may use it.
   */
  public static final String COMPOSITE_QUERY =
      "SELECT %s, %s FROM (SELECT (pg_catalog.convert_from($1, 'UTF8')::%s).*) AS a"
          .formatted(utf8("a.name"), utf8("a.setting"), ArnForm.SUBSTITUTE_TYPE);

  private static final List<String> SETTINGS =
      List.of(
          "pg_catalog.current_setting('aws_lambda.connect_timeout_ms', true)",
          "pg_catalog.current_setting('aws_lambda.request_timeout_ms', true)",
          "pg_catalog.date_part('epoch',"
              + " pg_catalog.current_setting('statement_timeout')::pg_catalog.interval)"
              + "::pg_catalog.text");

  /** The arguments are evaluated once, and sent only if they are not too long. */
  private static final String QUERY =
      "WITH pglambda_given AS MATERIALIZED (SELECT %s %s),"
          + " pglambda_arguments AS MATERIALIZED (SELECT %s FROM pglambda_given AS a),"
          + " pglambda_length AS MATERIALIZED"
          + " (SELECT %s OPERATOR(pg_catalog.<=) %d AS fits FROM pglambda_arguments)"
          + " SELECT b.fits, %s FROM pglambda_arguments AS a CROSS JOIN pglambda_length AS b";

  /**
   * The tail follows the target list and decides whether there is a row; empty if that is known.
   */
  static DirectInvocation of(
      DirectCandidate candidate, InstalledSchemas schemas, ResolvedCall call, String tail) {
    ArnForm arn = ArnForm.of(schemas);
    StringJoiner values = new StringJoiner(", ");
    for (int i = 0; i < call.overload().parameters().size(); i++) {
      Parameter parameter = call.overload().parameters().get(i);
      if (i == 0 && !call.arn().isEmpty()) {
        values.add(value(candidate, call.arn().get(0), ArnForm.TEXT) + " AS function_name");
        values.add(value(candidate, call.arn().get(1), ArnForm.TEXT) + " AS arn_region");
      } else {
        ArgumentExpression leaf = call.arguments().get(i);
        String value =
            leaf == null
                ? defaultOf(parameter)
                : value(candidate, leaf, arn.cast(parameter.type()));
        values.add(value + " AS \"" + parameter.name() + '"');
      }
    }
    String query = QUERY.formatted(values, tail, texts(call, arn), bytes(), MAX_BYTES, columns());
    return new DirectInvocation(call.overload(), query);
  }

  private static String value(
      DirectCandidate candidate, @Nullable ArgumentExpression leaf, String type) {
    return leaf == null
        ? "NULL::" + type
        : "(" + candidate.text().substring(leaf.start(), leaf.end()) + ")::" + type;
  }

  /** As the functions are declared. */
  private static String defaultOf(Parameter parameter) {
    return switch (parameter.name()) {
      case "invocation_type" -> "'RequestResponse'::pg_catalog.text";
      case "log_type" -> "'None'::pg_catalog.text";
      default -> "NULL::pg_catalog.text";
    };
  }

  /** All values as texts, NULL for those that the overload does not have. */
  private static String texts(ResolvedCall call, ArnForm arn) {
    boolean composite = isComposite(call.overload());
    boolean whole = composite && call.arn().isEmpty();
    StringJoiner texts = new StringJoiner(", ");
    for (ArgumentColumn column : ArgumentColumn.ALL) {
      String value =
          switch (column) {
            case FUNCTION_NAME -> whole ? arn.name("a.function_name") : "a.function_name";
            case ARN_REGION ->
                whole ? arn.region("a.function_name") : composite ? "a.arn_region" : "NULL";
            case REGION -> composite ? "NULL" : "a.region";
            default -> "a." + column.sqlName();
          };
      texts.add("(" + value + ")::pg_catalog.text AS " + column.sqlName());
    }
    return texts.toString();
  }

  private static String bytes() {
    return ArgumentColumn.ALL.stream()
        .map(
            column ->
                "pg_catalog.octet_length(coalesce(" + column.sqlName() + ", ''))::pg_catalog.int8")
        .collect(Collectors.joining(" OPERATOR(pg_catalog.+) "));
  }

  private static String columns() {
    return Stream.concat(
            ArgumentColumn.ALL.stream()
                .map(column -> "CASE WHEN b.fits THEN " + utf8("a." + column.sqlName()) + " END"),
            SETTINGS.stream().map(DirectInvocation::utf8))
        .collect(Collectors.joining(", "));
  }

  private static String utf8(String expression) {
    return "pg_catalog.convert_to(" + expression + ", 'UTF8')";
  }

  static boolean isComposite(Overload overload) {
    return overload == Overload.INVOKE_ARN_JSON || overload == Overload.INVOKE_ARN_JSONB;
  }

  /** The query that fails if a payload, its only parameter, is not of the overload's type. */
  public String payloadCheck() {
    return ResultParameters.check(overload.payloadType());
  }

  /** Reads the row that {@link #argumentsQuery} has returned. */
  public ArgumentValues read(List<byte @Nullable []> row) {
    return new ArgumentValues(overload, row, null);
  }
}
