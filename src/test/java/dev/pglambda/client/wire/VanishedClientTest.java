package dev.pglambda.client.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.testing.BothWays;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.WireClient;
import java.util.Arrays;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Clients that go without a word: nothing of them remains on the server, nor is half of it done.
 */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.BothWays#ofNewestVersion")
@Timeout(120)
class VanishedClientTest {
  private static final String OTHERS =
      "SELECT query FROM pg_stat_activity WHERE application_name = 'vanishes'";

  private final BothWays ways;

  VanishedClientTest(BothWays ways) {
    this.ways = ways;
  }

  private Peer begin() throws Exception {
    Peer client = Peer.connect(ways.proxy().port());
    client.send(
        Peer.startup("user", "postgres", "database", "postgres", "application_name", "vanishes"));
    while (client.read().type() != BackendMessage.READY_FOR_QUERY) {
      // what the session begins with
    }
    return client;
  }

  /** Also while the server works, and while it waits for a lock. */
  @ParameterizedTest
  @CsvSource({
    "false, SELECT 1",
    "true, SELECT 1",
    "false, LOCK TABLE held",
    "true, LOCK TABLE held"
  })
  void leavesNoTransaction(boolean reset, String statement) throws Exception {
    try (WireClient watcher = ways.connectTo("postgres")) {
      watcher.query("CREATE TABLE IF NOT EXISTS held (n int)").readUntilReady();
      watcher.query("TRUNCATE held; BEGIN; LOCK TABLE held").readUntilReady();
      Peer client = begin();
      client.send(new Query("BEGIN")).send(new Query(statement));
      if (statement.startsWith("LOCK")) {
        assertThat(client.read().body()).isEqualTo("BEGIN\0");
      } else {
        while (client.read().type() != BackendMessage.DATA_ROW) {
          // the transaction has begun
        }
      }
      if (reset) {
        client.reset();
      } else {
        client.close();
      }
      watcher.query("INSERT INTO held VALUES (1); COMMIT").readUntilReady();

      BothWays.awaitNothing(watcher, OTHERS);
    }
  }

  /**
   * A message that lacks its last byte is not executed, whether the proxy holds it until it is
   * whole, or lets it pass as it comes because it is long.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 3_000_000})
  void hasNoHalfOfAMessageExecuted(int padding) throws Exception {
    try (WireClient watcher = ways.connectTo("postgres")) {
      watcher.query("CREATE TABLE IF NOT EXISTS half (n int)").readUntilReady();
      Peer client = begin();
      byte[] query = Peer.message(new Query("INSERT INTO half VALUES (1)" + " ".repeat(padding)));
      byte[] whole = Peer.message(new Query("INSERT INTO half VALUES (2)"));

      client.send(whole).send(Arrays.copyOf(query, query.length - 1)).close();

      BothWays.awaitNothing(watcher, OTHERS);
      assertThat(watcher.query("DELETE FROM half RETURNING n").readUntilReady().toString())
          .contains("DataRow[2]")
          .doesNotContain("DataRow[1]");
    }
  }
}
