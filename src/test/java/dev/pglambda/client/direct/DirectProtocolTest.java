package dev.pglambda.client.direct;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.client.direct.CallingModes.Heard;
import dev.pglambda.testing.Reply;
import dev.pglambda.testing.ServerMessage.DataRow;
import dev.pglambda.testing.ServerMessage.ParameterDescription;
import dev.pglambda.testing.WireClient;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls in the extended protocol are answered message by message as with the extension. */
@ParameterizedClass
@MethodSource("dev.pglambda.client.direct.CallingModes#ofOldestAndNewestVersion")
@Timeout(120)
class DirectProtocolTest {
  private static final int INT4 = 23;
  private static final int TEXT = 25;
  private static final int JSON = 114;

  private static final String CALL =
      "SELECT status_code, payload FROM aws_lambda.invoke($1, $2::json)";
  private static final String FIVE_ROWS =
      "SELECT n, payload FROM aws_lambda.invoke('echo', $1::json), generate_series(1, 5) AS n";

  private static final String PATIENT =
      "SET aws_lambda.request_timeout_ms = 60000; SET application_name = 'of the test'";
  private static final String OTHERS =
      "SELECT %s(pid) FROM pg_stat_activity"
          + " WHERE application_name = 'of the test' AND datname = current_database()";

  private final CallingModes modes;

  DirectProtocolTest(CallingModes modes) throws Exception {
    this.modes = modes;
    modes.on("echo", Reply.echo());
    modes.on("failing", Reply.functionError("{\"errorMessage\": \"no\"}"));
    modes.on("held", Reply.echo().held());
    modes.prepare("CREATE TABLE IF NOT EXISTS kept (n int PRIMARY KEY, reply json)");
    modes.prepare("TRUNCATE kept");
  }

