package dev.pglambda;

import static dev.pglambda.testing.Awaiting.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.HostileTraffic;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.ProxyProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The jar before anybody has authenticated: bad bytes are refused, and leave nothing behind. */
@Timeout(120)
class HostileConnectionsIT {
  private static final int THREADS = 8;
  private static final int WARM_UP = 10_000;
  private static final int ROUNDS = 6;
  private static final int CONNECTIONS = 5_000;

  /** In one round: what a leak of 200 bytes for each connection would come to. */
  private static final long MOST_GROWTH = 1_000_000;

  /** Most FATALs that bytes can lead to; 08001 is the server that is not there. */
  private static final List<String> CODES = List.of("08P01", "0A000", "08001", "28P01");

  @TempDir private Path directory;

  private ProxyProcess.Builder proxyBefore(int backendPort) {
    return ProxyProcess.with("--listen", "127.0.0.1:0", "--data-dir", directory.toString())
        .arguments("--backend", "127.0.0.1:" + backendPort, "--startup-timeout", "2s")
        .arguments("--sample-functions", "on", "--backend-sslmode", "disable")
        // All of the heap is resident from the start: only what is outside of it can grow, and what
        // leaks inside it ends in an OutOfMemoryError.
        .jvm("-Xms48m", "-Xmx48m", "-XX:+AlwaysPreTouch", "-XX:+ExitOnOutOfMemoryError");
  }

  @Test
  void badBytesAreRefusedAndLeaveNothingBehind() throws Exception {
    try (ProxyProcess proxy =
        proxyBefore(FakeLambdaEndpoint.refusing().getPort()).startAndAwait()) {
      long openFiles = proxy.openFiles();
      attack(proxy.port(), WARM_UP, 1);
      awaitOpenFiles(proxy, openFiles);

      // The JIT compiler takes memory, too, but not in every round; a leak does.
      long leastGrowth = Long.MAX_VALUE;
      for (int round = 0; round < ROUNDS && leastGrowth > MOST_GROWTH; round++) {
        long resident = proxy.residentBytes();
        attack(proxy.port(), CONNECTIONS, 2 + round);
        awaitOpenFiles(proxy, openFiles);
        leastGrowth = Math.min(leastGrowth, proxy.residentBytes() - resident);
      }

      assertThat(leastGrowth).isLessThanOrEqualTo(MOST_GROWTH);
      assertLogIsQuiet(proxy);
      assertThat(proxy.isAlive()).isTrue();
    }
  }

  @Test
  void badBytesBeforeTheServerAnswersAreRefused() throws Exception {
    try (SilentServer server = new SilentServer();
        ProxyProcess proxy = proxyBefore(server.port()).startAndAwait()) {
      long openFiles = proxy.openFiles();
      HostileTraffic traffic = new HostileTraffic(3);
      for (int length : List.of(Integer.MAX_VALUE, 0, 3, -1, Integer.MIN_VALUE)) {
        try (Peer client = Peer.connect(proxy.port())) {
          client.send(HostileTraffic.startup());
          client.send(new byte[] {FrontendMessage.PASSWORD});
          client.send(
              new byte[] {
                (byte) (length >> 24), (byte) (length >> 16), (byte) (length >> 8), (byte) length
              });
          if (length < Integer.MAX_VALUE) { // which is a length that the server may refuse
            assertRefused(client.rest());
          }
        }
      }
      for (int i = 0; i < 200; i++) {
        try (Peer client = Peer.connect(proxy.port())) {
          client.send(HostileTraffic.startup()).send(traffic.afterStartup());
        }
      }
      awaitOpenFiles(proxy, openFiles);
      assertLogIsQuiet(proxy);
    }
  }

