package dev.pglambda.client.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.testing.BothWays;
import dev.pglambda.testing.BothWays.Heard;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.WireClient;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Queries, pipelines and function calls: the server's answers are what they are without proxy. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.BothWays#ofVersions")
@Timeout(120)
class ExtendedProtocolTest {
  private static final String ROWS = "SELECT * FROM generate_series(1, 5) AS n";

  /** The function abs(integer). */
  private static final int ABS = 1397;

  private final BothWays ways;

  ExtendedProtocolTest(BothWays ways) {
    this.ways = ways;
  }

  @Test
  void flushBringsRepliesWithoutSync() throws Exception {
    Heard heard =
        ways.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("s", ROWS).describeStatement("s").flush();
              talk.read(3);
              client.bind("p", "s", List.of()).describePortal("p").execute("p", 2).flush();
              talk.read(5);
              client.execute("p", 2).flush();
              talk.read(3);
              client.execute("p", 0).flush().flush();
              talk.read(2);
              client.sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("1tT2TDDsDDsDC<I>");
  }

  @Test
  void portalsTakeTurnsAndEndWithTheirTransaction() throws Exception {
    Heard heard =
        ways.hold(
            talk -> {
              WireClient client = talk.client();
              client.query("BEGIN");
              talk.readUntilReady();
              client.parse("s", ROWS).bind("p", "s", List.of()).bind("q", "s", List.of());
              client.execute("p", 2).execute("q", 1).execute("p", 9).execute("p", 9);
              client.closePortal("p").closePortal("none").execute("q", 1).sync();
              talk.readUntilReady();
              client.bind("q", "s", List.of()).sync(); // there is one
              talk.readUntilReady();
              client.query("COMMIT");
              talk.readUntilReady();
              client.execute("q", 1).sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("C<T>122DDsDsDDDCC33Ds<T>E<E>C<I>E<I>");
    assertThat(heard.sqlStates()).containsExactly("42P03", "34000");
  }

  @Test
  void statementsAreClosedDeallocatedAndReplaced() throws Exception {
    Heard heard =
        ways.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("s", "SELECT 1").parse("s", "SELECT 2").sync();
              talk.readUntilReady();
              client.closeStatement("s").closeStatement("none").parse("s", "SELECT 3");
              client.bind("", "s", List.of()).execute("", 0).sync();
              talk.readUntilReady();
              client.query("DEALLOCATE s");
              talk.readUntilReady();
              client.bind("", "s", List.of()).sync();
              talk.readUntilReady();
              client.parse("", "SELECT 4").sync().query("SELECT 5").bind("", "", List.of()).sync();
              talk.readUntilReady().readUntilReady().readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("1E<I>3312DC<I>C<I>E<I>1<I>TDC<I>E<I>");
    assertThat(heard.sqlStates()).containsExactly("42P05", "26000", "26000");
  }

  @Test
  void afterAnErrorEverythingIsSkippedUpToSync() throws Exception {
    Heard heard =
        ways.hold(
            talk -> {
              WireClient client = talk.client();
              client.parse("", "SELECT 1").parse("", "wrong").bind("", "", List.of());
              client.query("SELECT 2").send(BothWays.functionCall(ABS, "-1"));
              client.copyData(new byte[] {1}).copyDone().copyFail("no").flush().execute("", 0);
              client.sync().query("SELECT 3").sync();
              talk.readUntilReady().readUntilReady().readUntilReady();
              client.bind("", "none", List.of()).flush();
              talk.read(1);
              client.query("SELECT 4").send(BothWays.functionCall(ABS, "-1")).sync();
              client.query("SELECT 5");
              talk.readUntilReady().readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("1E<I>TDC<I><I>E<I>TDC<I>");
  }

  @Test
  void pipelinesGoOnBehindASyncWhateverFailsBefore() throws Exception {
    Heard heard =
        ways.hold(
            talk -> {
              WireClient client = talk.client();
              client.query("CREATE TABLE numbers (n int PRIMARY KEY)");
              talk.readUntilReady();
              client.parse("i", "INSERT INTO numbers VALUES ($1)");
              for (String value : List.of("1", "1", "x", "2")) {
                client.bind("", "i", List.of(value)).describePortal("").execute("", 0).sync();
              }
              client.bind("", "i", List.of("3")).execute("", 0);
              client.bind("", "i", List.of("3")).execute("", 0).sync();
              client.query("SELECT sum(n) FROM numbers");
              for (int i = 0; i < 6; i++) {
                talk.readUntilReady();
              }
            });

    assertThat(heard.types()).isEqualTo("C<I>12nC<I>2nE<I>E<I>2nC<I>2C2E<I>TDC<I>");
  }

  @Test
  void emptyQueriesAreAnsweredInBothProtocols() throws Exception {
    Heard heard =
        ways.hold(
            talk -> {
              WireClient client = talk.client();
              for (String text : List.of("", ";", " -- nothing", ";;SELECT 1;;")) {
                client.query(text);
                talk.readUntilReady();
              }
              client.parse("", "").describeStatement("").bind("", "", List.of());
              client.describePortal("").execute("", 0).execute("", 1).sync();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("I<I>I<I>I<I>TDC<I>1tn2nII<I>");
  }

  @Test
  void severalStatementsOfOneQueryAreOneTransaction() throws Exception {
    Heard heard =
        ways.hold(
            talk -> {
              WireClient client = talk.client();
              client.query("CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2); TABLE t");
              client.query("INSERT INTO t VALUES (3); SELECT 1/0; INSERT INTO t VALUES (4)");
              client.query("BEGIN; INSERT INTO t VALUES (5); COMMIT; SELECT 1/0");
              client.query("SELECT count(*) FROM t; BEGIN; SELECT 1/0; SELECT 1");
              client.query("SELECT 1; SELECT 2").query("ROLLBACK; SET DateStyle = 'German'");
              client.parse("", "SELECT 1; SELECT 2").sync();
              for (int i = 0; i < 7; i++) {
                talk.readUntilReady();
              }
            });

    assertThat(heard.types())
        .matches("CCTDDC<I>CE<I>CCCE<I>TDCCE<E>E<E>C(SC|CS)<I>E<I>"); // when it is told, differs
  }

  @Test
  void functionsAreCalledByTheirNumber() throws Exception {
    Heard heard =
        ways.hold(
            talk -> {
              WireClient client = talk.client();
              client.send(BothWays.functionCall(ABS, "-7"));
              client.send(BothWays.functionCall(ABS, "x"));
              client.send(BothWays.functionCall(999_999_999, "1"));
              client.raw(Peer.message(FrontendMessage.FUNCTION_CALL, "\0\0\5u\0\0\0\11\0\0"));
              client.query("BEGIN").send(BothWays.functionCall(ABS, "-8"));
              client.send(BothWays.functionCall(ABS, "x"));
              client.send(BothWays.functionCall(ABS, "-9")).query("ROLLBACK");
              for (int i = 0; i < 9; i++) {
                talk.readUntilReady();
              }
              client.parse("", "SELECT 1").bind("", "", List.of());
              client.send(BothWays.functionCall(ABS, "-7")).execute("", 0).sync();
              talk.readUntilReady().readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("V<I>E<I>E<I>E<I>C<T>V<T>E<E>E<E>C<I>12V<I>E<I>");
  }

  /** The body of a message has less than its fields take, or more. */
  @ParameterizedTest
  @CsvSource({
    "Q, SELECT 1, 08P01", // no NUL
    "P, s, 08P01",
    "B, p, 08P01",
    "B, p|s|, 26000",
    "D, S, 08P01",
    "D, x|, 08P01",
    "E, p|, 08P01",
    "C, S, 08P01",
    "C, y|, 08P01",
    "F, xxxx, 42883",
    "Q, SELECT 1|x|, 08P01"
  })
  void messagesWithABrokenBodyAreTheServersToRefuse(char type, String body, String sqlState)
      throws Exception {
    Heard heard =
        ways.hold(
            talk -> {
              talk.client().raw(Peer.message((byte) type, body.replace('|', '\0'))).sync();
              talk.client().query("SELECT 1");
              talk.readUntilReady();
            });

    assertThat(heard.sqlStates()).containsExactly(sqlState);
  }

  @ParameterizedTest
  @CsvSource({"y", "p", "R"})
  void messagesOfATypeThatIsNoneEndTheSession(char type) throws Exception {
    Heard heard =
        ways.hold(
            talk -> {
              talk.client().query("SELECT 1").raw(Peer.message((byte) type, "\0"));
              talk.readToEnd();
            });

    assertThat(heard.types()).isEqualTo("TDC<I>E.");
    assertThat(heard.sqlStates()).containsExactly("08P01");
  }
}
