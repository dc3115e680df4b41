package dev.pglambda.direct.recognize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.direct.recognize.DirectCall.Position;
import dev.pglambda.sql.CountingText;
import dev.pglambda.sql.ExtensionCall;
import dev.pglambda.sql.SqlText;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is to be replaced stands between « and »; a bar shows where a target list ends. */
class DirectStatementsTest {
  private static final String INVOKE = "aws_lambda.invoke('f', '{}'::json)";
  private static final String ARN = "aws_commons.create_lambda_function_arn('f', 'us-east-1')";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT * FROM «aws_lambda.invoke('f', '{}'::json)»",
        "SELECT * FROM «aws_lambda.invoke('f', '{}'::json)» AS x",
        "SELECT x.payload FROM «aws_lambda.invoke('f', '{}'::json)» x WHERE x.status_code = 200",
        "SELECT FROM «aws_lambda.invoke('f', '{}'::json)»",
        "SELECT a FROM «aws_lambda.invoke('f', '{}'::json)» AS x(a, \"B\", c, d) ORDER BY a",
        "SELECT a FROM «aws_lambda.invoke('f', '{}'::json)» x (a)",
        "SELECT a FROM «aws_lambda.invoke('f', '{}'::json)» \"where\", t",
        "SELECT a FROM «aws_lambda.invoke('f', '{}'::json)», t",
        "SELECT a FROM «aws_lambda.invoke('f', '{}'::json)» CROSS JOIN t",
        "SELECT a FROM «aws_lambda.invoke('f', '{}'::json)» x LEFT JOIN t ON t.b = x.payload->>'b'",
        "SELECT a FROM «aws_lambda.invoke('f', '{}'::json)» NATURAL JOIN t",
        "SELECT a FROM LATERAL «aws_lambda.invoke('f', '{}'::json)» x",
        "SELECT a FROM «aws_lambda.invoke('f', '{}'::json)» GROUP BY a HAVING a > 1",
        "SELECT a FROM «aws_lambda.invoke('f', '{}'::json)» LIMIT 1 OFFSET 0",
        "SELECT a FROM «aws_lambda.invoke('f', '{}'::json)» FETCH FIRST ROW ONLY",
        "SELECT DISTINCT a FROM «aws_lambda.invoke('f', '{}'::json)»",
        "SELECT DISTINCT FROM «aws_lambda.invoke('f', '{}'::json)»",
        "SELECT DISTINCT ON (a) a FROM «aws_lambda.invoke('f', '{}'::json)»",
        "SELECT 1 AS from FROM «aws_lambda.invoke('f', '{}'::json)»",
        "SELECT 1 AS as FROM «aws_lambda.invoke('f', '{}'::json)»",
        "SELECT 1 AS union FROM «aws_lambda.invoke('f', '{}'::json)»",
        "SELECT x.from, x . union FROM «aws_lambda.invoke('f', '{}'::json)» x",
        "SELECT a IS DISTINCT FROM b FROM «aws_lambda.invoke('f', '{}'::json)» x(a, b)",
        "SELECT a IS NOT DISTINCT FROM b FROM «aws_lambda.invoke('f', '{}'::json)» x(a, b)",
        "SELECT extract(day FROM now()), (SELECT 1 FROM t), a[(SELECT 1 FROM t)] FROM «aws_lambda.invoke('f', '{}'::json)»",
        "SELECT a INTO TEMP t FROM «aws_lambda.invoke('f', '{}'::json)»",
        "SELECT a FROM «aws_lambda.invoke('f', '{}'::json)» UNION ALL SELECT b FROM t ORDER BY 1",
        "SELECT a FROM «aws_lambda.invoke('f', '{}'::json)» EXCEPT SELECT b FROM t",
        "SELECT a FROM «aws_lambda.invoke('f', '{}'::json)» WINDOW w AS (ORDER BY a)",
        "SELECT a FROM «aws_lambda.invoke('f', '{}'::json)» x FOR UPDATE",
        "INSERT INTO t SELECT * FROM «aws_lambda.invoke('f', '{}'::json)»",
        "INSERT INTO s.t AS u (a, b[1], c.d) OVERRIDING SYSTEM VALUE SELECT * FROM «aws_lambda.invoke('f', '{}'::json)» RETURNING *",
        "INSERT INTO t OVERRIDING USER VALUE SELECT * FROM «aws_lambda.invoke('f', '{}'::json)» AS x ON CONFLICT (a) DO UPDATE SET b = excluded.b",
        "INSERT INTO t SELECT * FROM «aws_lambda.invoke('f', '{}'::json)» ON CONFLICT DO NOTHING",
        "CREATE TABLE t AS SELECT * FROM «aws_lambda.invoke('f', '{}'::json)»",
        "CREATE TABLE s.as AS SELECT * FROM «aws_lambda.invoke('f', '{}'::json)» WITH DATA",
        "CREATE TABLE if AS SELECT * FROM «aws_lambda.invoke('f', '{}'::json)»",
        "CREATE TEMP TABLE t (a, b) WITH (fillfactor = 70) ON COMMIT DROP AS SELECT * FROM «aws_lambda.invoke('f', '{}'::json)»",
        "CREATE GLOBAL TEMPORARY TABLE t USING heap TABLESPACE x AS SELECT * FROM «aws_lambda.invoke('f', '{}'::json)» x",
        "CREATE LOCAL TEMP TABLE t AS SELECT * FROM «aws_lambda.invoke('f', '{}'::json)»",
        "CREATE UNLOGGED TABLE t AS SELECT 1 AS no FROM «aws_lambda.invoke('f', '{}'::json)», data",
        "WITH a AS (SELECT 1) SELECT * FROM «aws_lambda.invoke('f', '{}'::json)», a",
        "WITH RECURSIVE a(b) AS NOT MATERIALIZED (SELECT 1), \"c\" AS MATERIALIZED (TABLE d) SELECT * FROM «aws_lambda.invoke('f', json_build_object('a', (1)))»",
        "WITH insert AS (SELECT 1) INSERT INTO t SELECT * FROM «aws_lambda.invoke('f', '{}'::json)»",
        "WITH a AS (INSERT INTO t VALUES (1) RETURNING b) SELECT * FROM «aws_lambda.invoke('select', '{}'::json, \"table\")»",
        "select*from/**/«aws_lambda.invoke('f','{}'::json)»where true",
        "Select /* FROM x */ 'FROM', $$ FROM $$, \"from\" FrOm -- FROM\n «AWS_Lambda /**/ . \"invoke\" --\n ('f', '{}'::json)» AS X"
      })
  void servesTheFirstItemOfFrom(String marked) {
    assertFinds(marked, Position.FROM);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT «aws_lambda.invoke('f', '{}'::json)»|",
        "SELECT ALL «aws_lambda.invoke('f', '{}'::json)»|",
        "SELECT «(aws_lambda.invoke('f', '{}'::json))»|",
        "SELECT «(aws_lambda.invoke('f', '{}'::json)).payload»|",
        "SELECT «( /**/ (aws_lambda.invoke('f', '{}'::json) )) . \"payload\"»|",
        "SELECT «(aws_lambda.invoke('f', '{}'::json)).*»|",
        "SELECT «(aws_lambda.invoke('f', '{}'::json)).STATUS_CODE» AS code|",
        "SELECT «(aws_lambda.invoke('f', '{}'::json)).log_result» code|",
        "SELECT «(aws_lambda.invoke('f', '{}'::json)).executed_version» \"Code\"|",
        "SELECT «aws_lambda.invoke('f', '{}'::json)» AS from|",
        "SELECT «aws_lambda.invoke('f', '{}'::json)» AS where| WHERE true",
        "SELECT «aws_lambda.invoke('f', '{}'::json)» AS as|",
        "SELECT «aws_lambda.invoke('f', '{}'::json)» AS isnull|",
        "SELECT «aws_commons.create_lambda_function_arn('f', 'us-east-1')»|",
        "SELECT «aws_commons.create_lambda_function_arn('f', 'us-east-1')» AS arn|",
        "SELECT «(aws_commons.create_lambda_function_arn('f', 'us-east-1'))» arn|",
        "SELECT 1, «aws_lambda.invoke('f', '{}'::json)», 'a' b, «aws_lambda.invoke('g', '{}'::json)» c, d|",
        "SELECT «aws_lambda.invoke('f', '{}'::json)», a.b, x IS NOT DISTINCT FROM y| WHERE x IS DISTINCT FROM y",
        "SELECT «aws_lambda.invoke('f', '{}'::json)»| WHERE EXISTS (SELECT 1 FROM t GROUP BY b) LIMIT 1",
        "SELECT «aws_lambda.invoke('f', '{}'::json)»| /* a */ LIMIT ALL",
        "SELECT «aws_lambda.invoke('f', '{}'::json)» x| FETCH FIRST 1 ROW ONLY",
        "SELECT «(aws_lambda.invoke(('f'), '{}'::json)).payload», ('odd')::text AS t, (NULL)::text, a[1], (SELECT 1)|",
        "SELECT x.from AS order, «aws_lambda.invoke('f', '{}'::json)»|",
        "SELECT/**/«(\n\"aws_lambda\" . INVOKE(E'\\'',$1) -- )\n) . payload»/**/AS\"x\"|--"
      })
  void servesItemsOfTheTargetListOfASelectWithoutFrom(String marked) {
    assertFinds(marked, Position.TARGET);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // Beside other functions
        "SELECT aws_lambda.invoke('f', '{}'::json), now()",
        "SELECT generate_series(1, 2), (aws_lambda.invoke('f', '{}'::json)).payload",
        "SELECT (SELECT f ('x')), aws_lambda.invoke('f', '{}'::json)",
        "SELECT aws_lambda.invoke('f', '{}'::json), ARRAY[\"g\"(1)]",
        // Nothing is called
        "SELECT * FROM aws_lambda.invoke('f', '{}'::json) LIMIT 0",
        // Called for a row that does not come
        "SELECT aws_lambda.invoke('f', '{}'::json) OFFSET 1",
        "SELECT (aws_lambda.invoke('f', '{}'::json)).payload LIMIT 1 OFFSET 0",
        // Elsewhere in FROM
        "SELECT * FROM t, aws_lambda.invoke('f', '{}'::json)",
        "SELECT * FROM t CROSS JOIN LATERAL aws_lambda.invoke(t.a, '{}'::json)",
        "SELECT * FROM (aws_lambda.invoke('f', '{}'::json) x CROSS JOIN t)",
        "SELECT * FROM ROWS FROM (aws_lambda.invoke('f', '{}'::json))",
        "SELECT * FROM aws_lambda.invoke('f', '{}'::json) WITH ORDINALITY",
        "CREATE TABLE t AS SELECT * FROM aws_lambda.invoke('f', '{}'::json) WITH ORDINALITY",
        "SELECT * FROM aws_lambda.invoke('f', '{}'::json) WITH DATA",
        "SELECT * FROM aws_lambda.invoke('f', '{}'::json) AS (a int)",
        "SELECT * FROM aws_lambda.invoke('f', '{}'::json) AS x (a int, b json)",
        "SELECT * FROM aws_lambda.invoke('f', '{}'::json) x (a, b json)",
        "SELECT * FROM aws_lambda.invoke('f', '{}'::json) x ()",
        "SELECT * FROM aws_lambda.invoke('f', '{}'::json) x TABLESAMPLE system (1)",
        "SELECT * FROM aws_lambda.invoke('f', '{}'::json) TABLESAMPLE system (1)",
        "SELECT * FROM aws_lambda.invoke('f', '{}'::json) AS where",
        "SELECT * FROM aws_lambda.invoke('f', '{}'::json) x y",
        "SELECT * FROM aws_lambda.invoke('f', '{}'::json)::text",
        "SELECT * FROM aws_lambda.invoke('f', '{}'::json).x",
        "SELECT * FROM aws_commons.create_lambda_function_arn('f')",
        "SELECT a IS DISTINCT FROM aws_lambda.invoke('f', '{}'::json)",
        "SELECT a IS NOT DISTINCT FROM aws_lambda.invoke('f', '{}'::json) FROM t",
        "SELECT 1 UNION SELECT * FROM aws_lambda.invoke('f', '{}'::json)",
        "(SELECT * FROM aws_lambda.invoke('f', '{}'::json))",
        "SELECT * FROM (SELECT * FROM aws_lambda.invoke('f', '{}'::json)) x",
        // Other statements
        "EXPLAIN SELECT * FROM aws_lambda.invoke('f', '{}'::json)",
        "PREPARE p AS SELECT * FROM aws_lambda.invoke('f', '{}'::json)",
        "DECLARE c CURSOR FOR SELECT * FROM aws_lambda.invoke('f', '{}'::json)",
        "COPY (SELECT * FROM aws_lambda.invoke('f', '{}'::json)) TO STDOUT",
        "CREATE VIEW v AS SELECT * FROM aws_lambda.invoke('f', '{}'::json)",
        "CREATE TEMP VIEW v AS SELECT * FROM aws_lambda.invoke('f', '{}'::json)",
        "CREATE MATERIALIZED VIEW v AS SELECT * FROM aws_lambda.invoke('f', '{}'::json)",
        "CREATE TABLE IF NOT EXISTS t AS SELECT * FROM aws_lambda.invoke('f', '{}'::json)",
        "CREATE TABLE t AS SELECT * FROM aws_lambda.invoke('f', '{}'::json) WITH NO DATA",
        "CREATE TABLE t AS SELECT * FROM aws_lambda.invoke('f', '{}'::json) x WHERE a WITH NO DATA",
        "CREATE TABLE t AS (SELECT * FROM aws_lambda.invoke('f', '{}'::json))",
        "CREATE TABLE t AS EXECUTE p(aws_lambda.invoke('f', '{}'::json))",
        "CREATE TABLE t AS WITH a AS (SELECT 1) SELECT * FROM aws_lambda.invoke('f', '{}'::json)",
        "CREATE TABLE t (a int DEFAULT aws_lambda.invoke('f', '{}'::json))",
        "CREATE SCHEMA s CREATE TABLE t AS SELECT * FROM aws_lambda.invoke('f', '{}'::json)",
        "INSERT INTO t (SELECT * FROM aws_lambda.invoke('f', '{}'::json))",
        "INSERT INTO t VALUES (aws_lambda.invoke('f', '{}'::json))",
        "INSERT INTO t VALUES (1) UNION SELECT * FROM aws_lambda.invoke('f', '{}'::json)",
        "INSERT INTO t WITH a AS (SELECT 1) SELECT * FROM aws_lambda.invoke('f', '{}'::json)",
        "INSERT INTO t SELECT aws_lambda.invoke('f', '{}'::json)",
        "INSERT INTO t SELECT 1 FROM aws_lambda.invoke('f', '{}'::json) RETURNING aws_lambda.invoke('f', '{}'::json)",
        "CALL p(aws_lambda.invoke('f', '{}'::json))",
        "UPDATE t SET a = 1 FROM aws_lambda.invoke('f', '{}'::json)",
        "DELETE FROM t USING aws_lambda.invoke('f', '{}'::json)",
        "VALUES (aws_lambda.invoke('f', '{}'::json))",
        "VALUES (1) UNION SELECT 1 FROM aws_lambda.invoke('f', '{}'::json)",
        // With common table expressions
        "WITH a AS (SELECT * FROM aws_lambda.invoke('f', '{}'::json)) SELECT * FROM a",
        "WITH a AS (SELECT 1) SELECT * FROM aws_lambda.invoke('f', (SELECT j FROM a))",
        "WITH a AS (SELECT 1) SELECT * FROM aws_lambda.invoke('f', (TABLE a))",
        "WITH a AS (SELECT 1) SELECT * FROM aws_lambda.invoke('f', to_json(ARRAY(VALUES (1))))",
        "WITH a AS (SELECT 1) SELECT * FROM aws_lambda.invoke(aws_commons.create_lambda_function_arn((SELECT b FROM a)), '{}'::json)",
        "WITH a AS (SELECT 1) SELECT aws_lambda.invoke('f', '{}'::json)",
        "WITH a AS (SELECT 1) SEARCH BREADTH FIRST BY b SET c SELECT * FROM aws_lambda.invoke('f', '{}'::json)",
        "WITH a AS (SELECT 1) VALUES (1) UNION SELECT 1 FROM aws_lambda.invoke('f', '{}'::json)",
        "WITH a AS (SELECT 1) UPDATE t SET b = 1 FROM aws_lambda.invoke('f', '{}'::json)",
        "WITH a AS (SELECT 1) (SELECT * FROM aws_lambda.invoke('f', '{}'::json))",
        // In a target list, but not alone
        "SELECT aws_lambda.invoke('f', '{}'::json)::text",
        "SELECT (aws_lambda.invoke('f', '{}'::json)).payload->'a'",
        "SELECT (aws_lambda.invoke('f', '{}'::json)).payload.a",
        "SELECT (aws_lambda.invoke('f', '{}'::json)).payload[1]",
        "SELECT ((aws_lambda.invoke('f', '{}'::json)).payload)",
        "SELECT (aws_lambda.invoke('f', '{}'::json)).other",
        "SELECT (aws_lambda.invoke('f', '{}'::json)).\"PAYLOAD\"",
        "SELECT (aws_lambda.invoke('f', '{}'::json)).* AS x",
        "SELECT (aws_lambda.invoke('f', '{}'::json)).*, (aws_lambda.invoke('f', '{}'::json)).a",
        "SELECT aws_lambda.invoke('f', '{}'::json).payload",
        "SELECT (aws_lambda.invoke('f', '{}'::json))[1]",
        "SELECT (aws_lambda.invoke('f', '{}'::json), 1)",
        "SELECT aws_lambda.invoke('f', '{}'::json) IS NULL",
        "SELECT aws_lambda.invoke('f', '{}'::json) ISNULL",
        "SELECT aws_lambda.invoke('f', '{}'::json) NOTNULL",
        "SELECT aws_lambda.invoke('f', '{}'::json) AS",
        "SELECT aws_lambda.invoke('f', '{}'::json) x y",
        "SELECT aws_lambda.invoke('f', '{}'::json) OVER (ORDER BY 1)",
        "SELECT aws_lambda.invoke('f', '{}'::json) OVER w",
        "SELECT aws_lambda.invoke('f', '{}'::json) FILTER (WHERE true)",
        "SELECT aws_lambda.invoke('f', '{}'::json) WITHIN GROUP (ORDER BY 1)",
        "SELECT NOT aws_lambda.invoke('f', '{}'::json)",
        "SELECT CASE WHEN true THEN aws_lambda.invoke('f', '{}'::json) END",
        "SELECT row_to_json(aws_lambda.invoke('f', '{}'::json))",
        "SELECT (SELECT aws_lambda.invoke('f', '{}'::json))",
        "SELECT ARRAY[aws_lambda.invoke('f', '{}'::json)]",
        "SELECT (aws_commons.create_lambda_function_arn('f', 'r')).region",
        "SELECT aws_commons.create_lambda_function_arn('f', 'r')::text",
        "SELECT aws_lambda.invoke('f', '{}'::json), aws_lambda.invoke('f', '{}'::json)::text",
        "SELECT aws_lambda.invoke('f', '{}'::json), f(1)",
        "SELECT aws_lambda.invoke('f', '{}'::json), (f(1))",
        // In a target list, but not of such a statement
        "SELECT aws_lambda.invoke('f', '{}'::json) FROM t",
        "SELECT aws_lambda.invoke('f', '{}'::json) INTO t",
        "SELECT DISTINCT aws_lambda.invoke('f', '{}'::json)",
        "SELECT aws_lambda.invoke('f', '{}'::json) GROUP BY 1",
        "SELECT aws_lambda.invoke('f', '{}'::json) HAVING true",
        "SELECT aws_lambda.invoke('f', '{}'::json) WINDOW w AS ()",
        "SELECT aws_lambda.invoke('f', '{}'::json) x ORDER BY 1",
        "SELECT aws_lambda.invoke('f', '{}'::json) UNION SELECT NULL",
        "SELECT aws_lambda.invoke('f', '{}'::json) FOR UPDATE",
        "SELECT aws_lambda.invoke('f', '{}'::json), 1 WHERE true ORDER BY 1",
        "SELECT 1 WHERE aws_lambda.invoke('f', '{}'::json) IS NULL",
        "SELECT aws_lambda.invoke('f', '{}'::json) LIMIT (aws_lambda.invoke('f', '{}'::json)).status_code",
        // Arguments
        "SELECT aws_lambda.invoke(VARIADIC a)",
        "SELECT aws_lambda.invoke('f', variadic b => a)",
        "SELECT aws_lambda.invoke(DISTINCT a, b)",
        "SELECT aws_lambda.invoke(ALL a, b)",
        "SELECT aws_lambda.invoke(*)",
        "SELECT aws_lambda.invoke('f', '{}'::json ORDER BY 1)",
        "SELECT aws_lambda.invoke(SELECT 'f', '{}'::json)",
        "SELECT aws_lambda.invoke(TABLE t)",
        "SELECT aws_lambda.invoke((SELECT 'f') UNION SELECT 'g', '{}'::json)",
        "SELECT aws_lambda.invoke('f' AS a, '{}'::json)",
        "SELECT aws_lambda.invoke(function_name => 'f', '{}'::json)",
        "SELECT aws_lambda.invoke(payload => '{}'::json, \"payload\" => '{}'::json)",
        "SELECT aws_lambda.invoke('f', (aws_lambda.invoke('g', '{}'::json)).payload)",
        "SELECT aws_lambda.invoke(aws_commons.create_lambda_function_arn('f')::text, '{}'::json)",
        "SELECT aws_lambda.invoke(coalesce(aws_commons.create_lambda_function_arn('f')), '{}'::json)",
        "SELECT aws_lambda.invoke('f', aws_commons.create_lambda_function_arn('f'))",
        "SELECT aws_lambda.invoke('f', function_name => aws_commons.create_lambda_function_arn('f'))",
        "SELECT aws_lambda.invoke(aws_commons.create_lambda_function_arn(VARIADIC a), '{}'::json)",
        "SELECT aws_lambda.invoke(aws_commons.create_lambda_function_arn(aws_lambda.invoke('f')), '{}'::json)",
        "SELECT aws_lambda.invoke($99999999999, '{}'::json)",
        "SELECT * FROM aws_lambda.invoke(aws_lambda.invoke('f'))",
        // No calls, or texts that PostgreSQL refuses
        "SELECT 'aws_lambda.invoke()'",
        "SELECT * FROM other.invoke('f')",
        "SELECT * FROM aws_lambda.invoke",
        "DO $$ BEGIN PERFORM aws_lambda.invoke('f', '{}'::json); END $$",
        "SELECT * FROM aws_lambda.invoke('f', '{}'::json",
        "SELECT * FROM aws_lambda.invoke('f', '{}'::json) WHERE a['x",
        "SELECT * FROM aws_lambda.invoke('f', '{}'::json) WHERE a[1; SELECT 2]",
        "SELECT a[1; SELECT aws_lambda.invoke('f', '{}'::json), 2]",
        "SELECT aws_lambda.invoke('f', '{}'::json); CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1;",
        ""
      })
  void leavesOutAllOtherStatements(String text) {
    assertThat(DirectStatements.find(new SqlText(text, true))).isEmpty();
    assertThat(DirectStatements.find(new SqlText(text, false))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'f', '{}'::json",
        "",
        "$1",
        "'f', $2::json, a => 1, b := 2",
        "'f', (SELECT json_agg(a ORDER BY b) FROM t WHERE c LIMIT 1)",
        "CASE WHEN a IS DISTINCT FROM b THEN 'f' ELSE 'g' END, ARRAY[1, 2][1], ROW(1, 2)",
        "'f' && 'g', (1)::json, CAST(1 AS json), extract(day FROM now())",
        "a.select, a . \"order\", \"all\", N'f', x'1F', count(*), f(DISTINCT x), 2 * 3",
        "'f', '{\"a\":\n\"(\"}' --)\n /* ) */ '{}'",
        "U&'\\0041' UESCAPE '!', $x$)$x$, E'\\')', '{}' IS JSON WITH UNIQUE KEYS"
      })
  void takesAnyExpressionAsArgument(String arguments) {
    String call = "aws_lambda.invoke(" + arguments + ")";
    assertFinds("SELECT * FROM «" + call + "» x", Position.FROM);
    assertFinds("SELECT «" + call + "» x|", Position.TARGET);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "aws_lambda.invoke(@, '{}'::json)",
        "aws_lambda.invoke(((@)), '{}'::json)",
        "aws_lambda.invoke(function_name => @, payload => '{}'::json)",
        "aws_lambda.invoke(payload => '{}'::json, FUNCTION_NAME := (@))",
        "aws_lambda.invoke(payload => '{}'::json, \"function_name\" := /**/ ( @ --)\n))"
      })
  void findsTheArnOfACall(String pattern) {
    String call = pattern.replace("@", ARN);
    for (String text : List.of("SELECT * FROM " + call, "SELECT " + call)) {
      assertThat(DirectStatements.find(new SqlText(text, true)))
          .as(text)
          .singleElement()
          .satisfies(
              statement ->
                  assertThat(statement.calls())
                      .singleElement()
                      .satisfies(
                          direct -> {
                            ExtensionCall arn = direct.arn();
                            assertThat(arn).isNotNull();
                            assertThat(text.substring(arn.start(), arn.end())).isEqualTo(ARN);
                            assertThat(written(text, direct)).isEqualTo(call);
                          }));
    }
  }

  static Stream<Arguments> fields() {
    return Stream.of(
        Arguments.of("SELECT " + INVOKE, null, false),
        Arguments.of("SELECT (" + INVOKE + ") x", null, true),
        Arguments.of("SELECT (" + INVOKE + ").*", "*", false),
        Arguments.of("SELECT (" + INVOKE + ").Status_Code", "status_code", false),
        Arguments.of("SELECT (" + INVOKE + ").\"payload\" AS x", "payload", true),
        Arguments.of("SELECT (" + INVOKE + ").u&\"\\0070ayload\" x", "payload", true),
        Arguments.of(
            "SELECT (" + INVOKE + ").executed_version WHERE true", "executed_version", false),
        Arguments.of("SELECT (" + INVOKE + ").log_result, 1", "log_result", false),
        Arguments.of("SELECT " + ARN + " AS arn", null, true),
        Arguments.of("SELECT " + ARN, null, false),
        Arguments.of("SELECT * FROM " + INVOKE, null, false),
        Arguments.of("SELECT * FROM " + INVOKE + " JOIN t ON true", null, false),
        Arguments.of("SELECT * FROM " + INVOKE + " AS x", null, true),
        Arguments.of("SELECT * FROM " + INVOKE + " x (a)", null, true),
        Arguments.of("SELECT * FROM " + INVOKE + " over", null, true));
  }

  @ParameterizedTest
  @MethodSource("fields")
  void tellsWhatIsSelectedAndWhetherItHasAName(String text, String field, boolean named) {
    DirectCall call = only(text).calls().get(0);

    assertThat(call.field()).isEqualTo(field);
    assertThat(call.named()).isEqualTo(named);
    assertThat(call.arn()).isNull();
  }

  static Stream<Arguments> parameters() {
    return Stream.of(
        Arguments.of("SELECT " + INVOKE, 0),
        Arguments.of("SELECT aws_lambda.invoke($2, $10::json), $3", 10),
        Arguments.of("SELECT a FROM " + INVOKE + " WHERE a = $1 -- $2", 1),
        Arguments.of("SELECT '$1', $$ $2 $$, \"$3\", a$4, " + INVOKE + " /* $5 */", 0));
  }

  @ParameterizedTest
  @MethodSource("parameters")
  void countsTheParametersOfAStatement(String text, int parameters) {
    assertThat(only(text).parameters()).isEqualTo(parameters);
  }

  @Test
  void findsTheStatementsOfATextThatItCanServe() {
    String text =
        "; BEGIN;; "
            + ("SELECT $1, " + INVOKE + " ; ")
            + ("SELECT " + INVOKE + "::text; ")
            + "SELECT 1; /* ; */"
            + ("INSERT INTO t SELECT * FROM " + INVOKE + " RETURNING 1;")
            + ("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT " + INVOKE + "; END;")
            + ("SELECT " + INVOKE + " -- ;\n ;");

    List<DirectStatement> found = DirectStatements.find(new SqlText(text, true));

    assertThat(found).extracting(DirectStatement::statementIndex).containsExactly(1, 4, 6);
    assertThat(found)
        .extracting(statement -> text.substring(statement.start(), statement.end()))
        .containsExactly(
            "SELECT $1, " + INVOKE,
            "INSERT INTO t SELECT * FROM " + INVOKE + " RETURNING 1",
            "SELECT " + INVOKE);
    assertThat(found).extracting(DirectStatement::parameters).containsExactly(1, 0, 0);
    assertThat(found).allMatch(statement -> statement.calls().size() == 1);
  }

  @Test
  void readsBackslashesAsTheSessionDoes() {
    String on = "SELECT '\\', " + INVOKE + ", '";
    String off = "SELECT '\\', " + INVOKE + " ', " + INVOKE;

    assertThat(DirectStatements.find(new SqlText(on + "'", true))).hasSize(1);
    assertThat(DirectStatements.find(new SqlText(on + "'", false))).isEmpty();
    assertThat(DirectStatements.find(new SqlText(off, true))).isEmpty();
    assertThat(
            DirectStatements.find(
                new SqlText(off.replace("'f'", "$$f$$").replace("'{}'", "$$$$"), false)))
        .singleElement()
        .satisfies(statement -> assertThat(statement.calls()).hasSize(1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "aws_lambda.invoke(",
        "aws_lambda.invoke('f'), ",
        "(aws_lambda.invoke((f), [1])).payload AS x, ",
        "aws_lambda.invoke(aws_commons.create_lambda_function_arn((f)), (1)), ",
        "aws_commons.create_lambda_function_arn(((",
        "((",
        "((a)), ",
        "a IS DISTINCT FROM b, ",
        "x AS from, ",
        "; SELECT aws_lambda.invoke('f')",
        "; WITH a AS (SELECT 1) SELECT * FROM aws_lambda.invoke(b, (c), $1) AS x (d) UNION SELECT 1",
        "; CREATE TABLE a AS SELECT * FROM aws_lambda.invoke(('f'))",
        "b, UNION ",
        "'\n'",
        "/* ( */"
      })
  void readsEachCharacterABoundedNumberOfTimes(String repeated) {
    // When the text doubles, the reads may no more than double (and a constant).
    for (String opening :
        List.of("SELECT aws_lambda.invoke(), ", "SELECT * FROM aws_lambda.invoke((", "SELECT ")) {
      long once = reads(opening, repeated, 1_000);
      long twice = reads(opening, repeated, 2_000);
      assertThat(twice).as("%s%s", opening, repeated).isLessThan(2 * once + 100);
    }
  }

  /** How often characters are read of a text in which all brackets are closed. */
  private static long reads(String opening, String repeated, int times) {
    String unclosed = opening + repeated.repeat(times);
    long open = unclosed.chars().filter(c -> c == '(').count();
    long closed = unclosed.chars().filter(c -> c == ')').count();
    CountingText text =
        new CountingText(unclosed + " 1" + ")".repeat(Math.toIntExact(open - closed)));
    DirectStatements.find(new SqlText(text, true));
    assertThat(text.reads()).isLessThan(60L * text.length());
    return text.reads();
  }

  private static void assertFinds(String marked, Position position) {
    String text = marked.replaceAll("[«»|]", "");
    for (boolean standardConformingStrings : new boolean[] {true, false}) {
      if (!standardConformingStrings && marked.contains("U&'")) {
        continue; // PostgreSQL refuses it then
      }
      List<DirectStatement> found =
          DirectStatements.find(new SqlText(text, standardConformingStrings));
      assertThat(found).as(text).hasSize(1);
      DirectStatement statement = found.get(0);
      StringBuilder shown = new StringBuilder();
      int copied = 0;
      for (DirectCall call : statement.calls()) {
        assertThat(call.position()).isEqualTo(position);
        shown
            .append(text, copied, call.start())
            .append('«')
            .append(written(text, call))
            .append('»');
        copied = call.end();
      }
      shown.append(text, copied, statement.tail());
      shown.append(position == Position.TARGET ? "|" : "").append(text.substring(statement.tail()));
      assertThat(shown.toString()).isEqualTo(marked);
      assertThat(statement.tail()).isBetween(copied, statement.end());
    }
  }

  private static String written(String text, DirectCall call) {
    return text.substring(call.start(), call.end());
  }

  private static DirectStatement only(String text) {
    List<DirectStatement> found = DirectStatements.find(new SqlText(text, true));
    assertThat(found).as(text).hasSize(1);
    return found.get(0);
  }
}
