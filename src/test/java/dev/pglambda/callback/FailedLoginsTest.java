package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.FrontendMessage.SaslResponse;
import dev.pglambda.protocol.auth.ScramClient;
import dev.pglambda.protocol.auth.ScramServer;
import dev.pglambda.testing.Peer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Links that prove no password. */
@Timeout(60)
class FailedLoginsTest {
  private static final String NEAR = "127.0.0.1";
  private static final String ELSEWHERE = "127.0.0.2";

  /** That the secret has not made. */
  private static final String UNKNOWN = "pglambda_" + "0".repeat(32);

  private final Loopback loopback =
      new Loopback(
          new CallbackServer(
              Worker.SECRET,
              new FakeFunction(),
              Worker.JOURNAL,
              session -> null,
              CallbackLimits.DEFAULTS),
          0);

  @AfterEach
  void close() {
    loopback.close();
  }

  private Peer open(String from, String database) throws IOException {
    Socket socket =
        new Socket(
            InetAddress.getLoopbackAddress(), loopback.port(), InetAddress.getByName(from), 0);
    return Peer.over(socket).send(Peer.startup("user", "pglambda", "database", database));
  }

  private void fail(String from, int times) throws Exception {
    for (int i = 0; i < times; i++) {
      try (Peer stranger = open(from, UNKNOWN)) {
        assertThat(stranger.readBackend()).matches(Worker.isFatal("28P01"));
      }
    }
  }

  private static BackendMessage logIn(Peer worker, String password) throws Exception {
    assertThat(worker.readBackend()).isEqualTo(Authentication.sasl(ScramServer.MECHANISM));
    ScramClient client = new ScramClient(password);
    worker.send(Worker.initialResponse(ScramServer.MECHANISM, client.first()));
    String serverFirst = ((Authentication) worker.readBackend()).text();
    worker.send(new SaslResponse(ISO_8859_1.encode(client.last(serverFirst))));
    return worker.readBackend();
  }

  @Test
  void waitForTheirAnswerWhereManyCome() throws Exception {
    fail(NEAR, FailedLogins.ANSWERED_AT_ONCE);

    long begin = System.nanoTime();
    fail(NEAR, 1);

    assertThat(Duration.ofNanos(System.nanoTime() - begin))
        .isGreaterThanOrEqualTo(FailedLogins.DELAY);
  }

  @Test
  void waitAlsoForTheAnswerToAWrongPassword() throws Exception {
    fail(NEAR, FailedLogins.ANSWERED_AT_ONCE);

    long begin = System.nanoTime();
    try (Peer stranger = open(NEAR, Worker.DATABASE)) {
      assertThat(logIn(stranger, "wrong")).matches(Worker.isFatal("28P01"));
      assertThat(stranger.atEnd()).isTrue();
    }

    assertThat(Duration.ofNanos(System.nanoTime() - begin))
        .isGreaterThanOrEqualTo(FailedLogins.DELAY);
  }

  @Test
  void holdUpNoLinkThatProvesItsPassword() throws Exception {
    fail(NEAR, FailedLogins.ANSWERED_AT_ONCE);
    try (Peer stranger = open(NEAR, UNKNOWN);
        Peer worker = open(NEAR, Worker.DATABASE)) {
      CompletableFuture<BackendMessage> refusal = answer(stranger);

      assertThat(logIn(worker, Worker.KEYS.linkPassword())).isInstanceOf(Authentication.class);

      assertThat(refusal).isNotDone();
      assertThat(refusal.get()).matches(Worker.isFatal("28P01"));
    }
  }

  @Test
  void areNoMatterOfAnotherAddress() throws Exception {
    fail(ELSEWHERE, FailedLogins.ANSWERED_AT_ONCE);
    try (Peer stranger = open(ELSEWHERE, UNKNOWN)) {
      CompletableFuture<BackendMessage> refusal = answer(stranger);

      fail(NEAR, 1);

      assertThat(refusal).isNotDone();
      assertThat(refusal.get()).matches(Worker.isFatal("28P01"));
    }
  }

  private static CompletableFuture<BackendMessage> answer(Peer peer) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return peer.readBackend();
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
  }

  @Test
  void areForgottenAfterAMinute() throws Exception {
    AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1);
    FailedLogins failures = new FailedLogins(now::get);
    InetAddress address = InetAddress.getByAddress(new byte[] {127, 0, 0, 9});

    assertThat(failures.count(address)).isEqualTo(1);
    now.addAndGet(Duration.ofSeconds(59).toNanos());
    assertThat(failures.count(address)).isEqualTo(2);
    now.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(failures.count(address)).isEqualTo(1);
  }

  @Test
  void areKnownOfSoManyAddressesOnly() throws Exception {
    FailedLogins failures = new FailedLogins(System::nanoTime);
    for (int i = 0; i < 3000; i++) {
      failures.count(InetAddress.getByAddress(new byte[] {10, 0, (byte) (i >> 8), (byte) i}));
    }

    assertThat(failures.addresses()).isEqualTo(1000);
    assertThat(failures.count(InetAddress.getByAddress(new byte[] {10, 0, 0, 0}))).isEqualTo(1);
  }
}
