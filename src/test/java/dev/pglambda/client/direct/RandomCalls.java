package dev.pglambda.client.direct;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Statements with calls in the positions that the proxy serves itself, made up at random; now and
 * then one that cannot be right. What docs/compatibility.md says is different is left out.
 */
final class RandomCalls {
  /** Tables, a sequence and a function that the statements use, in a schema of their own. */
  static final List<String> SETUP =
      List.of(
          "DROP SCHEMA IF EXISTS w CASCADE",
          "CREATE SCHEMA w",
          "CREATE TABLE w.t (id int PRIMARY KEY, name text)",
          "INSERT INTO w.t VALUES (1, 'echo'), (2, 'fixed'), (3, 'it''s')",
          "CREATE TABLE w.kept (n int PRIMARY KEY DEFAULT 5, reply json, replyb jsonb,"
              + " code int CHECK (code <> 204), txt text NOT NULL DEFAULT 'x')",
          "CREATE TABLE w.numbered (n int GENERATED ALWAYS AS IDENTITY, reply text)",
          "CREATE SEQUENCE w.s",
          "CREATE FUNCTION w.said(what text) RETURNS text LANGUAGE plpgsql AS $$"
              + "BEGIN RAISE NOTICE 'said %', what; RETURN what; END$$");

  /** The columns, if they are not named otherwise. */
  private static final List<String> COLUMNS =
      List.of("status_code", "payload", "executed_version", "log_result");

  private static final String[] TARGETS = {
    "*",
    "*",
    "{alias}.*",
    "{code}",
    "{code}, {payload}",
    "{payload}, {payload} AS again, {version}",
    "{alias}.{payload} AS \"Re ply\"",
    "{alias}",
    "{payload}::text AS txt, 'x', NULL",
    "{payload} ->> 'a' AS a",
    "{payload} -> 'a' -> 'b', 1",
    "upper({version}) || {code}",
    "({alias}).{log}, {code} + 1 AS next",
    "pg_typeof({payload})::text",
    "to_jsonb({alias})",
    "{int}::int + {code} AS sum",
    "{text}::text AS said, {code}",
    "{text}, {code}",
    "length({payload}::text)",
    "(SELECT count(*) FROM t WHERE id < {code})",
    "CASE {code} WHEN 200 THEN 'ok' WHEN {int}::int THEN 'int' END AS outcome",
    "1 / ({code} - 200) AS runtime",
    "!1 / 0",
    "!missing",
    "!nobody.{code}",
    "!{payload}::int",
    "({payload} ->> 'n')::int AS n",
    "row_number() OVER (ORDER BY {code})",
    "convert_from(decode({log}, 'base64'), 'UTF8') AS log",
    "said({version})",
    "nextval('s'), {code}",
    "DISTINCT {code}",
    "ALL {code}",
    "",
    "{alias} IS NULL, num_nulls({version}, {log})",
    "ROW({code}, {payload})",
    "count({code}) OVER ()",
    "count(*), max({code})",
    "json_agg({payload}), string_agg({payload}::text, ',')",
    "{code} AS \"\u00e4 b\", {payload} \"c\"\"d\""
  };

  private static final String[] CONDITIONS = {
    "{code} = 200",
    "{code} <> 200",
    "{payload} IS NOT NULL",
    "true",
    "false",
    "1 = 2",
    "NULL",
    "{true}::bool",
    "{code} IN (200, 202, 204)",
    "{version} LIKE '$%'",
    "EXISTS (SELECT 1 FROM t)",
    "{payload}::text <> {text}::text",
    "{code} > {int}::int AND {log} IS NULL",
    "1 / ({code} - 202) <> 0",
    "!missing = 1",
    "!{code}",
    "!{code} = 'x'",
    "!{payload} @> '{\"a\": 1}'",
    "NOT ({code} = 202 OR {version} IS NULL)"
  };

  private static final String[] JOINS = {
    ", t",
    ", w.t AS tt",
    " CROSS JOIN t",
    " JOIN t ON t.id < 3",
    " LEFT JOIN t ON t.id = {code}",
    " LEFT JOIN t ON true",
    " RIGHT JOIN t ON {code} = 200 + t.id",
    " JOIN t ON {payload}::text = t.id::text OR t.id > 0",
    ", generate_series(1, 3) AS g",
    ", generate_series(1, {int}::int) AS g",
    ", LATERAL (SELECT {payload}::text AS copy) AS l",
    " NATURAL JOIN t",
    "!, jsonb_each({payload})",
    "!, json_to_record({payload}) AS r (a text, n int)",
    "! JOIN missing ON true",
    ", (VALUES (1), (2)) AS v (n)",
    "! INNER JOIN t USING (id)",
    ", LATERAL said({version}) AS heard"
  };

  private static final String[] ORDERS = {
    "1",
    "{code} DESC",
    "{version} NULLS FIRST",
    "{payload}::text, {code}",
    "{code} + {int}::int",
    "!2"
  };

