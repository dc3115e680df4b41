package dev.pglambda.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.config.UnixSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadinessTest {
  private static final int PORT = 5432;

  private final ExecutorService executor = Executors.newSingleThreadExecutor();

  @TempDir private Path directory;

  @AfterEach
  void stop() {
    executor.shutdownNow();
  }

  private boolean isReachable(UnixSocket server) throws Exception {
    return new Readiness(server, executor).isServerReachable().get(10, TimeUnit.SECONDS);
  }

  @Test
  void reachesAUnixSocketUntilItsQueueIsFull() throws Exception {
    UnixSocket server = new UnixSocket(directory, PORT);
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(server.file());
    assertThat(isReachable(server)).isFalse();
    List<SocketChannel> waiting = new ArrayList<>();
    try (ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listening.bind(address, 3);
      assertThat(isReachable(server)).isTrue();

      boolean taken = true;
      while (taken) {
        SocketChannel next = SocketChannel.open(StandardProtocolFamily.UNIX);
        waiting.add(next);
        next.configureBlocking(false);
        taken = next.connect(address);
      }

      assertThat(isReachable(server)).isFalse();
    } finally {
      for (SocketChannel each : waiting) {
        each.close();
      }
    }
  }
}
