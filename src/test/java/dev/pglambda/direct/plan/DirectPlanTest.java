package dev.pglambda.direct.plan;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.TypeOid;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DirectPlanTest {
  private static final InstalledSchemas NONE = new InstalledSchemas(false, false, true);
  private static final InstalledSchemas BOTH = new InstalledSchemas(true, true, true);

  /** In front of the arguments, which are there to be checked, and not evaluated. */
  private static final String UNEVALUATED =
      " FROM (VALUES (1)) AS pglambda_row LEFT JOIN (VALUES (";

  private static final String END = ")) AS pglambda_arguments ON false)";
  private static final String ARGUMENTS = "('f')::pg_catalog.text, ('1'::json)::pg_catalog.json";

  @Test
  void putsTheResultInTheCallsPlaceInFrom() {
    DirectPlan plan =
        plan(
            "SELECT payload FROM aws_lambda.invoke('f', '1'::json) AS i WHERE true",
            TypeOid.TEXT,
            TypeOid.JSON);

    assertThat(plan.rewritten().text())
        .isEqualTo(
            "SELECT payload FROM (SELECT (SELECT $1) AS status_code,"
                + " (SELECT pg_catalog.convert_from($2, 'UTF8')::pg_catalog.json) AS payload,"
                + " (SELECT pg_catalog.convert_from($3, 'UTF8')) AS executed_version,"
                + " (SELECT pg_catalog.convert_from($4, 'UTF8')) AS log_result"
                + UNEVALUATED
                + ARGUMENTS
                + END
                + " AS i WHERE true");
  }

  /** The alias is the function's name, unless there is one. */
  @ParameterizedTest
  @CsvSource({"'', ' AS invoke'", "' i', ' i'", "' AS \"I\" (a, b)', ' AS \"I\" (a, b)'"})
  void namesTheRow(String written, String named) {
    DirectPlan plan =
        plan(
            "SELECT * FROM aws_lambda.invoke('f', '1'::json)" + written,
            TypeOid.TEXT,
            TypeOid.JSON);

    assertThat(plan.rewritten().text()).endsWith(ARGUMENTS + END + named);
  }

  @Test
  void makesARowOfATarget() {
    assertThat(
            plan("SELECT aws_lambda.invoke('f', '1'::jsonb)", TypeOid.TEXT, TypeOid.JSONB)
                .rewritten()
                .text())
        .isEqualTo(
            "SELECT (SELECT ROW((SELECT $1),"
                + " (SELECT pg_catalog.convert_from($2, 'UTF8')::pg_catalog.jsonb),"
                + " (SELECT pg_catalog.convert_from($3, 'UTF8')),"
                + " (SELECT pg_catalog.convert_from($4, 'UTF8')))"
                + UNEVALUATED
                + "('f')::pg_catalog.text, ('1'::jsonb)::pg_catalog.jsonb"
                + END
                + " AS invoke");
  }

  @ParameterizedTest
  @CsvSource({
    "status_code, 'SELECT $1'",
    "payload, 'SELECT pg_catalog.convert_from($2, ''UTF8'')::pg_catalog.json'",
    "log_result, 'SELECT pg_catalog.convert_from($4, ''UTF8'')'"
  })
  void takesOneColumnOfATarget(String column, String result) {
    DirectPlan plan =
        plan(
            "SELECT (aws_lambda.invoke('f', '1'::json))." + column + " AS c",
            TypeOid.TEXT,
            TypeOid.JSON);

    assertThat(plan.rewritten().text())
        .isEqualTo("SELECT (SELECT (" + result + ")" + UNEVALUATED + ARGUMENTS + END + " AS c");
    assertThat(plan.invocations()).hasSize(1);
  }

  /** As PostgreSQL does it: the function is called for each column. */
  @Test
  void callsForEachColumnOfAStar() {
    DirectPlan plan =
        plan("SELECT (aws_lambda.invoke('f', '1'::json)).*", TypeOid.TEXT, TypeOid.JSON);

    assertThat(plan.rewritten().text())
        .startsWith("SELECT (SELECT (SELECT $1)" + UNEVALUATED + ARGUMENTS + END)
        .endsWith(
            END
                + " AS status_code,"
                + " (SELECT pg_catalog.convert_from($6, 'UTF8')::pg_catalog.json) AS payload,"
                + " (SELECT pg_catalog.convert_from($11, 'UTF8')) AS executed_version,"
                + " (SELECT pg_catalog.convert_from($16, 'UTF8')) AS log_result");
    assertThat(plan.invocations()).hasSize(4);
    assertThat(plan.resultParameters()).isEqualTo(16);
  }

  @Test
  void putsTheResultsBehindTheClientsParameters() {
    DirectPlan plan =
        plan(
            "SELECT $2, payload FROM aws_lambda.invoke('f', $5::json) AS i",
            TypeOid.TEXT,
            TypeOid.JSON);

    assertThat(plan.rewritten().text())
        .contains("(SELECT $6) AS status_code")
        .contains("($5::json)::");
    assertThat(plan.clientParameters()).isEqualTo(5);
    assertThat(plan.parameterTypes(List.of(0, TypeOid.TEXT)))
        .containsExactly(0, TypeOid.TEXT, 0, 0, 0, 23, 17, 17, 17);
  }

  @Test
  void makesARowOfAnArnWhereTheTypeIsMissing() {
    String call = "aws_commons.create_lambda_function_arn(region => 'r', function_name => 'f')";

    assertThat(plan("SELECT " + call).rewritten().text())
        .isEqualTo(
            "SELECT (SELECT ROW(pglambda_arguments.column2, pglambda_arguments.column1)"
                + " FROM (VALUES (('r')::pg_catalog.text, ('f')::pg_catalog.text))"
                + " AS pglambda_arguments) AS create_lambda_function_arn");
  }

  @Test
  void asksForTheArgumentsInTheOrderOfTheParameters() {
    DirectPlan plan =
        plan(
            "SELECT * FROM aws_lambda.invoke(payload => '1'::json, function_name => 'f' || 'g')",
            TypeOid.JSON,
            TypeOid.TEXT);

    assertThat(plan.invocations().get(0).argumentsQuery())
        .startsWith(
            "WITH pglambda_given AS MATERIALIZED (SELECT"
                + " ('f' || 'g')::pg_catalog.text AS \"function_name\","
                + " ('1'::json)::pg_catalog.json AS \"payload\","
                + " NULL::pg_catalog.text AS \"region\","
                + " 'RequestResponse'::pg_catalog.text AS \"invocation_type\","
                + " 'None'::pg_catalog.text AS \"log_type\","
                + " NULL::pg_catalog.text AS \"context\","
                + " NULL::pg_catalog.text AS \"qualifier\" )");
  }

  /** What decides whether there is a row decides whether there is a call. */
  @Test
  void asksForTheArgumentsOfATargetUnderItsCondition() {
    DirectPlan plan =
        plan(
            "SELECT aws_lambda.invoke('f', '1'::json) WHERE $1 > 1 LIMIT 1",
            TypeOid.TEXT,
            TypeOid.JSON);

    assertThat(plan.invocations().get(0).argumentsQuery())
        .contains(" AS \"qualifier\"  WHERE $1 > 1 LIMIT 1)");
  }

  /** Its truth is a parameter of the statement that is executed; only the first query asks. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "f() | ''",
        "$1 > (SELECT 1 LIMIT 1) | ' LIMIT 1'",
        "(a.limit) AND b.fetch /* limit */ | ' FETCH FIRST ROW ONLY'"
      })
  void evaluatesTheConditionOfATargetOnce(String condition, String tail) {
    String statement = "SELECT (aws_lambda.invoke('f', '1'::json)).* WHERE " + condition + tail;

    DirectPlan plan = plan(statement, TypeOid.TEXT, TypeOid.JSON);

    int known = plan.clientParameters() + 17;
    String expression = condition.replace(" /* limit */", "");
    String behind = condition.substring(expression.length()) + tail;
    assertThat(plan.rewritten().text())
        .endsWith(
            "WHERE CASE WHEN $%d IS NULL THEN (%s) ELSE $%d END%s"
                .formatted(known, expression, known, behind));
    assertThat(plan.resultParameters()).isEqualTo(17);
    assertThat(plan.parameterTypes(List.of())).hasSize(known).endsWith(16);
    assertThat(plan.values(List.of(), false)).containsExactly(new byte[] {0});
    assertThat(plan.invocations().get(0).argumentsQuery()).contains(condition);
    assertThat(plan.invocations().subList(1, 4))
        .noneMatch(invocation -> invocation.argumentsQuery().contains("WHERE"));
    assertThat(requireNonNull(plan.unconditioned()).text()).endsWith("WHERE " + condition + tail);
  }

  @Test
  void takesApartTheArnThatIsTheFirstArgument() {
    String statement =
        "SELECT * FROM aws_lambda.invoke(aws_commons.create_lambda_function_arn('f', 'r'),"
            + " '1'::json)";

    assertThat(
            plan(statement, TypeOid.TEXT, TypeOid.TEXT, TypeOid.JSON)
                .invocations()
                .get(0)
                .argumentsQuery())
        .contains("('f')::pg_catalog.text AS function_name, ('r')::pg_catalog.text AS arn_region,");
    assertThat(plan(statement, TypeOid.TEXT, TypeOid.TEXT, TypeOid.JSON).rewritten().text())
        .contains(
            "('f')::pg_catalog.text, ('r')::pg_catalog.text, ('1'::json)::pg_catalog.json" + END);
  }

  /** Where the extension is installed, PostgreSQL plans and explains the client's statement. */
  @Test
  void hasTheServerCheckTheStatementItselfWhereItCan() {
    String statement = "SELECT * FROM aws_lambda.invoke('f', '1'::json)";

    DirectPlan plan = DirectPlans.of(statement, BOTH, TypeOid.TEXT, TypeOid.JSON);

    assertThat(plan.statementsToPlan()).containsExactly(statement);
    assertThat(plan.statementToExplain()).isEqualTo(statement);
    assertThat(plan.explainsResults()).isFalse();
  }

  @Test
  void hasTheServerCheckWhatItCanWhereNothingIsInstalled() {
    DirectPlan plan =
        plan("SELECT * FROM aws_lambda.invoke('f', '1'::json)", TypeOid.TEXT, TypeOid.JSON);

    assertThat(plan.statementsToPlan()).containsExactly(plan.invocations().get(0).argumentsQuery());
    assertThat(plan.statementToExplain()).isEqualTo(plan.rewritten().text());
    assertThat(plan.explainsResults()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"SELECT, false, false", "INSERT INTO t SELECT, true, false"})
  void knowsWhatTheStatementDoes(String head, boolean inserts, boolean creates) {
    DirectPlan plan =
        plan(head + " payload FROM aws_lambda.invoke('f', '1'::json)", TypeOid.TEXT, TypeOid.JSON);

    assertThat(plan.inserts()).isEqualTo(inserts);
    assertThat(plan.createsTable()).isEqualTo(creates);
  }

  @Test
  void knowsThatATableIsCreated() {
    DirectPlan plan =
        plan(
            "create table t as select payload from aws_lambda.invoke('f', '1'::json)",
            TypeOid.TEXT,
            TypeOid.JSON);

    assertThat(plan.createsTable()).isTrue();
  }

  /** With the position of the call, or of the argument that has no place. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT * FROM ^aws_lambda.invoke('f', '1')",
        "SELECT * FROM ^aws_lambda.invoke('f', payload => '1')",
        "SELECT * FROM ^aws_lambda.invoke('f', '1'::json, colour => 'red')",
        "/* é */ SELECT ^aws_commons.create_lambda_function_arn('f', 'r', 'x')"
      })
  void refusesWhatCannotBeResolved(String marked) {
    String latin1 =
        new String(
            marked.replace("^", "").getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);

    DirectAnalysis.RefusedCall refused =
        (DirectAnalysis.RefusedCall) DirectPlans.resolve(latin1, NONE, TypeOid.TEXT, TypeOid.JSON);

    assertThat(refused.position()).isEqualTo(marked.indexOf('^') + 1);
    assertThat(refused.raiseBlock()).containsAnyOf("42725", "42883");
  }

  private static DirectPlan plan(String text, Integer... columnTypes) {
    return DirectPlans.of(text, NONE, columnTypes);
  }
}