  @Test
  void aNamedStatementIsExecutedAgainWithOtherParameters() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("s", CALL).sync();
              talk.readUntilReady();
              for (int i = 1; i <= 7; i++) {
                client.bind("", "s", List.of("echo", "" + i)).describePortal("");
                client.execute("", 0).sync();
                talk.readUntilReady();
              }
              client.closeStatement("s").sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("1<I>" + "2TDC<I>".repeat(7) + "3<I>");
    assertThat(heard.payloads()).containsExactly("1", "2", "3", "4", "5", "6", "7");
  }

  /** Whether its calls are reached is asked before them; their row is made after them. */
  @Test
  void aConditionIsEvaluatedOnceForEachExecution() throws Exception {
    modes.prepare("DROP SEQUENCE IF EXISTS evaluations");
    modes.prepare("CREATE SEQUENCE evaluations");
    String condition = " WHERE nextval('evaluations') %s LIMIT 1";
    String star = "SELECT (aws_lambda.invoke('echo', '1'::json)).*" + condition;
    String two =
        "SELECT aws_lambda.invoke('echo', $1::json), (aws_lambda.invoke('echo', '2'::json)).payload"
            + condition;
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.query(star.formatted("> 0")).query(star.formatted("< 0"));
              talk.readUntilReady().readUntilReady();
              client.parse("s", two.formatted("> 0")).describeStatement("s").sync();
              talk.readUntilReady();
              for (int i = 1; i <= 7; i++) {
                client.bind("", "s", List.of("1")).execute("", 0).sync();
                talk.readUntilReady();
              }
              for (String wrong : List.of("", "= missing", "> generate_series(1, 2)")) {
                client.query(star.formatted(wrong));
                talk.readUntilReady();
              }
            });

    assertThat(heard.types())
        .isEqualTo("TDC<I>TC<I>" + "1tT<I>" + "2DC<I>".repeat(7) + "E<I>".repeat(3));
    assertThat(heard.sqlStates()).containsExactly("42804", "42703", "0A000");
    assertThat(heard.payloads()).hasSize(4 + 2 * 7);
    assertThat(modes.rows("SELECT last_value FROM evaluations")).containsExactly("9");
  }

  @Test
  void theUnnamedStatementIsExecutedAgain() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("", CALL).bind("", "", List.of("echo", "1")).execute("", 0);
              client.bind("", "", List.of("echo", "2")).execute("", 0).sync();
              talk.readUntilReady();
              client.bind("", "", List.of("echo", "3")).execute("", 0).sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("12DC2DC<I>2DC<I>");
    assertThat(heard.payloads()).containsExactly("1", "2", "3");
  }

  @Test
  void aStatementIsDescribedBeforeItIsBound() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("s", CALL).describeStatement("s").flush();
              talk.read(3);
              client.describeStatement("s").sync();
              talk.readUntilReady();
              assertThat(talk.requestsSoFar()).isZero();
              client.bind("p", "s", List.of("echo", "{}")).describePortal("p").flush();
              talk.read(2);
              assertThat(talk.requestsSoFar()).isZero();
              client.execute("p", 0).sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("1tTtT<I>2TDC<I>");
    assertThat(heard.only(ParameterDescription.class))
        .allSatisfy(parameters -> assertThat(parameters.typeOids()).containsExactly(TEXT, JSON));
    assertThat(heard.payloads()).containsExactly("{}");
  }

  @Test
  void parametersHaveTheTypesThatTheClientSays() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              String sql = "SELECT payload, $3 AS n FROM aws_lambda.invoke($1, $2)";
              client.parse("s", sql, TEXT, JSON, INT4).describeStatement("s");
              client.bind("", "s", List.of("echo", "1", "7")).execute("", 0).sync();
              talk.readUntilReady();
              client.parse("t", sql, 0, JSON).describeStatement("t");
              client.bind("", "t", List.of("echo", "2", "x")).execute("", 0).sync();
              talk.readUntilReady();
              client.parse("u", sql, INT4, JSON).describeStatement("u").sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("1tT2DC<I>1tT2DC<I>E<I>");
    assertThat(heard.sqlStates()).containsExactly("42883");
    assertThat(heard.payloads()).containsExactly("1", "2");
  }

  @Test
  void aNameIsGivenToOtherStatements() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("s", CALL).closeStatement("s").parse("s", "SELECT 1");
              client.bind("", "s", List.of()).execute("", 0).sync();
              talk.readUntilReady();
              client.parse("s", CALL).sync(); // there is one
              talk.readUntilReady();
              client.bind("", "s", List.of()).execute("", 0).sync();
              talk.readUntilReady();
              client.closeStatement("s").parse("s", CALL);
              client.bind("", "s", List.of("echo", "1")).execute("", 0).sync();
              talk.readUntilReady();
              client.parse("", CALL).parse("", "SELECT 2");
              client.bind("", "", List.of()).execute("", 0).sync();
              talk.readUntilReady();
              client.query("DEALLOCATE ALL").bind("", "s", List.of("echo", "2")).sync();
              talk.readUntilReady().readUntilReady();
              client.closeStatement("s").parse("s", "SELECT 3").bind("", "s", List.of());
              client.execute("", 0).sync();
              talk.readUntilReady();
            });

    assertThat(heard.types())
        .isEqualTo("13" + "12DC<I>" + "E<I>" + "2DC<I>" + "312DC<I>" + "112DC<I>C<I>E<I>312DC<I>");
    assertThat(heard.sqlStates()).containsExactly("42P05", "26000");
    assertThat(heard.payloads()).containsExactly("1");
  }

  @Test
  void aSimpleQueryEndsTheUnnamedStatementAndPortal() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.query("BEGIN").parse("", CALL).bind("", "", List.of("echo", "1"));
              client.parse("s", CALL).bind("p", "s", List.of("echo", "2")).sync();
              talk.readUntilReady().readUntilReady();
              client.query("SELECT payload FROM aws_lambda.invoke('echo', '3'::json)");
              talk.readUntilReady();
              client.execute("p", 0).bind("", "s", List.of("echo", "4")).execute("", 0).sync();
              talk.readUntilReady();
              client.bind("", "", List.of("echo", "5")).sync();
              talk.readUntilReady();
              client.query("ROLLBACK");
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("C<T>1212<T>TDC<T>DC2DC<T>E<E>C<I>");
    assertThat(heard.sqlStates()).containsExactly("26000");
    assertThat(heard.payloads()).containsExactly("3", "2", "4");
  }

  /** Whether it fails before the call, in it, or when its rows are made. */
  @Test
  void noStatementIsLeftBehindAQueryThatFails() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              for (String query :
                  List.of(
                      "SELECT missing FROM aws_lambda.invoke('echo', '1'::json)",
                      "SELECT payload FROM aws_lambda.invoke('failing', '2'::json)",
                      "SELECT 1 / (status_code - 200) FROM aws_lambda.invoke('echo', '3'::json)")) {
                client.query(query);
                talk.readUntilReady();
                client.bind("", "", List.of()).sync();
                talk.readUntilReady();
                client.query(query).parse("", "SELECT 4").sync();
                talk.readUntilReady().readUntilReady();
                client.bind("", "", List.of()).execute("", 0).sync();
                talk.readUntilReady();
              }
            });

    assertThat(heard.sqlStates())
        .containsExactly(
            "42703", "26000", "42703", "38000", "26000", "38000", "22012", "26000", "22012");
  }

  /** Not even where PostgreSQL takes a Query behind an Execute for a part of a pipeline. */
  @Test
  void aQueryBehindAParseIsATransactionOfItsOwn() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("s", CALL).query("CREATE TEMP TABLE kept ()");
              talk.readUntilReady();
              client.parse("", CALL).bind("", "", List.of("echo", "1"));
              client.query("SELECT payload FROM aws_lambda.invoke('echo', '2'::json)");
              talk.readUntilReady();
              client.query("ROLLBACK");
              talk.readUntilReady();
              client.query("SELECT FROM kept");
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("1C<I>12TDC<I>NC<I>TC<I>");
    assertThat(heard.payloads()).containsExactly("2");
  }

  @Test
  void aPortalIsExecutedInPiecesForOneRequest() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("", FIVE_ROWS).bind("", "", List.of("[1]")).describePortal("");
              client.execute("", 2).flush();
              talk.read(6);
              client.execute("", 2).execute("", 2).execute("", 1).sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("12TDDsDDsDCC<I>");
    assertThat(heard.payloads()).containsExactly("[1]");
  }

  @Test
  void portalsTakeTurnsInATransaction() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.query("BEGIN").parse("s", FIVE_ROWS).sync();
              talk.readUntilReady().readUntilReady();
              client.bind("p", "s", List.of("1")).bind("q", "s", List.of("2")).execute("p", 1);
              client.sync();
              talk.readUntilReady();
              client.execute("q", 3).execute("p", 1).sync();
              talk.readUntilReady();
              client.closePortal("q").execute("p", 0).sync();
              talk.readUntilReady();
              client.execute("q", 0).sync();
              talk.readUntilReady();
              client.query("ROLLBACK").execute("p", 0).sync();
              talk.readUntilReady().readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("C<T>1<T>22Ds<T>DDDsDs<T>3DDDC<T>E<E>C<I>E<I>");
    assertThat(heard.sqlStates()).containsExactly("34000", "34000");
    assertThat(heard.payloads()).containsExactly("1", "2");
  }

  @Test
  void nothingIsAskedBeforeAPortalIsExecuted() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("s", CALL).bind("", "s", List.of("echo", "1")).describePortal("").sync();
              talk.readUntilReady();
              client.bind("p", "s", List.of("echo", "2")).closePortal("p").execute("p", 0).sync();
              talk.readUntilReady();
              client.bind("p", "s", List.of("echo", "3")).bind("p", "s", List.of("echo", "4"));
              client.execute("p", 0).sync();
              talk.readUntilReady();
              client.bind("", "s", List.of("echo", "5")).bind("", "s", List.of("echo", "6"));
              client.execute("", 0).sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("12T<I>23E<I>2E<I>22DC<I>");
    assertThat(heard.sqlStates()).containsExactly("34000", "42P03");
    assertThat(heard.payloads()).containsExactly("6");
  }

  @ParameterizedTest
  @CsvSource({"0, 08P01", "1, 08P01", "3, 08P01"})
  void theNumberOfParametersMustBeRight(int count, String sqlState) throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("s", CALL).sync();
              talk.readUntilReady();
              client.bind("", "s", List.of("echo", "1", "2").subList(0, count));
              client.execute("", 0).sync();
              talk.readUntilReady();
              client.parse("", CALL).bind("", "", List.of("echo", "1", "2").subList(0, count));
              client.execute("", 0).sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("1<I>E<I>1E<I>");
    assertThat(heard.sqlStates()).containsExactly(sqlState, sqlState);
    assertThat(heard.payloads()).isEmpty();
  }

  @Test
  void aBadParameterIsRefusedBeforeAnythingIsAsked() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("s", CALL).bind("p", "s", List.of("echo", "{")).execute("p", 0).sync();
              talk.readUntilReady();
              client.bindBinary("", "s", List.of(7, 0), List.of("echo".getBytes(UTF_8), octets(1)));
              client.execute("", 0).sync();
              talk.readUntilReady();
              client.bindBinary("", "s", List.of(1), List.of(octets(0xff), octets('1')));
              client.execute("", 0).sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("1E<I>E<I>E<I>");
    assertThat(heard.sqlStates()).containsExactly("22P02", "22023", "22021");
    assertThat(heard.payloads()).isEmpty();
  }

  @Test
  void aSimpleQueryOrAParseThatFailsLeavesNoUnnamedStatement() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client
                  .parse("", CALL)
                  .sync()
                  .query("SELECT payload FROM aws_lambda.invoke('echo', '1'::json)");
              client.bind("", "", List.of()).sync();
              client.parse("", CALL).sync().query("SELECT 2").bind("", "", List.of()).sync();
              client.parse("", CALL).parse("", "SELECT aws_lambda.invoke('echo')").sync();
              client.bind("", "", List.of("echo", "3")).execute("", 0).sync();
              for (int i = 0; i < 8; i++) {
                talk.readUntilReady();
              }
            });

    assertThat(heard.sqlStates()).containsExactly("26000", "26000", "42883", "26000");
    assertThat(heard.payloads()).containsExactly("1");
  }

  @Test
  void whatIsWrittenToANewTableIsPlannedWhenItIsExecuted() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse(
                  "",
                  "CREATE TABLE new AS SELECT payload FROM aws_lambda.invoke('echo', to_json(1 /"
                      + " 0))");
              client.bind("", "", List.of()).execute("", 0).sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("12E<I>");
    assertThat(heard.payloads()).isEmpty();
  }

  @Test
  void parametersAndResultsAreBinary() throws Exception {
    String sql =
        "SELECT status_code, payload, executed_version, i, $3::int AS n"
            + " FROM aws_lambda.invoke($1::text, $2::jsonb) AS i";
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("s", sql);
              byte[] jsonb = "\u0001{\"b\": 1, \"a\": 2}".getBytes(UTF_8);
              byte[] seven = ByteBuffer.allocate(4).putInt(7).array();
              client.bindBinary(
                  "", "s", List.of(1, 1, 1), List.of("echo".getBytes(UTF_8), jsonb, seven));
              client.describePortal("").execute("", 0);
              client.bindBinary(
                  "",
                  "s",
                  List.of(0, 1, 0),
                  List.of("echo".getBytes(UTF_8), jsonb, "8".getBytes(UTF_8)));
              client.describePortal("").execute("", 0);
              client.bind("", "s", List.of("echo", "3", "9"), 1).execute("", 0).sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("12TDC2TDC2DC<I>");
    assertThat(heard.only(DataRow.class).get(0).values().get(0))
        .isEqualTo(ByteBuffer.allocate(4).putInt(0, 200));
    assertThat(heard.payloads())
        .containsExactly("{\"a\": 2, \"b\": 1}", "{\"a\": 2, \"b\": 1}", "3");
  }

  @Test
  void nullParametersAreNull() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              String sql = "SELECT payload, $4::text AS t FROM aws_lambda.invoke($1, $2::json, $3)";
              client.parse("s", sql);
              client.bind("", "s", Arrays.asList("echo", "1", null, null));
              client.execute("", 0).sync();
              talk.readUntilReady();
              client.bind("", "s", Arrays.asList(null, "2", null, null));
              client.describePortal("").execute("", 0).sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("12DC<I>2TE<I>");
    assertThat(heard.sqlStates()).containsExactly("22004");
    assertThat(heard.payloads()).containsExactly("1");
  }

  @Test
  void otherStatementsOfAPipelineAreOneTransactionWithACall() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("i", "INSERT INTO kept VALUES ($1)").parse("c", CALL);
              client.bind("", "i", List.of("1")).execute("", 0);
              client.bind("", "c", List.of("echo", "1")).describePortal("").execute("", 0);
              client.bind("", "i", List.of("2")).execute("", 0).sync();
              talk.readUntilReady();
              client.bind("", "i", List.of("3")).execute("", 0);
              client.bind("", "c", List.of("echo", "2")).execute("", 0);
              client.bind("", "i", List.of("1")).execute("", 0);
              client.bind("", "c", List.of("echo", "3")).execute("", 0).sync();
              talk.readUntilReady();
              client.query("SELECT n FROM kept ORDER BY n");
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("112C2TDC2C<I>2C2DC2E<I>TDDC<I>");
    assertThat(heard.sqlStates()).containsExactly("23505");
    assertThat(heard.payloads()).containsExactly("1", "2");
  }

  @Test
  void nothingIsAskedBehindAnError() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("", "SELECT nothing").parse("s", CALL);
              client.bind("", "s", List.of("echo", "1")).execute("", 0).sync();
              client.parse("s", CALL).bind("", "s", List.of("echo", "2")).execute("", 0).sync();
              talk.readUntilReady().readUntilReady();
              client.parse("", "SELECT 1 / $1::int").bind("", "", List.of("0")).execute("", 0);
              client.bind("", "s", List.of("echo", "3")).execute("", 0).sync();
              talk.readUntilReady();
              client.bind("", "none", List.of()).flush();
              talk.read(1);
              client.query("SELECT (aws_lambda.invoke('echo', '4'::json)).payload").sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("E<I>12DC<I>1E<I>E<I>");
    assertThat(heard.payloads()).containsExactly("2");
  }

  @Test
  void everythingIsSkippedBehindACallThatFails() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("i", "INSERT INTO kept VALUES ($1)").parse("c", CALL);
              client.bind("", "i", List.of("1")).execute("", 0);
              client.bind("", "c", List.of("failing", "1")).describePortal("").execute("", 0);
              client.bind("", "i", List.of("2")).execute("", 0).flush();
              client.parse("x", "SELECT 1").query("SELECT 2").sync();
              client.query("SELECT count(*) FROM kept").bind("", "x", List.of()).sync();
              talk.readUntilReady().readUntilReady().readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("112C2TE<I>TDC<I>E<I>");
    assertThat(heard.sqlStates()).containsExactly("38000", "26000");
    assertThat(heard.payloads()).containsExactly("1");
  }

  @Test
  void aPipelineHasSeveralCalls() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("s", CALL).bind("a", "s", List.of("echo", "1")).execute("a", 0);
              client.parse("", "SELECT (aws_lambda.invoke('echo', $1::json)).payload");
              client.bind("", "", List.of("2")).describePortal("").execute("", 0);
              client.parse(
                  "",
                  "INSERT INTO kept SELECT 1, payload FROM aws_lambda.invoke('echo', '3'::json)");
              client.bind("", "", List.of()).describePortal("").execute("", 0).flush();
              client.bind("b", "s", List.of("echo", "4")).execute("b", 0).sync();
              client.bind("", "s", List.of("echo", "5")).execute("", 0).sync();
              client.query("SELECT aws_lambda.invoke('echo', '6'::json)");
              client.query("SELECT n, reply FROM kept");
              for (int i = 0; i < 4; i++) {
                talk.readUntilReady();
              }
            });

    assertThat(heard.types()).isEqualTo("12DC12TDC12nC2DC<I>2DC<I>TDC<I>TDC<I>");
    assertThat(heard.payloads()).containsExactly("1", "2", "3", "4", "5", "6");
  }

  @Test
  void queriesAreAnsweredInOrder() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client
                  .query("SELECT 1")
                  .query("SELECT payload FROM aws_lambda.invoke('echo', '1'::json)");
              client.query("SELECT nothing FROM aws_lambda.invoke('echo', '2'::json)");
              client.query("SELECT payload FROM aws_lambda.invoke('failing', '3'::json)");
              client.query("SELECT 2; SELECT 3").query("BEGIN");
              client.query("SELECT payload FROM aws_lambda.invoke('failing', '4'::json)");
              client.query("SELECT payload FROM aws_lambda.invoke('echo', '5'::json)");
              client
                  .query("ROLLBACK")
                  .query("SELECT (aws_lambda.invoke('echo', '6'::json)).payload");
              for (int i = 0; i < 10; i++) {
                talk.readUntilReady();
              }
            });

    assertThat(heard.types()).isEqualTo("TDC<I>TDC<I>E<I>TE<I>TDCTDC<I>C<T>TE<E>E<E>C<I>TDC<I>");
    assertThat(heard.payloads()).containsExactly("1", "3", "4", "6");
  }

  @Test
  void flushBringsEachReplyWithoutSync() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("", CALL).flush();
              talk.read(1);
              client.bind("", "", List.of("echo", "1")).flush();
              talk.read(1);
              client.describePortal("").flush();
              talk.read(1);
              client.execute("", 0).flush();
              talk.read(2);
              client.closePortal("").flush().flush();
              talk.read(1);
              client.sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("12TDC3<I>");
    assertThat(heard.payloads()).containsExactly("1");
  }

  @Test
  void aPortalThatIsDoneAsksNothingMore() throws Exception {
    String insert =
        "INSERT INTO kept SELECT 1, payload FROM aws_lambda.invoke('echo', $1::json) RETURNING n";
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("s", CALL).bind("p", "s", List.of("echo", "1"));
              client.execute("p", 0).execute("p", 0).execute("p", 1).sync();
              talk.readUntilReady();
              client.parse("i", insert).bind("p", "i", List.of("2"));
              client.execute("p", 1).execute("p", 1).execute("p", 0).sync();
              talk.readUntilReady();
              client.parse(
                  "",
                  "CREATE TABLE made AS SELECT payload FROM aws_lambda.invoke('echo', '3'::json)");
              client
                  .bind("", "", List.of())
                  .describePortal("")
                  .execute("", 0)
                  .execute("", 0)
                  .sync();
              talk.readUntilReady();
              client.query("SELECT to_regclass('made') IS NULL AS undone");
              talk.readUntilReady();
            });

    assertThat(heard.types()).startsWith("12DCCC<I>12D");
    assertThat(heard.payloads()).containsExactly("1", "2", "3");
  }

  @Test
  void aFailedTransactionAsksNothing() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client
                  .parse("s", CALL)
                  .sync()
                  .query("BEGIN")
                  .query("SAVEPOINT a")
                  .query("SELECT 1/0");
              for (int i = 0; i < 4; i++) {
                talk.readUntilReady();
              }
              client.bind("", "s", List.of("echo", "1")).execute("", 0).sync();
              talk.readUntilReady();
              client.parse("", CALL).sync();
              talk.readUntilReady();
              client.describeStatement("s").sync();
              talk.readUntilReady();
              client.query("ROLLBACK TO a");
              client.bind("", "s", List.of("echo", "2")).execute("", 0).sync();
              talk.readUntilReady().readUntilReady();
              client.query("COMMIT");
              talk.readUntilReady();
            });

    assertThat(heard.sqlStates()).containsExactly("22012", "25P02", "25P02", "25P02");
    assertThat(heard.payloads()).containsExactly("2");
  }

  @Test
  void nothingOfTheProxysIsSeen() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.query("BEGIN").parse("s", CALL).bind("p", "s", List.of("echo", "1"));
              client.execute("p", 0).sync();
              client.query("SELECT name FROM pg_prepared_statements");
              client.query("SELECT name FROM pg_cursors");
              client.query("COMMIT");
              client.query("SELECT payload FROM aws_lambda.invoke('echo', '2'::json)");
              client.query("SELECT name FROM pg_prepared_statements");
              for (int i = 0; i < 7; i++) {
                talk.readUntilReady();
              }
            });

    assertThat(heard.types()).isEqualTo("C<T>12DC<T>TDC<T>TDC<T>C<I>TDC<I>TDC<I>");
    assertThat(heard.payloads()).containsExactly("1", "2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "INSERT INTO kept SELECT 1, payload FROM aws_lambda.invoke('echo', '1'::json)",
        "INSERT INTO kept VALUES (1, '\"aws_lambda.invoke(1)\"')"
      })
  void theFirstStatementOfASessionIsCommitted(String insert) throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.query(insert);
              talk.readUntilReady();
              client.query("SELECT nothing");
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("C<I>E<I>");
    assertThat(modes.rows("SELECT count(*) FROM kept")).containsExactly("1");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theRequestEndsWithTheSession(boolean orderly) throws Exception {
    modes.hold(
        talk -> {
          WireClient client = talk.client();
          int aborted = talk.lambda().aborted();
          client.parse("", "SET aws_lambda.request_timeout_ms = 60000");
          client.bind("", "", List.of()).execute("", 0).sync();
          talk.readUntilReady();
          client.parse("", CALL).bind("", "", List.of("held", "1")).execute("", 0).sync();
          talk.awaitRequests(1);
          if (orderly) {
            client.terminate().flushOut();
          }
          client.close();
          talk.lambda().awaitAborted(aborted + 1);
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aCancelRequestEndsACall(boolean simple) throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              int aborted = talk.lambda().aborted();
              client.query("SET aws_lambda.request_timeout_ms = 60000").query("BEGIN");
              talk.readUntilReady().readUntilReady();
              if (simple) {
                client.query("SELECT payload FROM aws_lambda.invoke('held', '1'::json)");
              } else {
                client.parse("", CALL).bind("", "", List.of("held", "1")).describePortal("");
                client.execute("", 0).parse("", "SELECT 1").sync();
              }
              talk.awaitRequests(1);
              client.cancel();
              talk.readUntilReady();
              talk.lambda().awaitAborted(aborted + 1);
              client
                  .query("ROLLBACK")
                  .query("SELECT payload FROM aws_lambda.invoke('echo', '2'::json)");
              talk.readUntilReady().readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("C<I>C<T>" + (simple ? "T" : "12T") + "E<E>C<I>TDC<I>");
    assertThat(heard.sqlStates()).containsExactly("57014");
    assertThat(heard.payloads()).containsExactly("1", "2");
  }

  @Test
  void anotherSessionEndsTheSessionOfACall() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              int aborted = talk.lambda().aborted();
              client
                  .query(PATIENT)
                  .query("SELECT payload FROM aws_lambda.invoke('held', '1'::json)");
              talk.readUntilReady();
              talk.awaitRequests(1);
              assertThat(talk.elsewhere(OTHERS.formatted("pg_terminate_backend")))
                  .containsExactly("t");
              talk.readUntilReady();
              talk.lambda().awaitAborted(aborted + 1);
            });

    assertThat(heard.types()).endsWith("<I>TE.");
    assertThat(heard.sqlStates()).containsExactly("57P01");
  }

  /** The server is idle while the proxy calls: docs/compatibility.md. */
  @Test
  void pgCancelBackendDoesNotEndADirectCall() throws Exception {
    Heard heard =
        modes.holdDirectly(
            talk -> {
              WireClient client = talk.client();
              client
                  .query(PATIENT)
                  .query("SELECT payload FROM aws_lambda.invoke('held', '1'::json)");
              talk.readUntilReady();
              talk.awaitRequests(1);
              assertThat(talk.elsewhere(OTHERS.formatted("pg_cancel_backend")))
                  .containsExactly("t");
              talk.lambda().release();
              talk.readUntilReady();
            });

    assertThat(heard.types()).endsWith("<I>TDC<I>");
  }

  @Test
  void aPreparedCallOutlivesTheInstallation() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("s", CALL).bind("", "s", List.of("echo", "1")).execute("", 0).sync();
              client.query("BEGIN").query("SET LOCAL client_min_messages = warning");
              client.query("CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE");
              client.bind("", "s", List.of("echo", "2")).execute("", 0).sync();
              client.parse("t", CALL).bind("", "t", List.of("echo", "3")).execute("", 0).sync();
              client.query("ROLLBACK");
              client.bind("", "s", List.of("echo", "4")).execute("", 0).sync();
              for (int i = 0; i < 8; i++) {
                talk.readUntilReady();
              }
            });

    assertThat(heard.types())
        .isEqualTo("12DC<I>" + "C<T>".repeat(3) + "2DC<T>12DC<T>" + "C<I>" + "2DC<I>");
    assertThat(heard.payloads()).containsExactly("1", "2", "3", "4");
  }

  @Test
  void messagesBehindARunningCallWait() throws Exception {
    Heard heard =
        modes.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("", CALL).bind("", "", List.of("held", "1")).execute("", 0);
              client.parse("", "SELECT 1").bind("", "", List.of()).execute("", 0).sync();
              client.query("SELECT 2");
              talk.awaitRequests(1);
              client.query("SELECT payload FROM aws_lambda.invoke('echo', '2'::json)").flushOut();
              talk.lambda().release();
              talk.readUntilReady().readUntilReady().readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("12DC12DC<I>TDC<I>TDC<I>");
    assertThat(heard.payloads()).containsExactly("1", "2");
  }

  private static byte[] octets(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
