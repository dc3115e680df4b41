package dev.pglambda.client.direct;

import static dev.pglambda.client.direct.CallingModes.CALL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.client.direct.CallingModes.Heard;
import dev.pglambda.protocol.BackendMessage.ParameterDescription;
import dev.pglambda.protocol.TypeOid;
import dev.pglambda.testing.WireClient;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Prepared statements with calls are answered message by message as with the extension. */
@ParameterizedClass
@MethodSource("dev.pglambda.client.direct.CallingModes#ofOldestAndNewestVersion")
@Timeout(120)
class DirectStatementTest {

  private final CallingModes modes;

  DirectStatementTest(CallingModes modes) throws Exception {
    this.modes = modes;
    modes.prepareFunctions();
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
        .allSatisfy(
            parameters ->
                assertThat(parameters.typeOids()).containsExactly(TypeOid.TEXT, TypeOid.JSON));
    assertThat(heard.payloads()).containsExactly("{}");
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
}
