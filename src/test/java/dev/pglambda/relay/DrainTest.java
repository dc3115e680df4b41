package dev.pglambda.relay;

import static dev.pglambda.testing.Awaiting.await;
import static dev.pglambda.testing.Peer.error;
import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.packet;
import static dev.pglambda.testing.Peer.startup;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.BindComplete;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.BackendMessage.ParseComplete;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.protocol.FrontendMessage.Execute;
import dev.pglambda.protocol.FrontendMessage.Flush;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.FrontendMessage.Sync;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.testing.Peer;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of the sessions when the proxy is told to stop. */
class DrainTest extends RelayStage {
  private static final Duration GRACE = Duration.ofSeconds(60);
  private static final ErrorResponse ENDED =
      error("SFATAL", "VFATAL", "C57P01", "Mterminating connection due to administrator command");
  private static final ErrorResponse REFUSED =
      error("SFATAL", "VFATAL", "C57P03", "Mthe database system is shutting down");

  @Test
  void endsAnIdleSessionAtOnce() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);

    CompletableFuture<Void> drained = drain();

    assertThat(client.readBackend()).isEqualTo(ENDED);
    assertThat(client.atEnd()).isTrue();
    assertThat(backend.atEnd()).isTrue();
    drained.get(10, TimeUnit.SECONDS);
  }

  @Test
  void refusesNewSessionsAndPassesCancelRequestsAndCallsOfTheServer() throws Exception {
    Peer running = client(startup("user", "ann"));
    Peer backend = ready(running);
    running.send(new Query("SELECT 1"));
    backend.read();
    Peer undecided = client(new byte[0]);
    CompletableFuture<Void> drained = drain();

    undecided.send(startup("user", "bob"));
    assertThat(undecided.readBackend()).isEqualTo(REFUSED);
    assertThat(undecided.atEnd()).isTrue();
    Peer call = client(startup("user", "pglambda", "database", "pglambda"));
    call.send(FrontendMessage.PASSWORD, "hello\0");
    assertThat(call.read()).hasToString("p:hello|");
    client(packet(StartupPacket.CANCEL_REQUEST, "\0\0\0\7abcd"));
    assertThat(backend().readPacket()).startsWith(StartupPacket.CANCEL_REQUEST + ":");

    assertThat(drained).isNotDone();
    backend.send(new CommandComplete("SELECT 1"), new ReadyForQuery('I'));
    assertThat(running.read()).hasToString("C:SELECT 1|");
    assertThat(running.read()).hasToString("Z:I");
    assertThat(running.rest()).endsWith(latin1(message(ENDED)));
    drained.get(10, TimeUnit.SECONDS);
  }

  @Test
  void refusesASessionThatIsStillStarting() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = backend();
    backend.readPacket();
    backend.send(new Authentication(3, ""));
    client.read();

    beginDrain();

    assertThat(client.readBackend()).isEqualTo(REFUSED);
    assertThat(client.atEnd()).isTrue();
    assertThat(backend.atEnd()).isTrue();
  }

  @Test
  void letsATransactionGoOnToItsEnd() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    client.send(new Query("BEGIN"));
    backend.read();
    backend.send(new CommandComplete("BEGIN"), new ReadyForQuery('T'));
    client.read();
    client.read();

    beginDrain();

    client.send(new Query("SELECT 1"));
    assertThat(backend.read()).hasToString("Q:SELECT 1|");
    backend.send(error("SERROR", "C42601", "Mno"), new ReadyForQuery('E'));
    assertThat(client.read().type()).isEqualTo(BackendMessage.ERROR_RESPONSE);
    assertThat(client.read()).hasToString("Z:E");
    client.send(new Query("ROLLBACK"));
    assertThat(backend.read()).hasToString("Q:ROLLBACK|");
    backend.send(new CommandComplete("ROLLBACK"), new ReadyForQuery('I'));
    assertThat(client.read()).hasToString("C:ROLLBACK|");
    assertThat(client.read()).hasToString("Z:I");
    assertThat(client.readBackend()).isEqualTo(ENDED);
    assertThat(client.atEnd()).isTrue();
  }

  @Test
  void waitsForTheSyncOfWhatHasBeenExecuted() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    client
        .send(new Parse("", "INSERT", List.of()))
        .send(Bind.EMPTY)
        .send(new Execute("", 0))
        .send(new Flush());
    backend.read();
    backend.send(new ParseComplete(), new BindComplete(), new CommandComplete("INSERT 0 1"));
    client.read();
    client.read();
    client.read(); // answered, and not committed

    beginDrain();

    client.send(new Sync());
    backend.read();
    backend.read();
    backend.read();
    assertThat(backend.read()).hasToString("S:");
    backend.send(new ReadyForQuery('I'));
    assertThat(client.read()).hasToString("Z:I");
    assertThat(client.readBackend()).isEqualTo(ENDED);
  }

  @Test
  void answersEverythingThatWasPipelined() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    client.send(new Query("SELECT 1"), new Query("SELECT 2"));
    backend.read();
    backend.read();
    beginDrain();

    backend.send(new CommandComplete("SELECT 1"), new ReadyForQuery('I'));
    client.read();
    client.read();
    backend.send(new CommandComplete("SELECT 2"), new ReadyForQuery('I'));

    assertThat(client.read()).hasToString("C:SELECT 2|");
    assertThat(client.read()).hasToString("Z:I");
    assertThat(client.readBackend()).isEqualTo(ENDED);
  }

  @Test
  void waitsForTheRestOfARequest() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    byte[] query = message(new Query("x".repeat(3 << 20))); // passes without being gathered
    client.send(Arrays.copyOf(query, 1 << 20));
    backend.text(1 << 20);
    beginDrain();

    client.send(Arrays.copyOfRange(query, 1 << 20, query.length));
    backend.text(query.length - (1 << 20));
    backend.send(new CommandComplete("SELECT 1"), new ReadyForQuery('I'));

    assertThat(client.read()).hasToString("C:SELECT 1|");
    assertThat(client.read()).hasToString("Z:I");
    assertThat(client.readBackend()).isEqualTo(ENDED);
  }

  @Test
  void endsWhatStillRunsWhenTheGraceIsOver() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    client.send(new Query("SELECT pg_sleep(1000)"));
    backend.read();

    beginDrain();
    client.socket().setSoTimeout(100);
    assertThatThrownBy(client::read).isInstanceOf(SocketTimeoutException.class);
    terminate();

    client.socket().setSoTimeout(10_000);
    assertThat(client.readBackend()).isEqualTo(ENDED);
    assertThat(client.atEnd()).isTrue();
    assertThat(backend.atEnd()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5, 105, 210, 211, 300})
  void endsAStreamOfRowsBetweenTwoRowsHoweverTheyAreCut(int sent) throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    client.send(new Query("SELECT"));
    backend.read();
    byte[] row = message(BackendMessage.DATA_ROW, "x".repeat(100));
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
    assertThat(all).isEqualTo(latin1(rows).substring(0, whole * 105) + latin1(message(ENDED)));
  }

  @Test
  void addsNothingToTheServersOwnFatal() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    client.send(new Query("SELECT 1"));
    backend.read();
    beginDrain();

    backend.send(error("SFATAL", "VFATAL", "C57P01", "Mby the server"));
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
    probe.send(FrontendMessage.PASSWORD, "x");
    probe.read();
  }
}
