package dev.pglambda.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.config.UnixSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
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
    try (ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listening.bind(address, 3);

      // Each try stays in the queue, as nobody takes it.
      int reached = 0;
      while (reached < 1000 && isReachable(server)) {
        reached++;
      }

      assertThat(reached).isBetween(1, 999);
    }
  }
}
