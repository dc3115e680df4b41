package dev.pglambda;

import static dev.pglambda.testing.Awaiting.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.testing.FloodingServer;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.ProxyProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The jar where it may open few files: new clients are refused, and those that are there stay. */
@Timeout(180)
class FileDescriptorsIT {
  private static final int OPEN_FILES = 160;
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration WATCHED = Duration.ofSeconds(3);

  @TempDir private Path directory;

  private ProxyProcess.Builder before(FloodingServer server) {
    return ProxyProcess.with("--listen", "127.0.0.1:0", "--data-dir", directory.toString())
        .arguments(
            "--backend",
            "127.0.0.1:" + server.port(),
            "--backend-sslmode",
            "disable",
            "--sample-functions",
            "on")
        .openFiles(OPEN_FILES);
  }

  @Test
  void refusesClientsBeforeFilesRunOut() throws Exception {
    List<Peer> clients = new ArrayList<>();
    try (FloodingServer server = FloodingServer.start();
        ProxyProcess proxy = before(server).startAndAwait()) {
      proxy.err().await("because only " + OPEN_FILES + " files can be open");
      String refusal = "";
      while (refusal.isEmpty()) {
        Peer client = Peer.connect(proxy.port());
        refusal = begin(client);
        if (refusal.isEmpty()) {
          clients.add(client);
        }
      }
      assertThat(refusal).contains("C53300\0Msorry, too many clients already\0");
      assertThat(clients).hasSizeBetween(10, OPEN_FILES / 2);
      assertThat(proxy.openFiles()).isLessThan(OPEN_FILES);
      for (Peer client : clients) {
        assertServed(client);
      }

      clients.remove(0).close();
      assertServed(beginWithin(proxy, clients));
    } finally {
      clients.forEach(Peer::close);
    }
  }

  @Test
  void keepsServingAndRecoversWhenSilentConnectionsTakeAllFiles() throws Exception {
    List<Peer> silent = new ArrayList<>();
    List<Peer> clients = new ArrayList<>();
    try (FloodingServer server = FloodingServer.start();
        ProxyProcess proxy = before(server).startAndAwait();
        Peer old = Peer.connect(proxy.port())) {
      assertThat(begin(old)).isEmpty();
      for (int i = 0; i < 2 * OPEN_FILES; i++) {
        silent.add(Peer.connect(proxy.port()));
      }
      proxy.err().await("cannot accept clients: ");

      Duration before = proxy.processorTime();
      long end = System.nanoTime() + WATCHED.toNanos();
      while (System.nanoTime() < end) {
        assertServed(old);
      }
      assertThat(proxy.processorTime().minus(before)).isLessThan(WATCHED.multipliedBy(2));

      assertServed(beginWithin(proxy, clients));
      silent.forEach(Peer::close);
      assertServed(beginWithin(proxy, clients));
      assertServed(old);
      assertThat(proxy.err().lines())
          .noneMatch(line -> line.matches("\\s+at .*"))
          .hasSizeLessThan(20);
    } finally {
      silent.forEach(Peer::close);
      clients.forEach(Peer::close);
    }
  }

  /** A client that is let in, if not at once, then soon; until then it is told why not. */
  private static Peer beginWithin(ProxyProcess proxy, List<Peer> clients) throws Exception {
    return await("a client is let in")
        .until(
            () -> {
              Peer client = Peer.connect(proxy.port());
              clients.add(client);
              String refusal = begin(client);
              if (refusal.isEmpty()) {
                return Optional.of(client);
              }
              assertThat(refusal).contains("C53300\0");
              return Optional.<Peer>empty();
            },
            Optional::isPresent)
        .orElseThrow();
  }

  /** Begins a session; the body of the error by which that is refused, or nothing. */
  private static String begin(Peer client) throws IOException {
    client.socket().setSoTimeout((int) PATIENCE.toMillis());
    client.send(Peer.startup("user", "ann"));
    Peer.Received answer = client.read();
    if (answer.type() == BackendMessage.ERROR_RESPONSE) {
      client.close();
      return answer.body();
    }
    assertThat(client.read()).hasToString("Z:I");
    return "";
  }

  private static void assertServed(Peer client) throws IOException {
    client.send(new Query("SELECT 1"));
    assertThat(client.read()).hasToString("C:SELECT 0|");
    assertThat(client.read()).hasToString("Z:I");
  }
}
