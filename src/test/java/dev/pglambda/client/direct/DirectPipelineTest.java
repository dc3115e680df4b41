package dev.pglambda.client.direct;

import static dev.pglambda.client.direct.CallingModes.CALL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.client.direct.CallingModes.Conversation;
import dev.pglambda.client.direct.CallingModes.Heard;
import dev.pglambda.testing.WireClient;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls in pipelines and transactions are answered in their order, as with the extension. */
@ParameterizedClass
@MethodSource("dev.pglambda.client.direct.CallingModes#ofOldestAndNewestVersion")
@Timeout(120)
class DirectPipelineTest {
  private final CallingModes modes;

  DirectPipelineTest(CallingModes modes) throws Exception {
    this.modes = modes;
    modes.prepareFunctions();
  }

  private interface Dialogue {
    void hold(Conversation talk, WireClient client) throws Exception;
  }

  private Heard hold(Dialogue dialogue) throws Exception {
    return modes.hold(talk -> dialogue.hold(talk, talk.client()));
  }

  @Test
  void aPipelineHasSeveralCalls() throws Exception {
    Heard heard =
        hold(
            (talk, client) -> {
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
              talk.readUntilReady(4);
            });

    assertThat(heard.types()).isEqualTo("12DC12TDC12nC2DC<I>2DC<I>TDC<I>TDC<I>");
    assertThat(heard.payloads()).containsExactly("1", "2", "3", "4", "5", "6");
  }

  @Test
  void queriesAreAnsweredInOrder() throws Exception {
    Heard heard =
        hold(
            (talk, client) -> {
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
              talk.readUntilReady(10);
            });

    assertThat(heard.types()).isEqualTo("TDC<I>TDC<I>E<I>TE<I>TDCTDC<I>C<T>TE<E>E<E>C<I>TDC<I>");
    assertThat(heard.payloads()).containsExactly("1", "3", "4", "6");
  }

  @Test
  void flushBringsEachReplyWithoutSync() throws Exception {
    Heard heard =
        hold(
            (talk, client) -> {
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
  void messagesBehindARunningCallWait() throws Exception {
    Heard heard =
        hold(
            (talk, client) -> {
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

  /** Not even where PostgreSQL takes a Query behind an Execute for a part of a pipeline. */
  @Test
  void aQueryBehindAParseIsATransactionOfItsOwn() throws Exception {
    Heard heard =
        hold(
            (talk, client) -> {
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
  void otherStatementsOfAPipelineAreOneTransactionWithACall() throws Exception {
    Heard heard =
        hold(
            (talk, client) -> {
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
        hold(
            (talk, client) -> {
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
        hold(
            (talk, client) -> {
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
  void aFailedTransactionAsksNothing() throws Exception {
    Heard heard =
        hold(
            (talk, client) -> {
              client
                  .parse("s", CALL)
                  .sync()
                  .query("BEGIN")
                  .query("SAVEPOINT a")
                  .query("SELECT 1/0");
              talk.readUntilReady(4);
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

  @ParameterizedTest
  @ValueSource(
      strings = {
        "INSERT INTO kept SELECT 1, payload FROM aws_lambda.invoke('echo', '1'::json)",
        "INSERT INTO kept VALUES (1, '\"aws_lambda.invoke(1)\"')"
      })
  void theFirstStatementOfASessionIsCommitted(String insert) throws Exception {
    Heard heard =
        hold(
            (talk, client) -> {
              client.query(insert);
              talk.readUntilReady();
              client.query("SELECT nothing");
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("C<I>E<I>");
    assertThat(modes.rows("SELECT count(*) FROM kept")).containsExactly("1");
  }
}