  private static final String[] LIMITS = {
    " LIMIT 1",
    " LIMIT ALL",
    " LIMIT NULL",
    " LIMIT {int}",
    " LIMIT {int}::int OFFSET 0",
    " OFFSET 1",
    " FETCH FIRST ROW ONLY",
    " OFFSET {int} ROWS FETCH NEXT 2 ROWS ONLY",
    " LIMIT 2 + 1"
  };

  private static final String[] UNIONS = {
    " UNION SELECT 7",
    " UNION ALL SELECT id FROM t",
    " UNION ALL (SELECT {int}::int)",
    " EXCEPT SELECT 200",
    " INTERSECT SELECT 200",
    "! UNION SELECT 'x'",
    "! UNION SELECT 1, 2"
  };

  /** Each with the target list that belongs to it. */
  private static final String[][] INSERTS = {
    {"INTO kept (n, code)", "{int}::int, {code}"},
    {"INTO kept (n, code)", "{int}, {code}"},
    {"INTO kept AS k (reply, n)", "{payload}, {int}::int"},
    {"INTO w.kept (n, replyb, code)", "1, {payload}, {code}"},
    {"INTO kept", "{code}"},
    {"INTO kept (n, txt)", "{code}, {payload}::text"},
    {"INTO kept (n, txt)", "{code}, {text}"},
    {"!INTO kept (n, missing)", "1, {payload}"},
    {"!INTO kept (n)", "{payload}"},
    {"!INTO kept (n)", "1, 2"},
    {"!INTO kept (n)", "id"},
    {"INTO numbered (reply)", "{payload}::text"},
    {"INTO numbered OVERRIDING USER VALUE", "{code}, {version}"},
    {"INTO numbered OVERRIDING SYSTEM VALUE", "{code}, {version}"},
    {"!INTO numbered", "{code}, {version}"},
    {"!INTO missing", "{code}"},
    {"INTO pg_temp.passing", "{code}, {payload}::text"}
  };

  private static final String[] CONFLICTS = {
    "",
    "",
    " ON CONFLICT DO NOTHING",
    " ON CONFLICT (n) DO UPDATE SET code = excluded.code + {int}::int",
    " ON CONFLICT (n) DO UPDATE SET txt = kept.txt || excluded.n WHERE kept.n > 0",
    "! ON CONFLICT (missing) DO NOTHING"
  };

  private static final String[] RETURNINGS = {
    "",
    "",
    " RETURNING *",
    " RETURNING n",
    " RETURNING n + {int}::int AS next",
    "! RETURNING missing"
  };

  private static final String[] TABLES = {
    "CREATE TABLE # AS ",
    "CREATE TEMP TABLE # AS ",
    "CREATE TEMPORARY TABLE # ON COMMIT DROP AS ",
    "CREATE UNLOGGED TABLE w.# WITH (fillfactor = 70) AS ",
    "create local temp table #\nas "
  };

  private static final String[] CONSTANTS = {
    "1 AS one",
    "'x'",
    "NULL AS nothing",
    "-1.5",
    "true AS \"T\"",
    "{int}::int + 1 AS n",
    "{text}::text AS said",
    "({text})::text",
    "'a' || 'b'",
    "{text}",
    "!missing",
    "!1 / 0"
  };

  private final Random random;
  private final boolean installed;
  private int tables;

  /**
   * @param installed whether there may be what only the extension has
   */
  RandomCalls(Random random, boolean installed) {
    this.random = random;
    this.installed = installed;
  }

  /**
   * A statement.
   *
   * @param parameters what its parameters are for, in order
   */
  record Statement(String sql, List<RandomExpressions.Kind> parameters) {}

  /** The next statement. */
  Statement next(boolean mayHaveParameters) {
    RandomExpressions expressions = new RandomExpressions(random, mayHaveParameters);
    Maker maker = new Maker(expressions, new RandomArguments(random, expressions, installed));
    String sql =
        switch (random.nextInt(10)) {
          case 0, 1, 2, 3 -> maker.select();
          case 4, 5 -> maker.insert();
          case 6 -> maker.createTable();
          default -> maker.targets();
        };
    return new Statement(sql, expressions.parameters());
  }

  /** Makes one statement. */
  private final class Maker {
    private final RandomExpressions expressions;
    private final RandomArguments arguments;

    private Maker(RandomExpressions expressions, RandomArguments arguments) {
      this.expressions = expressions;
      this.arguments = arguments;
    }

    private boolean oneIn(int count) {
      return random.nextInt(count) == 0;
    }

    /** The first item of FROM, and how its columns are called. */
    private record Item(String sql, Map<String, String> columns) {}

    private Item item() {
      String call = arguments.invoke();
      if (oneIn(2)) {
        return new Item((oneIn(20) ? "LATERAL " : "") + call, columns("invoke", COLUMNS));
      }
      String alias = expressions.one("i", "i", "\"Odd\"", "payload");
      int named = oneIn(2) ? 0 : random.nextInt(6);
      List<String> names = IntStream.range(0, named).mapToObj(i -> "c" + i).toList();
      List<String> all = new ArrayList<>(COLUMNS);
      for (int i = 0; i < Math.min(named, all.size()); i++) {
        all.set(i, names.get(i));
      }
      String list = named == 0 ? "" : " (" + String.join(", ", names) + ")";
      return new Item(call + (oneIn(2) ? " AS " : " ") + alias + list, columns(alias, all));
    }