  @Test
  void slowDripsAndSilenceEndWithTheStartupTimeout() throws Exception {
    ScheduledExecutorService drips = Executors.newSingleThreadScheduledExecutor();
    List<Peer> clients = new ArrayList<>();
    try (ProxyProcess proxy =
        proxyBefore(FakeLambdaEndpoint.refusing().getPort()).startAndAwait()) {
      long openFiles = proxy.openFiles();
      List<ScheduledFuture<?>> dripping = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        Peer client = Peer.connect(proxy.port());
        clients.add(client);
        if (i % 2 == 0) {
          client.send(new byte[] {0, 0, 3, (byte) 0xe8, 0, 3, 0, 0}); // 1000 bytes, one by one
          dripping.add(
              drips.scheduleWithFixedDelay(() -> drip(client), 0, 100, TimeUnit.MILLISECONDS));
        }
      }
      for (Peer client : clients) {
        assertThat(client.atEnd()).isTrue();
      }
      dripping.forEach(drip -> drip.cancel(false));
      awaitOpenFiles(proxy, openFiles);
      assertLogIsQuiet(proxy);
    } finally {
      drips.shutdownNow();
      clients.forEach(Peer::close);
    }
  }

  @Test
  void serverThatIsDownIsOneFatalForEachClient() throws Exception {
    int port = FakeLambdaEndpoint.refusing().getPort();
    try (ProxyProcess proxy = proxyBefore(port).startAndAwait()) {
      assertThat(proxy.out().text()).contains("PostgreSQL  real: 127.0.0.1:" + port);
      try (Peer client = Peer.connect(proxy.port())) {
        client.send(HostileTraffic.startup());
        Peer.Received error = client.read();
        assertThat(error.type()).isEqualTo(BackendMessage.ERROR_RESPONSE);
        assertThat(error.body())
            .contains("SFATAL\0", "C08001\0", "127.0.0.1:" + port, "Connection refused");
        assertThat(client.rest()).isEmpty();
      }
      assertThatThrownBy(() -> proxy.connect().close())
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("could not connect to server at 127.0.0.1:" + port);
      assertThat(proxy.isAlive()).isTrue();
    }
  }

  private static void attack(int port, int connections, long seed) throws Exception {
    ExecutorService attackers = Executors.newFixedThreadPool(THREADS);
    try {
      List<Callable<Void>> attacks = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        HostileTraffic traffic = new HostileTraffic(seed * THREADS + i);
        attacks.add(
            () -> {
              for (int n = 0; n < connections / THREADS; n++) {
                converse(port, traffic.next(), n % 8 == 0);
              }
              return null;
            });
      }
      for (Future<Void> attack : attackers.invokeAll(attacks)) {
        attack.get();
      }
    } finally {
      attackers.shutdownNow();
    }
  }

  private static void converse(int port, byte[] bytes, boolean reset) throws IOException {
    try (Peer client = Peer.connect(port)) {
      client.send(bytes);
      if (reset) {
        client.reset();
        return;
      }
      client.socket().shutdownOutput(); // Else half a packet waits for the startup time-out.
      assertRefused(client.rest());
    }
  }

  /** The answers to requests for encryption, the offer of SCRAM, then a FATAL or nothing. */
  private static void assertRefused(String answer) {
    String error = answer.replaceFirst("^N{1,2}", "").replaceFirst("(?s)^R.{8}SCRAM.*?\0\0", "");
    if (!error.isEmpty()) {
      if (error.matches("EFATAL:  .*\n\0")) {
        return; // in the form of a protocol before 3
      }
      assertThat(error).matches("(?s)E.{4}SFATAL\0.*\0\0");
      assertThat(CODES).as(error).anyMatch(code -> error.contains("\0C" + code + "\0"));
    }
  }

  private static void assertLogIsQuiet(ProxyProcess proxy) {
    assertThat(proxy.err().lines())
        .noneMatch(line -> line.contains("Exception") || line.matches("\\s+at .*"))
        .noneMatch(line -> line.contains(" ERROR "));
  }

  /** The proxy notices that a connection is closed a little after its peer. */
  private static void awaitOpenFiles(ProxyProcess proxy, long most) {
    await("open files: at most " + most).until(() -> proxy.openFiles() <= most);
  }

  private static void drip(Peer client) {
    try {
      client.send(new byte[] {'x'});
    } catch (IOException e) {
      // Closed by the proxy, as it should be.
    }
  }

  /** Accepts connections and says nothing. */
  private static final class SilentServer implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final List<Socket> accepted = new CopyOnWriteArrayList<>();

    SilentServer() throws IOException {
      Thread thread = new Thread(this::accept, "silent-server");
      thread.setDaemon(true);
      thread.start();
    }

    private void accept() {
      try {
        while (true) {
          accepted.add(listener.accept());
        }
      } catch (IOException closed) {
        // The end.
      }
    }

    int port() {
      return listener.getLocalPort();
    }

    @Override
    public void close() throws IOException {
      listener.close();
      for (Socket socket : accepted) {
        socket.close();
      }
    }
  }
}
