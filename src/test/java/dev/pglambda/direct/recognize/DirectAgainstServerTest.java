package dev.pglambda.direct.recognize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.direct.recognize.DirectCall.Position;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.sql.ExtensionCall.Function;
import dev.pglambda.sql.Replacement;
import dev.pglambda.sql.SqlText;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.WireClient;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Sends generated statements to servers of each version, on which the functions return constants:
 * once as they are, and once with those constants in place of the calls that are found. The answers
 * are the same.
 */
class DirectAgainstServerTest {
  private static final int STATEMENTS = 4_000;

  private static final List<String> FUNCTIONS =
      List.of(
          "CREATE SCHEMA aws_commons",
          "CREATE SCHEMA aws_lambda",
          "CREATE TYPE aws_commons._lambda_function_arn_1 AS (function_name text, region text)",
          "CREATE FUNCTION aws_commons.create_lambda_function_arn(function_name text, region text"
              + " DEFAULT NULL) RETURNS aws_commons._lambda_function_arn_1"
              + " LANGUAGE sql AS $$ SELECT 'f'::text, 'r'::text $$",
          invoke("text", "region text DEFAULT NULL, "),
          invoke("aws_commons._lambda_function_arn_1", ""),
          "CREATE TABLE t (b text)",
          "INSERT INTO t VALUES ('b')");

  private static final List<String> FIELDS =
      List.of(
          "200::int4 AS status_code",
          "'{}'::json AS payload",
          "'v'::text AS executed_version",
          "NULL::text AS log_result");

  private static final List<String> CALLS =
      List.of(
          "aws_lambda.invoke('f', '{}'::json)",
          "AWS_LAMBDA . \"invoke\" ( function_name => 'f' , payload := '[\"(\"]'::json )",
          "aws_lambda.invoke(aws_commons.create_lambda_function_arn('f', 'r'), '{}'::json)",
          "aws_lambda.invoke(payload => to_json(ARRAY[1,2]), function_name =>"
              + " (aws_commons.create_lambda_function_arn('f')))",
          "aws_lambda.invoke((SELECT b FROM t ORDER BY b LIMIT 1), CASE WHEN 1 IS DISTINCT FROM 2"
              + " THEN '{}'::json END)",
          "aws_lambda.invoke(DISTINCT 'f', '{}'::json)",
          "aws_lambda.invoke('f', (aws_lambda.invoke('g', '{}'::json)).payload)",
          "t");

  private static final List<String> PREFIXES =
      List.of(
          "",
          "",
          "",
          "INSERT INTO t (b) ",
          "INSERT INTO public . t AS x ",
          "CREATE TABLE u AS ",
          "CREATE TEMP TABLE u ( \"as\" ) ON COMMIT DROP AS ",
          "CREATE TABLE IF NOT EXISTS u AS ",
          "WITH w AS ( SELECT 1 AS b ) ",
          "WITH RECURSIVE w ( b ) AS ( SELECT 1 ) , \"as\" AS ( TABLE w ) INSERT INTO t ",
          "EXPLAIN ( COSTS OFF ) ",
          "DECLARE c CURSOR FOR ");

  private static final List<String> TARGETS =
      List.of(
          "*",
          "",
          "x.payload::text",
          "invoke.status_code ",
          "'b' AS from ",
          "1 AS union , status_code \"FROM\" ",
          "DISTINCT status_code",
          "DISTINCT ON ( status_code ) x",
          "status_code IS NOT DISTINCT FROM 200",
          "ALL (SELECT b FROM t LIMIT 1) AS \"as\" , x.*",
          "extract(day FROM date '2020-01-02') , executed_version",
          "status_code INTO v ",
          "count(*) , (ARRAY[1,2])[1] AS as ");

  private static final List<String> ALIASES =
      List.of(
          "",
          " x",
          " AS x",
          " x ( status_code , payload , c , d )",
          " AS \"x\" ( status_code )",
          " invoke",
          " x ( status_code int , payload json )",
          " WITH ORDINALITY x",
          " TABLESAMPLE x ( 1 )");

  private static final List<String> RESTS =
      List.of(
          "",
          " WHERE status_code = 200",
          " , t",
          " CROSS JOIN ( VALUES ( 1 ) , ( 2 ) ) y ( e )",
          " LEFT JOIN t ON b IS DISTINCT FROM executed_version",
          " NATURAL FULL JOIN t",
          " GROUP BY status_code , executed_version HAVING count(*) = 1",
          " ORDER BY 1",
          " LIMIT 1 OFFSET 0",
          " FETCH FIRST 1 ROW ONLY",
          " UNION ALL SELECT 1",
          " FOR UPDATE",
          " WINDOW w AS ( ORDER BY status_code )",
          " RETURNING b",
          " ON CONFLICT DO NOTHING",
          " WITH DATA",
          " WITH NO DATA");

  private static final List<String> SELECTIONS =
      List.of("", "", ").payload", ") . \"status_code\"", ").*", ").log_result", ").b", ")[1]");

  private static final List<String> ITEM_ENDS =
      List.of(
          "",
          "",
          " x",
          " AS from",
          " AS \"where\"",
          "::text",
          " IS NULL",
          " ISNULL",
          " OVER ()",
          " , 1",
          " , b.b");

  private static final List<String> TAILS =
      List.of(
          "",
          "",
          " WHERE true",
          " WHERE 1 IS DISTINCT FROM 1",
          " LIMIT 1",
          " OFFSET 0 ROWS FETCH NEXT 1 ROW ONLY",
          " ORDER BY 1",
          " FROM t",
          " FROM ( VALUES ( 1 ) ) b ( b )",
          " UNION ALL SELECT NULL",
          " GROUP BY 1");