    private static Map<String, String> columns(String alias, List<String> names) {
      return Map.of(
          "alias",
          alias,
          "code",
          names.get(0),
          "payload",
          names.get(1),
          "version",
          names.get(2),
          "log",
          names.get(3));
    }

    private String select() {
      Item item = item();
      if (oneIn(12)) {
        String first = "SELECT " + item.columns().get("code") + " FROM " + item.sql();
        return first + expressions.one(UNIONS) + (oneIn(2) ? "" : " ORDER BY 1");
      }
      String select = "SELECT " + expressions.one(item.columns(), TARGETS) + " FROM " + item.sql();
      boolean joined = oneIn(3);
      String rest =
          (joined ? expressions.one(item.columns(), JOINS) : "")
              + (oneIn(3) ? " WHERE " + expressions.one(item.columns(), CONDITIONS) : "")
              + (oneIn(8) ? " GROUP BY " + item.columns().get("code") : "")
              + (oneIn(6) ? " ORDER BY " + expressions.one(item.columns(), ORDERS) : "")
              + (oneIn(6) ? expressions.one(LIMITS) : "")
              + (oneIn(30) ? " FOR UPDATE" + (joined ? " OF t" : "") : "");
      return with(item) + select + rest + (oneIn(10) ? " " : "") + (oneIn(10) ? ";" : "");
    }

    /** Not if an argument has a sub-query. */
    private String with(Item item) {
      boolean subQuery = item.sql().matches("(?is).*\\b(select|values|table|with)\\b.*");
      return subQuery || !oneIn(10)
          ? ""
          : expressions.one(
              "WITH w AS (SELECT 1 AS n) ",
              "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) ",
              "WITH w AS MATERIALIZED (SELECT {int}::int), v AS (SELECT said('with')) ",
              "WITH done AS (INSERT INTO numbered (reply) VALUES ('with') RETURNING n) ");
    }

    private String insert() {
      Item item = item();
      String[] insert = INSERTS[random.nextInt(INSERTS.length)];
      while (insert[0].startsWith("!") && !expressions.errs()) {
        insert = INSERTS[random.nextInt(INSERTS.length)];
      }
      return with(item)
          + "INSERT "
          + insert[0].replace("!", "")
          + " SELECT "
          + expressions.one(item.columns(), insert[1])
          + " FROM "
          + item.sql()
          + (oneIn(5) ? ", t" : "")
          + (oneIn(6) ? " WHERE " + expressions.one(item.columns(), CONDITIONS) : "")
          + expressions.one(CONFLICTS)
          + expressions.one(RETURNINGS);
    }

    private String createTable() {
      Item item = item();
      String table = expressions.one(TABLES).replace("#", "made_" + tables++);
      return table
          + "SELECT "
          + expressions.one(
              item.columns(),
              "*",
              "{code}, {payload}",
              "{code}, {payload}::text AS x",
              "{int}::int AS n, {version}",
              "!missing")
          + " FROM "
          + item.sql()
          + (oneIn(4) ? expressions.one(item.columns(), ", generate_series(1, 3) AS g", "") : "")
          + (oneIn(6) ? " WHERE " + expressions.one(item.columns(), CONDITIONS) : "")
          + (oneIn(4) ? " WITH DATA" : "");
    }

    private String targets() {
      List<String> items = new ArrayList<>();
      for (int i = 1 + (oneIn(2) ? 0 : random.nextInt(3)); i > 0; i--) {
        items.add(target());
      }
      for (int i = oneIn(2) ? 0 : random.nextInt(3); i > 0; i--) {
        items.add(random.nextInt(items.size() + 1), expressions.one(CONSTANTS));
      }
      if (oneIn(10)) {
        items.clear();
      }
      if (items.isEmpty() || oneIn(8)) {
        items.add(arguments.arn()); // its arguments are evaluated behind the calls
      }
      return (oneIn(10) ? "SELECT ALL " : "SELECT ")
          + String.join(oneIn(4) ? ",\n" : ", ", items)
          + (oneIn(5)
              ? expressions.one(
                  " WHERE true",
                  " WHERE false",
                  " WHERE 1 = 2",
                  " WHERE {true}::bool",
                  " WHERE {int}::int > 0",
                  " WHERE false AND {true}::bool",
                  " LIMIT 1",
                  " LIMIT 0",
                  " FETCH FIRST ROW ONLY",
                  " LIMIT {int}")
              : "");
    }

    private String target() {
      String alias = expressions.one("", "", "", " AS x", " y", " \"Z z\"");
      return switch (random.nextInt(8)) {
        case 0, 1, 2, 3 -> arguments.invoke() + alias;
        case 4 -> "(" + arguments.invoke() + ").*";
        default ->
            "("
                + arguments.invoke()
                + ")."
                + expressions.one(
                    "payload", "payload", "status_code", "executed_version", "\"log_result\"")
                + alias;
      };
    }
  }
}
