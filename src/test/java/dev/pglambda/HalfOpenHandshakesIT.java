package dev.pglambda;

import static dev.pglambda.testing.Awaiting.await;
import static dev.pglambda.testing.Peer.packet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.testing.FloodingServer;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.ProxyProcess;
import dev.pglambda.testing.TestCertificates;
import dev.pglambda.testing.TlsPeer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The jar and ten thousand clients that begin TLS and do not go on: they harm no session, and leave
 * nothing behind. Renegotiation is here, too, since a JVM allows it or not for all.
 */
@Timeout(300)
class HalfOpenHandshakesIT {
  private static final int HANDSHAKES = 10_000;
  private static final int ROUND = 1_000;
  private static final int PENDING = 500;

  /** A session may be served as late as this while they come. */
  private static final Duration BOUND = Duration.ofSeconds(3);

  /** In one round: what a leak of 1 kB for each connection would come to. */
  private static final long MOST_GROWTH = 1_000_000;

  /** Open at a time, so that this JVM does not run out of files. */
  private final long mostOpen = Math.min(HANDSHAKES, openFilesAllowed() / 2);

  private final Deque<Peer> halfOpen = new ArrayDeque<>();

  @TempDir private Path directory;
  private FloodingServer server;

  private static long openFilesAllowed() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
        ? unix.getMaxFileDescriptorCount()
        : 1_000;
  }

  @BeforeEach
  void start() throws IOException {
    server = FloodingServer.start();
  }

  @AfterEach
  void close() throws IOException {
    closeHalfOpen();
    server.close();
  }

  private void closeHalfOpen() {
    halfOpen.forEach(Peer::close);
    halfOpen.clear();
  }

  private ProxyProcess proxy(String... more) throws Exception {
    return ProxyProcess.with("--listen", "127.0.0.1:0", "--data-dir", directory.toString())
        .arguments("--backend", "127.0.0.1:" + server.port(), "--sample-functions", "on")
        .arguments("--backend-sslmode", "disable")
        .arguments(TestCertificates.shown("server"))
        .arguments(more)
        .jvm("-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch", "-XX:+ExitOnOutOfMemoryError")
        .startAndAwait();
  }

  private static Peer session(TlsPeer how) throws IOException {
    Peer client = how.connect().send(Peer.startup("user", "ann"));
    client.read();
    assertThat(client.read()).hasToString("Z:I");
    return client;
  }

  private static void assertServed(Peer client) throws IOException {
    long begin = System.nanoTime();
    client.send(new Query("SELECT 1"));
    assertThat(client.read()).hasToString("C:SELECT 0|");
    assertThat(client.read()).hasToString("Z:I");
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(BOUND);
  }

  /**
   * One more: of four in turn one only connects, one only asks for TLS, one sends its ClientHello
   * up to a place that moves from one to the next, one all of it.
   */
  private void begin(int port, int number, byte[] hello) throws IOException {
    if (halfOpen.size() >= mostOpen) {
      halfOpen.removeFirst().close();
    }
    Peer client = Peer.connect(port);
    halfOpen.addLast(client);
    int kind = number % 4;
    if (kind > 0) {
      client.send(packet(StartupPacket.SSL_REQUEST, ""));
    }
    if (kind > 1) {
      assertThat(client.text(1)).isEqualTo("S");
      client.send(kind == 2 ? Arrays.copyOf(hello, 1 + number / 4 % hello.length) : hello);
    }
  }

  @Test
  void moreThanMayBePendingMakePlaceForEachOther() throws Exception {
    try (ProxyProcess proxy =
            proxy("--max-pending-clients", "" + PENDING, "--startup-timeout", "5min");
        Peer old = session(TlsPeer.of(proxy.port()))) {
      byte[] hello = TlsPeer.of(proxy.port()).clientHello();
      long openFiles = proxy.openFiles();
      for (int i = 0; i < HANDSHAKES; i++) {
        begin(proxy.port(), i, hello);
        if (i % 100 == 0) {
          assertServed(old);
          session(TlsPeer.of(proxy.port())).close();
        }
      }
      await("those that are too many are closed")
          .until(() -> proxy.openFiles() <= openFiles + PENDING);

      closeHalfOpen();
      await("all are closed").until(() -> proxy.openFiles() <= openFiles);
      assertServed(old);
      assertLogIsQuiet(proxy);
    }
  }

  @Test
  void areGoneWhenTheirTimeIsOver() throws Exception {
    try (ProxyProcess proxy =
            proxy("--max-pending-clients", "" + 2 * ROUND, "--startup-timeout", "1s");
        Peer old = session(TlsPeer.of(proxy.port()))) {
      byte[] hello = TlsPeer.of(proxy.port()).clientHello();
      long openFiles = proxy.openFiles();
      long leastGrowth = Long.MAX_VALUE;
      for (int round = 0; round < HANDSHAKES / ROUND; round++) {
        long resident = proxy.residentBytes();
        for (int i = 0; i < ROUND; i++) {
          begin(proxy.port(), i, hello);
          if (i % 100 == 0) {
            assertServed(old);
          }
        }
        await("all are closed").until(() -> proxy.openFiles() <= openFiles);
        closeHalfOpen();
        leastGrowth = Math.min(leastGrowth, proxy.residentBytes() - resident);
      }
      // The JIT compiler takes memory, too, but not in every round; a leak does.
      assertThat(leastGrowth).isLessThanOrEqualTo(MOST_GROWTH);
      assertServed(old);
      assertLogIsQuiet(proxy);
    }
  }

  private static void assertLogIsQuiet(ProxyProcess proxy) {
    assertThat(proxy.err().lines())
        .noneMatch(line -> line.contains("Exception") || line.matches("\\s+at .*"))
        .noneMatch(line -> line.contains(" ERROR "))
        .hasSizeLessThan(20);
  }

  @Test
  void renegotiationIsRefused() throws Exception {
    try (ProxyProcess proxy = proxy();
        Peer other = session(TlsPeer.of(proxy.port()));
        Peer client = session(TlsPeer.of(proxy.port()).version("TLSv1.2"))) {
      long openFiles = proxy.openFiles();

      // A second handshake only writes its hello; the refusal comes with the next read.
      assertThatThrownBy(
              () -> {
                ((SSLSocket) client.socket()).startHandshake();
                client.socket().getInputStream().read();
              })
          .isInstanceOf(SSLException.class);

      await("the session has ended").until(() -> proxy.openFiles() <= openFiles - 2);
      assertServed(other);
    }
  }
}