  private static final List<String> SPACES =
      List.of(" ", " ", " ", "\n", "/**/ ", " --(FROM'\n", "\t/* AS /* ) */ */");

  private static final Pattern SPACE = Pattern.compile(" ");

  @ParameterizedTest
  @MethodSource("dev.pglambda.testing.PostgresServer#versions")
  void findsCallsThatCanBeReplacedByWhatTheyReturn(String version) throws Exception {
    PostgresServer server = PostgresServer.of(version);
    String database = server.createDatabase();
    Random random = new Random(60);
    int inFrom = 0;
    int inTargets = 0;
    try (WireClient client =
        WireClient.connect(server.host(), server.port(), server.user(), database, null)) {
      client.query(String.join(";", FUNCTIONS));
      assertThat(client.readUntilReady()).noneMatch(ErrorResponse.class::isInstance);
      for (int i = 0; i < STATEMENTS; i++) {
        String text = spaced(random.nextBoolean() ? from(random) : targets(random), random);
        List<DirectStatement> found = DirectStatements.find(new SqlText(text, true));
        if (found.isEmpty()) {
          continue;
        }
        List<BackendMessage> answer = answer(client, text);
        String replaced = replaced(text, found.get(0));
        assertThat(answer(client, replaced)).as("%s%n%s", text, replaced).isEqualTo(answer);
        boolean works = answer.stream().noneMatch(ErrorResponse.class::isInstance);
        boolean isFrom = found.get(0).calls().get(0).position() == Position.FROM;
        inFrom += works && isFrom ? 1 : 0;
        inTargets += works && !isFrom ? 1 : 0;
      }
    } finally {
      server.dropDatabase(database);
    }
    assertThat(inFrom).isGreaterThan(STATEMENTS / 50);
    assertThat(inTargets).isGreaterThan(STATEMENTS / 50);
  }

  private static List<BackendMessage> answer(WireClient client, String sql) throws Exception {
    client.query("BEGIN").readUntilReady();
    List<BackendMessage> answer = client.query(sql).readUntilReady();
    client.query("ROLLBACK").readUntilReady();
    return answer.stream().map(DirectAgainstServerTest::comparable).toList();
  }

  /** Of an error, only its SQLSTATE: its text and position are about the text that was sent. */
  private static BackendMessage comparable(BackendMessage message) {
    return message instanceof ErrorResponse error
        ? new ErrorResponse(new ErrorFields().with(ErrorFields.SQLSTATE, error.sqlState()))
        : message;
  }

  private static String replaced(String text, DirectStatement statement) {
    List<Replacement> constants =
        statement.calls().stream()
            .map(call -> new Replacement(call.start(), call.end(), constant(call)))
            .toList();
    return Replacement.splice(text, constants);
  }

  private static String constant(DirectCall call) {
    String row = "SELECT " + String.join(", ", FIELDS);
    String name = call.named() ? "" : " AS invoke";
    if (call.position() == Position.FROM) {
      return "(" + row + ")" + name;
    }
    if (call.call().function() == Function.CREATE_LAMBDA_FUNCTION_ARN) {
      return "'(f,r)'::aws_commons._lambda_function_arn_1"
          + (call.named() ? "" : " AS create_lambda_function_arn");
    }
    String field = call.field();
    if (field == null) {
      return "(SELECT s FROM (" + row + ") s)" + name;
    }
    return field.equals("*")
        ? String.join(", ", FIELDS)
        : FIELDS.stream()
            .filter(each -> each.endsWith(field))
            .map(each -> call.named() ? each.substring(0, each.indexOf(" AS")) : each)
            .findFirst()
            .orElseThrow();
  }

  private static String from(Random random) {
    return pick(PREFIXES, random)
        + "SELECT "
        + pick(TARGETS, random)
        + (random.nextInt(8) == 0 ? " FROM LATERAL " : " FROM ")
        + pick(CALLS, random)
        + pick(ALIASES, random)
        + (random.nextBoolean() ? pick(RESTS, random) : "");
  }

  private static String targets(Random random) {
    StringBuilder text = new StringBuilder(random.nextInt(8) == 0 ? "SELECT ALL " : "SELECT ");
    for (int items = 1 + random.nextInt(2); items > 0; items--) {
      String call =
          random.nextInt(6) == 0
              ? "aws_commons.create_lambda_function_arn('f')"
              : pick(CALLS.subList(0, CALLS.size() - 1), random);
      String selection = pick(SELECTIONS, random);
      text.append(selection.isEmpty() ? call : "(" + call + selection);
      text.append(pick(ITEM_ENDS, random)).append(items > 1 ? ", " : "");
    }
    return text.append(pick(TAILS, random)).toString();
  }

  private static String spaced(String text, Random random) {
    return SPACE.matcher(text).replaceAll(space -> Matcher.quoteReplacement(pick(SPACES, random)));
  }

  private static String pick(List<String> from, Random random) {
    return Objects.requireNonNull(from.get(random.nextInt(from.size())));
  }

  private static String invoke(String nameType, String region) {
    return "CREATE FUNCTION aws_lambda.invoke(function_name "
        + nameType
        + ", payload json, "
        + region
        + "invocation_type text DEFAULT 'RequestResponse', OUT status_code int, OUT payload json,"
        + " OUT executed_version text, OUT log_result text)"
        + " LANGUAGE sql AS $$ SELECT 200, '{}'::json, 'v'::text, NULL::text $$";
  }
}
