package dev.pglambda.client.wire;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.testing.BothWays;
import dev.pglambda.testing.BothWays.Conversation;
import dev.pglambda.testing.BothWays.Heard;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.sql.Connection;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** COPY in all directions, with failures of either side: as without the proxy. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.BothWays#ofVersions")
@Timeout(120)
class CopyProtocolTest {
  private static final String IN = "COPY t FROM STDIN";
  private static final byte[] GOOD = "7\n".getBytes(US_ASCII);
  private static final byte[] BAD = "seven\n".getBytes(US_ASCII);

  private final BothWays ways;

  CopyProtocolTest(BothWays ways) {
    this.ways = ways;
  }

  /** A conversation in which a temporary table t is there. */
  private Heard hold(BothWays.Script script) throws Exception {
    return ways.hold(
        talk -> {
          talk.client().query("CREATE TEMPORARY TABLE t (n int)");
          talk.readUntilReady();
          script.run(talk);
          talk.client().query("SELECT count(*) FROM t");
          talk.readUntilReady();
        });
  }

  private static void begin(Conversation talk, boolean extended) throws IOException {
    WireClient client = talk.client();
    if (extended) {
      client.parse("", IN).bind("", "", List.of()).execute("", 0).flush();
      talk.read(3);
    } else {
      client.query(IN);
      talk.read(1);
    }
  }

  @Test
  void copiesOut() throws Exception {
    Heard heard =
        hold(
            talk -> {
              WireClient client = talk.client();
              client.query("COPY (SELECT * FROM generate_series(1, 3)) TO STDOUT");
              client.query("COPY (SELECT 1, 'x') TO STDOUT (FORMAT binary)");
              client.parse("", "COPY (SELECT 1) TO STDOUT").bind("", "", List.of());
              client.describePortal("").execute("", 0).execute("", 0).sync();
              talk.readUntilReady().readUntilReady().readUntilReady();
            });

    assertThat(heard.types()).startsWith("C<I>HdddcC<I>Hd").contains("cC<I>12nHdcC");
  }

