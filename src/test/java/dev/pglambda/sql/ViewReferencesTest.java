package dev.pglambda.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ViewReferencesTest {

  /** Puts « » around references without an alias, and ‹ › around those with one. */
  private static String mark(String text, boolean standardConformingStrings) {
    List<Replacement> marks =
        ViewReferences.find(new SqlText(text, standardConformingStrings)).stream()
            .map(
                found -> {
                  String written = text.substring(found.start(), found.end());
                  return new Replacement(
                      found.start(),
                      found.end(),
                      found.aliased()
                          ? "\u2039" + written + "\u203a"
                          : "\u00ab" + written + "\u00bb");
                })
            .toList();
    return Replacement.splice(text, marks);
  }

  private static void assertFinds(String marked) {
    String text = marked.replaceAll("[\u00ab\u00bb\u2039\u203a]", "");
    assertThat(text).isNotEqualTo(marked);
    assertThat(mark(text, true)).isEqualTo(marked);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT 1 FROM «pg_available_extensions» WHERE name = 'aws_lambda'",
        "SELECT 1 FROM «pg_available_extensions»",
        "SELECT 1 FROM «pg_available_extensions»;SELECT 2",
        "select * from/**/«PG_Available_Extensions»/**/where true",
        "SELECT * FROM «\"pg_available_extensions\"» ORDER BY 1",
        "SELECT * FROM «pg_catalog.pg_available_extensions» LIMIT 1",
        "SELECT * FROM «\"pg_catalog\".\"pg_available_extensions\"» GROUP BY name",
        "SELECT * FROM «PG_CATALOG.pg_available_extension_versions» FETCH FIRST ROW ONLY",
        "SELECT * FROM ‹pg_available_extensions› AS e",
        "SELECT * FROM ‹pg_available_extensions› e",
        "SELECT * FROM ‹pg_catalog.pg_available_extensions› \"where\"",
        "SELECT * FROM ‹pg_available_extensions› U&\"e\" JOIN t USING (name)",
        "SELECT * FROM ‹pg_available_extensions› loop",
        "SELECT * FROM ‹pg_available_extensions› set",
        "SELECT * FROM ‹pg_available_extensions› AS e (a, b), «pg_available_extensions»",
        "SELECT name, installed_version FROM ‹pg_catalog.pg_available_extensions› e WHERE e.name IN"
            + " ('aws_lambda', 'aws_commons')",
        "SELECT EXISTS(SELECT FROM «pg_available_extensions» WHERE name LIKE 'aws_l%') AS"
            + " \"there\"",
        "SELECT pg_available_extensions.name, pg_available_extensions.* FROM"
            + " «pg_available_extensions» WHERE pg_available_extensions . name = 'x'",
        "SELECT pg_available_extensions.name FROM «pg_available_extensions»,"
            + " ‹pg_available_extensions› e",
        "SELECT * FROM a, «pg_available_extensions», b",
        "SELECT * FROM a JOIN «pg_available_extensions» USING (name) LEFT JOIN"
            + " ‹pg_available_extensions› b ON a.x = b.x, «pg_available_extensions»",
        "SELECT * FROM a NATURAL JOIN «pg_available_extensions» CROSS JOIN b",
        "SELECT * FROM (a JOIN (b JOIN «pg_available_extensions» ON true) ON true)",
        "SELECT * FROM («pg_available_extensions» JOIN b ON true)",
        "SELECT * FROM (SELECT * FROM «pg_available_extensions») AS x, LATERAL (SELECT FROM"
            + " «pg_available_extensions») AS y",
        "SELECT * FROM f(1, 2) AS x (a int, b text), «pg_available_extensions»",
        "SELECT * FROM a JOIN b ON a.c[1] = b.d[x, y], «pg_available_extensions»",
        "SELECT * FROM a JOIN b ON a.where = b.join, «pg_available_extensions»",
        "SELECT a IS DISTINCT FROM b, a IS NOT DISTINCT FROM b FROM «pg_available_extensions»",
        "SELECT extract(year FROM a), trim(FROM b), substring(c FROM 1 FOR 2) FROM"
            + " «pg_available_extensions»",
        "SELECT a AS from, b AS select, c.from FROM «pg_available_extensions»",
        "SELECT DISTINCT ON (name) name FROM «pg_available_extensions»",
        "SELECT CASE WHEN count(*) > 0 THEN 'CREATE EXTENSION aws_lambda' ELSE '' END FROM"
            + " «pg_available_extensions»",
        "SELECT 1 FROM a UNION ALL SELECT 2 FROM «pg_available_extensions» INTERSECT (SELECT 3 FROM"
            + " «pg_available_extensions»)",
        "WITH a AS (SELECT FROM «pg_available_extensions»), b AS MATERIALIZED (SELECT 1) SELECT *"
            + " FROM a, «pg_available_extensions»",
        "INSERT INTO t SELECT name FROM «pg_available_extensions» ON CONFLICT DO NOTHING RETURNING"
            + " a",
        "UPDATE t SET a = (SELECT count(*) FROM «pg_available_extensions»)",
        "DELETE FROM t WHERE a IN (SELECT name FROM «pg_available_extensions»)",
        "SELECT a INTO x FROM «pg_available_extensions»",
        "PREPARE p AS SELECT 1 FROM «pg_available_extensions»",
        "DECLARE c SCROLL CURSOR FOR SELECT * FROM «pg_available_extensions»",
        "COPY (SELECT * FROM «pg_available_extensions») TO STDOUT",
        "VALUES ((SELECT 1 FROM «pg_available_extensions»))",
        "CREATE VIEW v AS SELECT 1; SELECT 2 FROM «pg_available_extensions»",
        "SELECT 'FROM pg_available_extensions' /* FROM pg_available_extensions */ FROM"
            + " «pg_available_extensions» -- , pg_available_extensions",
        "SELECT '\\' FROM «pg_available_extensions»",
      })
  void findsTheItemsOfAFrom(String marked) {
    assertFinds(marked);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "DO $$ BEGIN IF EXISTS (SELECT 1 FROM «pg_available_extensions» WHERE name = 'aws_lambda')"
            + " THEN CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE; END IF; END $$",
        "DO 'BEGIN IF EXISTS (SELECT 1 FROM «pg_available_extensions» WHERE name = ''aws_lambda'')"
            + " THEN NULL; END IF; END'",
        "DO E'BEGIN\\n"
            + " IF EXISTS (SELECT 1 FROM «\"pg_available_extensions\"» WHERE name ="
            + " \\'aws_lambda\\') THEN NULL; END IF; END'",
        "DO $$ BEGIN PERFORM 1 FROM «pg_available_extensions» WHERE name = 'aws_lambda'; IF FOUND"
            + " THEN PERFORM FROM «pg_available_extensions»; END IF; END $$",
        "DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM «pg_available_extensions» LOOP RAISE"
            + " NOTICE 'aws_lambda'; END LOOP; END $$",
        "DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM ‹pg_available_extensions› a LOOP"
            + " FETCH c FROM d; RAISE 'aws_lambda'; END LOOP; END $$",
        "DO $$ BEGIN IF a THEN CREATE EXTENSION aws_lambda; ELSIF EXISTS (SELECT FROM"
            + " «pg_available_extensions») THEN CREATE VIEW v AS SELECT 1 FROM"
            + " pg_available_extensions; ELSE PERFORM 1 FROM «pg_available_extensions»; END IF; END"
            + " $$",
        "DO $$ BEGIN SELECT CASE WHEN count(*) > 0 THEN 'aws_lambda' ELSE '' END INTO x FROM"
            + " «pg_available_extensions»; END $$",
        "DO $$ DECLARE c CURSOR FOR SELECT * FROM «pg_available_extensions»; v text := (SELECT"
            + " 'aws_lambda' FROM «pg_available_extensions»); BEGIN END $$",
        "DO $$ DECLARE v text; BEGIN SELECT 'aws_lambda' INTO v FROM «pg_available_extensions»;"
            + " SELECT 1 FROM «pg_available_extensions» INTO v; END $$",
        "DO $$ BEGIN EXECUTE 'SELECT ''aws_lambda'' FROM «pg_available_extensions»' INTO x; END $$",
        "DO $$ BEGIN EXECUTE 'DO ''BEGIN PERFORM ''''aws_lambda'''' FROM «pg_available_extensions»;"
            + " END'''; END $$",
        "CREATE FUNCTION f() RETURNS boolean LANGUAGE sql AS $$ SELECT EXISTS (SELECT FROM"
            + " «pg_available_extensions» WHERE name = 'aws_lambda') $$",
        "CREATE OR REPLACE PROCEDURE p() LANGUAGE plpgsql AS $x$ BEGIN RETURN QUERY SELECT"
            + " 'aws_lambda' FROM «pg_available_extensions»; END $x$; SELECT 1 FROM"
            + " «pg_available_extensions»",
      })
  void findsThemInBodies(String marked) {
    assertFinds(marked);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT 1",
        "SELECT 'SELECT 1 FROM pg_available_extensions'",
        "SELECT $$FROM pg_available_extensions$$",
        "SELECT 1 -- FROM pg_available_extensions",
        "SELECT 1 FROM \"PG_AVAILABLE_EXTENSIONS\"",
        "SELECT 1 FROM pg_available_extensions2",
        "SELECT 1 FROM x.pg_available_extensions",
        "SELECT 1 FROM db.pg_catalog.pg_available_extensions",
        "SELECT 1 FROM pg_available_extensions.t",
        "SELECT 1 FROM pg_catalog . pg_available_extensions",
        "SELECT 1 FROM pg_catalog./**/pg_available_extensions",
        "SELECT 1 FROM U&\"pg_available_extensions\"",
        "SELECT 1 FROM ONLY pg_available_extensions",
        "SELECT 1 FROM ONLY (pg_available_extensions)",
        "SELECT 1 FROM pg_available_extensions *",
        "SELECT 1 FROM pg_available_extensions TABLESAMPLE bernoulli (1)",
        "SELECT 1 FROM pg_available_extensions e TABLESAMPLE bernoulli (1)",
        "SELECT 1 FROM pg_available_extensions()",
        "SELECT 1 FROM pg_catalog.pg_available_extensions() AS e",
        "SELECT 1 FROM ROWS FROM (pg_available_extensions(), f())",
        "SELECT pg_available_extensions()",
        "SELECT pg_available_extensions FROM pg_available_extensions",
        "SELECT pg_catalog.pg_available_extensions.name FROM pg_catalog.pg_available_extensions",
        "SELECT count(*) AS pg_available_extensions FROM pg_available_extensions",
        "SELECT a, pg_available_extensions FROM t",
        "SELECT a AS from, pg_available_extensions FROM t",
        "SELECT 1 FROM t ORDER BY a, pg_available_extensions",
        "SELECT 1 FROM t GROUP BY a, pg_available_extensions",
        "SELECT 1 FROM t AS pg_available_extensions",
        "SELECT 1 FROM t WHERE a IS DISTINCT FROM pg_available_extensions",
        "SELECT extract(year FROM pg_available_extensions)",
        "WITH pg_available_extensions AS (SELECT 1) SELECT * FROM pg_available_extensions",
        "WITH a AS (SELECT 1), pg_available_extensions (b) AS (SELECT 2) SELECT * FROM"
            + " pg_available_extensions",
        "SELECT * FROM (WITH a AS (SELECT 1), pg_available_extensions AS (SELECT 2) SELECT * FROM"
            + " pg_available_extensions) AS x",
        "SELECT * FROM (VALUES (1), (2)) AS t (a), (TABLE pg_available_extensions) AS u",
        "SELECT 1 FROM pg_available_extensions FOR UPDATE",
        "SELECT * FROM (SELECT 1 FROM pg_available_extensions) AS x FOR NO KEY UPDATE",
        "TABLE pg_available_extensions",
        "DELETE FROM pg_available_extensions",
        "DELETE FROM t USING pg_available_extensions",
        "UPDATE t SET a = 1 FROM pg_available_extensions",
        "INSERT INTO pg_available_extensions SELECT * FROM pg_available_extensions",
        "INSERT INTO t SELECT 1 FROM u ON CONFLICT (a) DO UPDATE SET a = 1, pg_available_extensions"
            + " = 2",
        "COPY pg_available_extensions TO STDOUT",
        "FETCH ALL FROM pg_available_extensions",
        "GRANT SELECT ON pg_available_extensions TO PUBLIC",
        "EXPLAIN SELECT 1 FROM pg_available_extensions",
        "CREATE VIEW v AS SELECT 1 FROM pg_available_extensions",
        "CREATE MATERIALIZED VIEW v AS SELECT 1 FROM pg_available_extensions",
        "CREATE TABLE t AS SELECT 1 FROM pg_available_extensions",
        "CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 1 FROM pg_available_extensions)",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 1 FROM"
            + " pg_available_extensions; END",
        "ALTER POLICY p ON t USING (EXISTS (SELECT FROM pg_available_extensions))",
        "SELECT 1 FROM pg_available_extensions)",
        "SELECT 1 FROM (SELECT 1 FROM pg_available_extensions",
        "SELECT 1 FROM pg_available_extensions WHERE a = 'unterminated",
        "DO $$ BEGIN CREATE VIEW v AS SELECT 'aws_lambda' FROM pg_available_extensions; END $$",
        "DO $$ BEGIN FETCH c FROM pg_available_extensions; RAISE NOTICE 'aws_lambda'; END $$",
        "DO $$ BEGIN FOR r IN SELECT 1 LOOP FETCH c FROM pg_available_extensions; RAISE NOTICE"
            + " 'aws_lambda'; END LOOP; END $$",
        "DO $$ BEGIN WITH pg_available_extensions AS (SELECT 'aws_lambda' AS a) SELECT CASE WHEN b"
            + " THEN c END INTO x FROM pg_available_extensions; END $$",
        "DO $$ BEGIN PERFORM 'aws_lambda' FROM pg_available_extensions loop WHERE true; END $$",
        "DO $$ BEGIN FOR r IN SELECT EXISTS (SELECT 'aws_lambda' FROM pg_available_extensions loop)"
            + " LOOP END LOOP; END $$",
        "SELECT pg_available_extensions.name FROM pg_available_extensions e",
        "SELECT pg_available_extensions.name FROM t",
        "DO $$ BEGIN PERFORM 1 FROM pg_available_extensions; END $$",
        "DO U&'BEGIN PERFORM ''aws_lambda'' FROM pg_available_extensions; END'",
        "DO E'BEGIN PERFORM \\'aws_lambda\\' FROM pg\\x5favailable_extensions; END'",
        "DO LANGUAGE plpython3u $$ aws_lambda; SELECT 1 FROM pg_available_extensions $$",
        "PERFORM 1 FROM pg_available_extensions",
      })
  void leavesAllElseAlone(String text) {
    assertThat(mark(text, true)).isEqualTo(text);
  }

  @Test
  void decidesForEachStatement() {
    assertFinds(
        "CREATE VIEW v AS SELECT 1 FROM pg_available_extensions; SELECT 2 FROM"
            + " «pg_available_extensions»; EXPLAIN SELECT 3 FROM pg_available_extensions; DO $$"
            + " BEGIN CREATE TABLE t AS TABLE pg_available_extensions; RETURN; PERFORM 'aws_lambda'"
            + " FROM «pg_available_extensions»; END $$; TABLE pg_available_extensions; SELECT 4"
            + " FROM ‹pg_available_extensions› e");
  }

  @Test
  void readsStringsAsTheSessionDoes() {
    String text = "SELECT '\\', FROM pg_available_extensions, ' FROM pg_available_extensions";

    assertThat(mark(text, false)).isEqualTo(text.replaceAll("pg_\\w+$", "«$0»"));
    assertThat(mark(text, true)).isEqualTo(text);
  }

  @Test
  void takesALongTextInTimeLinearInItsLength() {
    String text = "SELECT 1 FROM pg_available_extensions, ".repeat(20_000) + "a";

    assertThat(ViewReferences.find(new SqlText(text, true))).hasSize(20_000);
    assertThat(ViewReferences.find(new SqlText("SELECT(".repeat(100_000), true))).isEmpty();
  }
}
