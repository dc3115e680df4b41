package dev.pglambda.sql;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AmbiguousCallsTest {

  /** A text in which « and » are what is inserted, and the same text with it. */
  private static void assertCompletes(String marked) {
    String text = marked.replace("\u00ab", "").replace("\u00bb", "");
    assertThat(complete(text))
        .isEqualTo(marked.replace("\u00ab", "::pg_catalog.text").replace("\u00bb", "NULL, "));
    assertThat(complete(text)).isNotEqualTo(text);
  }

  private static String complete(String text) {
    return Replacement.splice(
        text, AmbiguousCalls.find(new SqlText(text, true), number -> number < 10));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT aws_lambda.invoke('(f,r)'\u00ab, '{}'::json, 'Event', 'None', \u00bbNULL, 'v')",
        "SELECT aws_lambda.invoke('name'\u00ab, '{}'::json, 'RequestResponse', 'None', \u00bbNULL, 'v')",
        "SELECT aws_lambda.invoke('f'\u00ab,'{}'::jsonb,'DryRun',NULL,\u00bb'{}','v')",
        "select AWS_Lambda . \"invoke\" /**/ ( 'f'\n 'h'\u00ab /* , */ , x , $$Event$$ , y||z(1,2) , \u00bbnull -- )\n , NULL )",
        "INSERT INTO t SELECT (aws_lambda.invoke(E'f'\u00ab, p, E'Event', 'None', \u00bbNULL, U&'v')).payload; SELECT 1",
        "SELECT aws_lambda.invoke($1\u00ab, $2::json, 'Event', 'None', \u00bbNULL, $3)",
        "SELECT aws_lambda.invoke($1\u00ab, (aws_lambda.invoke('g'\u00ab, '1'::json, 'Event', 'Tail', \u00bbNULL, 'v')).payload, 'Event', 'None', \u00bbNULL, 'v')",
        "PREPARE p AS SELECT aws_lambda.invoke($1\u00ab, $2::json, 'Event', 'None', \u00bb$30, $31)",
        "PREPARE p (text, json, text) AS SELECT aws_lambda.invoke($1\u00ab, $2, 'Event', 'None', \u00bb$3, $4)",
        "prepare \"p\"(int, Unknown, varchar(5)) as insert into t select aws_lambda.invoke($2\u00ab, f($1), 'Event', $2, \u00bbNULL, $3)",
        "PREPARE p (pg_catalog.text, pg_catalog.\"varchar\") AS SELECT aws_lambda.invoke($1\u00ab, '{}'::json, 'Event', 'None', \u00bb$2, NULL)",
        "PREPARE p (character varying(5)) AS SELECT aws_lambda.invoke($1\u00ab, '{}'::json, 'Event', 'None', \u00bbNULL, $1)",
        "SELECT 1; PREPARE p AS SELECT 1; PREPARE q (int, text) AS SELECT aws_lambda.invoke($2\u00ab, '{}'::json, 'Event', 'None', \u00bbNULL, $3); SELECT aws_lambda.invoke($1\u00ab, '{}'::json, 'Event', 'None', \u00bbNULL, $2)",
        "DO $$BEGIN PREPARE p (text) AS SELECT aws_lambda.invoke($1\u00ab, '{}'::json, 'Event', 'None', \u00bbNULL, 'v'); END$$",
        "DO $$BEGIN EXECUTE 'PREPARE p AS SELECT aws_lambda.invoke($1\u00ab, $2::json, ''Event'', ''None'', \u00bbNULL, $3)'; END$$",
        "DO $$BEGIN PERFORM aws_lambda.invoke('f'\u00ab, '{}'::json, 'Event', 'None', \u00bbNULL, 'v'); END$$",
        "DO 'BEGIN x := aws_lambda.invoke(''f''\u00ab, ''{}''::json, ''Event'', ''None'', \u00bbNULL, ''v''); END'",
        "DO $$BEGIN EXECUTE 'SELECT aws_lambda.invoke(''f''\u00ab, $1, ''Event'', ''None'', \u00bbNULL, ''v'')' INTO x USING y; END$$",
        "CREATE FUNCTION f() RETURNS void STABLE LANGUAGE sql AS $x$SELECT aws_lambda.invoke('f'\u00ab, '{}'::json, 'Event', 'None', \u00bbNULL, 'v')$x$",
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC SELECT aws_lambda.invoke('f'\u00ab, '{}'::json, 'Event', 'None', \u00bbNULL, 'v'); END",
      })
  void completesTheCallsThatPostgresqlDoesNotResolve(String marked) {
    assertCompletes(marked);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT aws_lambda.invoke('f', '{}'::json, 'Event', 'None', NULL)",
        "SELECT aws_lambda.invoke('f', '{}'::json, 'Event', 'None', NULL, NULL, 'v')",
        "SELECT aws_lambda.invoke('f', '{}'::json, 'us-east-1', 'None', NULL, 'v')",
        "SELECT aws_lambda.invoke('f', '{}'::json, 'event', 'None', NULL, 'v')",
        "SELECT aws_lambda.invoke('f', '{}', 'Event', 'None', NULL, 'v')",
        "SELECT aws_lambda.invoke('f', NULL, 'Event', 'None', NULL, 'v')",
        "SELECT aws_lambda.invoke('f', $2, 'Event', 'None', NULL, 'v')",
        "SELECT aws_lambda.invoke('f'::text, '{}'::json, 'Event', 'None', NULL, 'v')",
        "SELECT aws_lambda.invoke(f, '{}'::json, 'Event', 'None', NULL, 'v')",
        "SELECT aws_lambda.invoke(N'f', '{}'::json, 'Event', 'None', NULL, 'v')",
        "SELECT aws_lambda.invoke('f', '{}'::json, $1, 'None', NULL, 'v')",
        "SELECT aws_lambda.invoke('f', '{}'::json, 'Event', 'None', '{}'::json, 'v')",
        "SELECT aws_lambda.invoke('f', '{}'::json, 'Event', 'None', NULL, 'v'::text)",
        "SELECT aws_lambda.invoke('f', '{}'::json, 'Event', 'None', NULL, qualifier => 'v')",
        "SELECT aws_lambda.invoke($10, '{}'::json, 'Event', 'None', NULL, 'v')",
        "SELECT aws_lambda.invoke($99999999999, '{}'::json, 'Event', 'None', NULL, 'v')",
        "SELECT aws_lambda.invoke('f', '{}'::json, 'Event', 'None', , 'v')",
        "SELECT other.invoke('f', '{}'::json, 'Event', 'None', NULL, 'v')",
        "SELECT db.aws_lambda.invoke('f', '{}'::json, 'Event', 'None', NULL, 'v')",
        "SELECT \"AWS_LAMBDA\".invoke('f', '{}'::json, 'Event', 'None', NULL, 'v')",
        "SELECT aws_lambda.invoke.x('f', '{}'::json, 'Event', 'None', NULL, 'v')",
        "SELECT 'aws_lambda.invoke(''f'', ''{}''::json, ''Event'', ''None'', NULL, ''v'')'",
        "SELECT 1 -- aws_lambda.invoke('f', '{}'::json, 'Event', 'None', NULL, 'v')",
        "SELECT aws_lambda.invoke('f', '{}'::json, 'Event', 'None', NULL, 'v'",
        "SELECT aws_lambda.invoke('f', '{}'::json, 'Event', 'None', NULL, 'v']",
        "SELECT aws_lambda.invoke('f', '{}'::json, 'Event', 'None', NULL, 'v'), 'x",
        "PREPARE p (name) AS SELECT aws_lambda.invoke($1, '{}'::json, 'Event', 'None', NULL, 'v')",
        "PREPARE p (text[]) AS SELECT aws_lambda.invoke($1, '{}'::json, 'Event', 'None', NULL, 'v')",
        "PREPARE p (int, other.text) AS SELECT aws_lambda.invoke($2, '{}'::json, 'Event', 'None', NULL, 'v')",
        "PREPARE p (text, json) AS SELECT aws_lambda.invoke($1, '{}'::json, 'Event', 'None', $2, 'v')",
        "PREPARE p (text, text) AS SELECT aws_lambda.invoke($1, $2, 'Event', 'None', NULL, 'v')",
        "PREPARE p AS SELECT 1; SELECT aws_lambda.invoke($10, '{}'::json, 'Event', 'None', NULL, 'v')",
        "SELECT aws_lambda.invoke($10, '{}'::json, 'Event', 'None', NULL, 'v'); PREPARE p AS SELECT 1",
        "PREPARE p (text) SELECT aws_lambda.invoke($10, '{}'::json, 'Event', 'None', NULL, 'v')",
        "PREPARE p (text AS SELECT aws_lambda.invoke($10, '{}'::json, 'Event', 'None', NULL, 'v')",
        "SELECT \"prepare\" p AS aws_lambda.invoke($10, '{}'::json, 'Event', 'None', NULL, 'v')",
        "DROP FUNCTION aws_lambda.invoke('f', a, 'Event', b, NULL, 'v')",
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $x$SELECT aws_lambda.invoke($1, '{}'::json, 'Event', 'None', NULL, 'v')$x$",
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpython3u AS $x$aws_lambda.invoke('f', 1, 'Event', 'None', NULL, 'v')$x$",
      })
  void leavesAllOthersToPostgresql(String text) {
    assertThat(complete(text)).isEqualTo(text);
  }

  @Test
  void findsCallsWithinCalls() {
    String text =
        "SELECT aws_lambda.invoke(function_name => aws_commons.create_lambda_function_arn('f', region := 'r'),"
            + " payload := j[(1)]), aws_lambda.invoke()";

    assertThat(new SqlText(text, true).calls())
        .extracting(
            call ->
                call.function()
                    + call.arguments().stream()
                        .map(a -> a.name() + "=" + text.substring(a.start(), a.end()))
                        .toList()
                        .toString())
        .containsExactly(
            "INVOKE[function_name=aws_commons.create_lambda_function_arn('f', region := 'r'), payload=j[(1)]]",
            "CREATE_LAMBDA_FUNCTION_ARN[null='f', region='r']",
            "INVOKE[]");
  }
}
