package dev.pglambda.admin;

import dev.pglambda.config.HostAndPort;
import dev.pglambda.config.ServerAddress;
import dev.pglambda.config.UnixSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Whether the PostgreSQL server can be reached: a connection is tried when somebody asks, and the
 * answer holds for a while. Used on one thread.
 */
final class Readiness {
  private static final int TIMEOUT_MS = 2_000;
  private static final long HOLDS_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final ServerAddress server;
  private final Executor executor;
  private @Nullable CompletableFuture<Boolean> last;
  private long since;

  /**
   * @param executor where the attempt may block
   */
  Readiness(ServerAddress server, Executor executor) {
    this.server = server;
    this.executor = executor;
  }

  CompletableFuture<Boolean> isServerReachable() {
    CompletableFuture<Boolean> known = last;
    if (known == null || (known.isDone() && System.nanoTime() - since >= HOLDS_NANOS)) {
      since = System.nanoTime();
      known = CompletableFuture.supplyAsync(this::connect, executor);
      last = known;
    }
    // A name may take longer to be found: nobody waits for it, and it is not looked up twice.
    return known.copy().completeOnTimeout(false, TIMEOUT_MS, TimeUnit.MILLISECONDS);
  }

  private boolean connect() {
    try {
      if (server instanceof HostAndPort tcp) {
        try (Socket socket = new Socket()) {
          socket.connect(new InetSocketAddress(tcp.host(), tcp.port()), TIMEOUT_MS);
        }
      } else if (server instanceof UnixSocket local) {
        try (SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX)) {
          socket.configureBlocking(false); // else it waits as long as the server's queue is full
          return socket.connect(UnixDomainSocketAddress.of(local.file()));
        }
      }
      return true;
    } catch (IOException unreachable) {
      return false;
    }
  }
}