  @Test
  void failsInTheMidstOfCopyingOut() throws Exception {
    Heard heard =
        hold(
            talk -> {
              String failing = "COPY (SELECT 1/(3 - n) FROM generate_series(1, 9) n) TO STDOUT";
              talk.client().query(failing).parse("", failing).bind("", "", List.of());
              talk.client().execute("", 0).query("SELECT 1").sync();
              talk.readUntilReady().readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("C<I>HddE<I>12HddE<I>TDC<I>");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void ignoresFlushAndSyncInTheMidstOfCopyingIn(boolean extended) throws Exception {
    Heard heard =
        hold(
            talk -> {
              begin(talk, extended);
              WireClient client = talk.client();
              client.copyData(GOOD).flush().sync().copyData(GOOD).sync().copyDone();
              if (extended) {
                client.sync();
              }
              talk.readUntilReady();
              client.query("SELECT 1");
              talk.readUntilReady();
            });

    assertThat(heard.types()).endsWith("GC<I>TDC<I>TDC<I>");
    assertThat(heard.tags()).contains("COPY 2");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void takesDataThatIsSentBeforeItIsAskedFor(boolean extended) throws Exception {
    Heard heard =
        hold(
            talk -> {
              WireClient client = talk.client();
              if (extended) {
                client.parse("", IN).bind("", "", List.of()).execute("", 0).sync();
              } else {
                client.query(IN);
              }
              client.copyData(GOOD).copyDone().sync().query("SELECT 1");
              talk.readUntilReady().readUntilReady();
              if (!extended) {
                talk.readUntilReady();
              }
            });

    assertThat(heard.types()).contains(extended ? "12GC<I>TDC<I>" : "GC<I><I>TDC<I>");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void failsWhenTheClientSaysSo(boolean extended) throws Exception {
    Heard heard =
        hold(
            talk -> {
              begin(talk, extended);
              WireClient client = talk.client();
              client.copyData(GOOD).copyFail("no more").copyFail("twice").copyDone();
              client.copyData(GOOD).query("SELECT 1").sync();
              talk.readUntilReady();
              if (!extended) {
                talk.readUntilReady().readUntilReady();
              }
            });

    assertThat(heard.types()).endsWith(extended ? "GE<I>TDC<I>" : "GE<I>TDC<I><I>TDC<I>");
    assertThat(heard.sqlStates()).containsExactly("57014");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void takesDataThatComesAfterTheServersFailure(boolean extended) throws Exception {
    Heard heard =
        hold(
            talk -> {
              begin(talk, extended);
              WireClient client = talk.client();
              client.copyData(BAD).copyData(GOOD).flushOut();
              talk.read(1); // the error
              client.copyData(GOOD).copyDone();
              if (extended) {
                client.query("SELECT 'skipped'").sync();
              }
              talk.readUntilReady();
              client.query(IN);
              talk.read(1);
              client.copyData(GOOD).copyDone();
              talk.readUntilReady();
            });

    assertThat(heard.sqlStates()).containsExactly("22P02");
    assertThat(heard.tags()).contains("COPY 1").doesNotContain("SELECT 'skipped'");
  }

  @Test
  void copiesSeveralTimesInOneQuery() throws Exception {
    Heard heard =
        hold(
            talk -> {
              WireClient client = talk.client();
              client.query(IN + "; SELECT 1; COPY t TO STDOUT; " + IN + "; SELECT 2");
              talk.read(1);
              client.copyData(GOOD).copyDone();
              talk.read(8);
              client.copyData(GOOD).copyData(GOOD).copyDone();
              talk.readUntilReady();
              client.query(IN + "; " + IN).copyData(GOOD).copyDone().copyData(BAD).copyDone();
              client.query("SELECT 3");
              talk.readUntilReady().readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("C<I>GCTDCHdcCGCTDC<I>GCGE<I>TDC<I>TDC<I>");
  }

  @Test
  void failsWhenAnotherMessageComesInTheMidstOfCopyingIn() throws Exception {
    Heard heard =
        ways.hold(
            talk -> {
              talk.client().query("CREATE TEMPORARY TABLE t (n int)").query(IN);
              talk.readUntilReady().read(1);
              talk.client().query("SELECT 1");
              talk.readUntilReady(); // or to the end
            });

    // Since PostgreSQL 14 the session ends.
    assertThat(heard.types()).isEqualTo(ways.majorVersion() < 14 ? "C<I>GE<I>" : "C<I>GEE.");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void copiesNothingOfAClientThatGoesInTheMidst(boolean terminates) throws Exception {
    try (WireClient watcher = ways.connect()) {
      watcher.query("CREATE TABLE of_gone_" + terminates + " (n int)").readUntilReady();
      try (WireClient client = ways.connect()) {
        client.query("COPY of_gone_" + terminates + " FROM STDIN").read();
        client.copyData(GOOD);
        if (terminates) {
          client.terminate();
        }
        client.flushOut();
      }
      BothWays.awaitNothing(
          watcher, "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'COPY of_gone%'");
      assertThat(watcher.query("TABLE of_gone_" + terminates).readUntilReady()).hasSize(3);
    }
  }

  @Test
  void copiesBothWays() throws Exception {
    // The beginning of the log may have been removed.
    String present;
    try (Connection connection = ways.postgres().connect("postgres")) {
      present = Queries.row(connection, "SELECT pg_current_wal_flush_lsn()");
    }
    Heard heard =
        ways.holdFromTheStart(
            talk -> {
              WireClient client = talk.client();
              client.startupMessage(
                  StartupPacket.PROTOCOL_3_0,
                  Map.of("user", ways.postgres().user(), "replication", "true"));
              while (!(client.read() instanceof ReadyForQuery)) {
                // what a walsender reports is compared elsewhere
              }
              client.query("START_REPLICATION PHYSICAL FFFF/0"); // not there yet
              talk.readUntilReady();
              client.query("wrong");
              talk.readUntilReady();
              client.query("START_REPLICATION PHYSICAL " + present);
              talk.read(1);
              client.copyDone();
              talk.readUntilReadyWithoutCopyData();
              client.query("IDENTIFY_SYSTEM").query("wrong");
              client.readUntilReady();
              talk.readUntilReady();
            });

    assertThat(heard.types()).isEqualTo("WE<I>E<I>WcCC<I>E<I>");
  }
}
