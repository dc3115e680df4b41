package dev.pglambda.client.wire;

import static dev.pglambda.testing.Awaiting.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage.BackendKeyData;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.testing.BothWays;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests to cancel, at any moment and many: they hit the session that they name and no other. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.BothWays#ofVersions")
@Timeout(120)
class CancelMomentsTest {
  /** On the newest version; a tenth on the others. */
  private static final int STORM = 1_000;

  private static final int THREADS = 8;
  private static final String SLEEP = "SELECT pg_sleep(60)";

  private final BothWays ways;

  CancelMomentsTest(BothWays ways) {
    this.ways = ways;
  }

  @Test
  void endsTheStatementThatRunsAndNoneOfAnotherSession() throws Exception {
    try (WireClient client = ways.connect();
        WireClient other = ways.connect()) {
      other.query("SELECT pg_sleep(1)").flushOut();
      client.query(SLEEP).flushOut();
      awaitActive(client);

      client.cancel();

      assertThat(error(client)).isEqualTo("57014");
      assertThat(other.readUntilReady()).hasAtLeastOneElementOfType(DataRow.class);
    }
  }

  /** PostgreSQL 18 gives a key of 32 bytes to a client that speaks protocol 3.2. */
  @Test
  void takesTheKeyOfTheNewestProtocol() throws Exception {
    try (WireClient client = WireClient.open(ways.proxy().host(), ways.proxy().port())) {
      client.startupMessage(
          StartupPacket.PROTOCOL_3_0 + 2,
          Map.of("user", ways.postgres().user(), "database", "postgres"));
      client.readUntilReady();
      assertThat(client.key().secretKey().remaining()).isEqualTo(ways.majorVersion() < 18 ? 4 : 32);
      client.query(SLEEP).flushOut();
      awaitActive(client);

      client.cancel();

      assertThat(error(client)).isEqualTo("57014");
    }
  }

  /** The signal is handled when the server reads next, and there is nothing to cancel. */
  @Test
  void harmsNoIdleSession() throws Exception {
    try (WireClient client = ways.connect()) {
      for (int i = 0; i < 5; i++) {
        client.cancel();
      }
      // A signal may still be on its way, so that a first statement proves nothing.
      client.query("SELECT 1").readUntilReady();
      client.query("BEGIN").readUntilReady();
      client.cancel();
      client.query("SELECT 2").readUntilReady();
      client.query("ROLLBACK").readUntilReady();
      assertThat(client.query("SELECT 3").readUntilReady())
          .hasAtLeastOneElementOfType(CommandComplete.class);
    }
  }

  @Test
  void doesNothingWithAKeyThatIsNobodys() throws Exception {
    try (WireClient client = ways.connect()) {
      client.query("SELECT pg_sleep(0.3)").flushOut();
      byte[] wrong = new byte[client.key().secretKey().remaining()];
      cancel(new BackendKeyData(client.key().processId(), ByteBuffer.wrap(wrong)));
      cancel(new BackendKeyData(1, ByteBuffer.wrap(wrong)));
      cancel(new BackendKeyData(client.key().processId(), ByteBuffer.allocate(256)));

      assertThat(client.readUntilReady()).hasAtLeastOneElementOfType(DataRow.class);
    }
  }

  /** A storm: most with wrong keys, some for a session that is cancelled again and again. */
  @Test
  void aStormOfRequestsHitsOnlyWhomItNames() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS + 1);
    AtomicBoolean over = new AtomicBoolean();
    try (WireClient bystander = ways.connect();
        WireClient victim = ways.connect()) {
      victim.query(SLEEP).flushOut();
      awaitActive(victim);
      Future<Integer> statements =
          threads.submit(
              () -> {
                int count = 0;
                while (!over.get()) {
                  assertThat(bystander.query("SELECT 1").readUntilReady()).hasSize(4);
                  count++;
                }
                return count;
              });
      List<Callable<Void>> storm = new ArrayList<>();
      Random random = new Random(1);
      int requests = ways.majorVersion() < 18 ? STORM / 10 : STORM;
      for (int i = 0; i < requests; i++) {
        byte[] secret = new byte[4];
        random.nextBytes(secret);
        BackendKeyData wrong =
            new BackendKeyData(bystander.key().processId(), ByteBuffer.wrap(secret));
        boolean right = i % 100 == 99;
        storm.add(
            () -> {
              cancel(right ? victim.key() : wrong);
              return null;
            });
      }
      for (Future<Void> each : threads.invokeAll(storm)) {
        each.get();
      }
      over.set(true);

      assertThat(statements.get()).isPositive();
      assertThat(error(victim)).isEqualTo("57014");
      // No more than the two sessions.
      await("the connections of the storm have ended").until(() -> ways.proxy().sessions() <= 2);
    } finally {
      over.set(true);
      threads.shutdownNow();
    }
  }

  private void cancel(BackendKeyData key) throws IOException {
    try (WireClient client = WireClient.open(ways.proxy().host(), ways.proxy().port())) {
      assertThat(client.cancelRequest(key).readEnd()).isTrue();
    }
  }

  private static String error(WireClient client) throws IOException {
    return client.readUntilReady().stream()
        .filter(ErrorResponse.class::isInstance)
        .map(message -> "" + ((ErrorResponse) message).sqlState())
        .findFirst()
        .orElse("none");
  }

  private void awaitActive(WireClient client) throws IOException {
    try (WireClient watcher = ways.connectDirectly()) {
      BothWays.awaitNothing(
          watcher,
          "SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = "
              + client.key().processId()
              + " AND wait_event = 'PgSleep')");
    }
  }
}
