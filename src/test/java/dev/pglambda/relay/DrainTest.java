package dev.pglambda.relay;

import static dev.pglambda.testing.Awaiting.await;
import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.packet;
import static dev.pglambda.testing.Peer.startup;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.testing.Peer;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of the sessions when the proxy is told to stop. */
class DrainTest extends RelayStage {
  private static final Duration GRACE = Duration.ofSeconds(60);
  private static final String ENDED =
      "SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0";
  private static final String REFUSED =
      "SFATAL\0VFATAL\0C57P03\0Mthe database system is shutting down\0\0";

  @Test
  void endsAnIdleSessionAtOnce() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);

    CompletableFuture<Void> drained = drain();

    assertThat(client.read()).isEqualTo(new Peer.Message('E', ENDED));
    assertThat(client.atEnd()).isTrue();
    assertThat(backend.atEnd()).isTrue();
    drained.get(10, TimeUnit.SECONDS);
  }

  @Test
  void refusesNewSessionsAndPassesCancelRequestsAndCallsOfTheServer() throws Exception {
    Peer running = client(startup("user", "ann"));
    Peer backend = ready(running);
    running.send('Q', "SELECT 1\0");
    backend.read();
    Peer undecided = client(new byte[0]);
    CompletableFuture<Void> drained = drain();

    undecided.send(startup("user", "bob"));
    assertThat(undecided.read().body()).isEqualTo(REFUSED);
    assertThat(undecided.atEnd()).isTrue();
    Peer call = client(startup("user", "pglambda", "database", "pglambda"));
    call.send('p', "hello\0");
    assertThat(call.read()).hasToString("p:hello|");
    client(packet(80877102, "\0\0\0\7abcd"));
    assertThat(backend().readPacket()).startsWith("80877102:");

    assertThat(drained).isNotDone();
    backend.send(concat(message('C', "SELECT 1\0"), message('Z', "I")));
    assertThat(running.read()).hasToString("C:SELECT 1|");
    assertThat(running.read()).hasToString("Z:I");
    assertThat(running.rest()).endsWith(ENDED);
    drained.get(10, TimeUnit.SECONDS);
  }

  @Test
  void refusesASessionThatIsStillStarting() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = backend();
    backend.readPacket();
    backend.send('R', "\0\0\0\3");
    client.read();

    beginDrain();

    assertThat(client.read().body()).isEqualTo(REFUSED);
    assertThat(client.atEnd()).isTrue();
    assertThat(backend.atEnd()).isTrue();
  }

  @Test
  void letsATransactionGoOnToItsEnd() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    client.send('Q', "BEGIN\0");
    backend.read();
    backend.send(concat(message('C', "BEGIN\0"), message('Z', "T")));
    client.read();
    client.read();

    beginDrain();

    client.send('Q', "SELECT 1\0");
    assertThat(backend.read()).hasToString("Q:SELECT 1|");
    backend.send(concat(message('E', "SERROR\0C42601\0Mno\0\0"), message('Z', "E")));
    assertThat(client.read().type()).isEqualTo('E');
    assertThat(client.read()).hasToString("Z:E");
    client.send('Q', "ROLLBACK\0");
    assertThat(backend.read()).hasToString("Q:ROLLBACK|");
    backend.send(concat(message('C', "ROLLBACK\0"), message('Z', "I")));
    assertThat(client.read()).hasToString("C:ROLLBACK|");
    assertThat(client.read()).hasToString("Z:I");
    assertThat(client.read().body()).isEqualTo(ENDED);
    assertThat(client.atEnd()).isTrue();
  }

  @Test
  void waitsForTheSyncOfWhatHasBeenExecuted() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    client
        .send('P', "\0INSERT\0\0\0")
        .send('B', "\0\0\0\0\0\0\0\0")
        .send('E', "\0\0\0\0\0")
        .send('H', "");
    backend.read();
    backend.send(concat(message('1', ""), message('2', ""), message('C', "INSERT 0 1\0")));
    client.read();
    client.read();
    client.read(); // answered, and not committed

    beginDrain();

    client.send('S', "");
    backend.read();
    backend.read();
    backend.read();
    assertThat(backend.read()).hasToString("S:");
    backend.send('Z', "I");
    assertThat(client.read()).hasToString("Z:I");
    assertThat(client.read().body()).isEqualTo(ENDED);
  }

  @Test
  void answersEverythingThatWasPipelined() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    client.send(concat(message('Q', "SELECT 1\0"), message('Q', "SELECT 2\0")));
    backend.read();
    backend.read();
    beginDrain();

    backend.send(concat(message('C', "SELECT 1\0"), message('Z', "I")));
    client.read();
    client.read();
    backend.send(concat(message('C', "SELECT 2\0"), message('Z', "I")));

    assertThat(client.read()).hasToString("C:SELECT 2|");
    assertThat(client.read()).hasToString("Z:I");
    assertThat(client.read().body()).isEqualTo(ENDED);
  }

  @Test
  void waitsForTheRestOfARequest() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    byte[] query = message('Q', "x".repeat(3 << 20) + "\0"); // passes without being gathered
    client.send(Arrays.copyOf(query, 1 << 20));
    backend.text(1 << 20);
    beginDrain();

    client.send(Arrays.copyOfRange(query, 1 << 20, query.length));
    backend.text(query.length - (1 << 20));
    backend.send(concat(message('C', "SELECT 1\0"), message('Z', "I")));

    assertThat(client.read()).hasToString("C:SELECT 1|");
    assertThat(client.read()).hasToString("Z:I");
    assertThat(client.read().body()).isEqualTo(ENDED);
  }

  @Test
  void endsWhatStillRunsWhenTheGraceIsOver() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    client.send('Q', "SELECT pg_sleep(1000)\0");
    backend.read();

    beginDrain();
    client.socket().setSoTimeout(100);
    assertThatThrownBy(client::read).isInstanceOf(SocketTimeoutException.class);
    terminate();

    client.socket().setSoTimeout(10_000);
    assertThat(client.read().body()).isEqualTo(ENDED);
    assertThat(client.atEnd()).isTrue();
    assertThat(backend.atEnd()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5, 105, 210, 211, 300})
  void endsAStreamOfRowsBetweenTwoRowsHoweverTheyAreCut(int sent) throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    client.send('Q', "SELECT\0");
    backend.read();
    byte[] row = message('D', "x".repeat(100));
    byte[] rows = concat(row, row, row, row);
    backend.send(Arrays.copyOf(rows, sent));
    int begun = sent % 105 < 5 ? 0 : 1; // a part of a header is not passed
    String seen = client.text(begun == 0 ? sent / 105 * 105 : sent);

    terminate();
    if (begun == 1) {
      backend.send(Arrays.copyOfRange(rows, sent, rows.length));
    }

    String all = seen + client.rest();
    int whole = sent / 105 + begun;
    assertThat(all).isEqualTo(latin1(rows).substring(0, whole * 105) + latin1(message('E', ENDED)));
  }

  @Test
  void addsNothingToTheServersOwnFatal() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    client.send('Q', "SELECT 1\0");
    backend.read();
    beginDrain();

    backend.send('E', "SFATAL\0VFATAL\0C57P01\0Mby the server\0\0");
    assertThat(client.read().body()).contains("by the server");
    terminate();

    assertThat(client.rest()).isEmpty();
  }

  /** Has begun when it returns, and ends when no session is left, at the latest after the grace. */
  private CompletableFuture<Void> drain() {
    CompletableFuture<Void> drained = CompletableFuture.runAsync(() -> sessions.drain(GRACE));
    await("the drain has begun").until(() -> sessions.isDraining() || drained.isDone());
    return drained;
  }

  private void beginDrain() throws Exception {
    sessions.drain(Duration.ofMillis(1));
    awaitEventLoop();
  }

  private void terminate() throws Exception {
    sessions.terminateAll(Duration.ofMillis(1));
    awaitEventLoop();
  }

  /** The sessions are told on their event loop; what is asked of it later comes later. */
  private void awaitEventLoop() throws Exception {
    Peer probe = client(startup("user", "pglambda", "database", "pglambda"));
    probe.send('p', "x");
    probe.read();
  }
}
