package dev.pglambda.client.replication;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.CopyBothResponse;
import dev.pglambda.protocol.BackendMessage.CopyData;
import dev.pglambda.protocol.BackendMessage.CopyDone;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.WireClient;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A physical standby that streams through the proxy (manual, "Log-Shipping Standby Servers"). */
@Timeout(180)
class StreamingStandbyTest {
  private static final String CONTENT = "SELECT count(*) || ' ' || max(id) FROM orders";

  @TempDir private Path directory;

  static Stream<String> versions() {
    return LambdaDatabase.oldestAndNewestVersion();
  }

  @ParameterizedTest(name = "PostgreSQL {0}")
  @MethodSource("versions")
  void followsThroughTheProxyAndTellsItsOwnFollowersOfItsPromotion(String version)
      throws Exception {
    Path primaryData = directory.resolve("primary");
    Path standbyData = directory.resolve("standby");
    StreamingServer.start(primaryData, version).close();
    StreamingServer.copy(primaryData, standbyData);
    try (StreamingServer primary = StreamingServer.start(primaryData, version)) {
      primary.execute("CREATE TABLE orders (id int)");
      try (StreamingServer standby = primary.startStandby(standbyData)) {
        assertFollows(standby, primary);

        // The standby's WAL receiver comes again.
        primary.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_replication WHERE application_name ="
                + " 'standby'");
        assertFollows(standby, primary);

        assertStreamsToTheEndOfTheTimeline(standby);
      }
    }
  }

  private static void assertFollows(StreamingServer standby, StreamingServer primary)
      throws Exception {
    primary.execute("INSERT INTO orders SELECT generate_series(1, 100000)");
    standby.await("SELECT to_regclass('orders') IS NOT NULL", "t");
    standby.await(CONTENT, primary.row(CONTENT));
    assertThat(primary.proxy().sessions()).isPositive();
  }

  /** At the promotion of its server a stream ends with the server's CopyDone and a result. */
  private static void assertStreamsToTheEndOfTheTimeline(StreamingServer standby) throws Exception {
    try (WireClient client = WireClient.open(standby.proxy().host(), standby.proxy().port())) {
      client.startUp(standby.replication("true"), null);
      client.query("IDENTIFY_SYSTEM").readUntilReady(); // up to 12 START_REPLICATION asks for it
      String position = standby.row("SELECT pg_last_wal_replay_lsn()");
      client.query("START_REPLICATION PHYSICAL " + position + " TIMELINE 1");
      assertThat(client.read()).isInstanceOf(CopyBothResponse.class);

      standby.execute("SELECT pg_promote(wait => false)");

      BackendMessage message = client.read();
      while (message instanceof CopyData) {
        message = client.read();
      }
      assertThat(message).isInstanceOf(CopyDone.class);
      client.copyDone();
      List<BackendMessage> answer = client.readUntilReady();
      assertThat(answer).hasAtLeastOneElementOfType(ReadyForQuery.class);
      DataRow next = (DataRow) Objects.requireNonNull(answer.get(1));
      assertThat(next.text(0)).isEqualTo("2");
      client.query("START_REPLICATION PHYSICAL " + next.text(1) + " TIMELINE 2");
      assertThat(client.read()).isInstanceOf(CopyBothResponse.class);
      client.copyDone();
      assertThat(client.readUntilReady()).hasAtLeastOneElementOfType(ReadyForQuery.class);
    }
  }
}
