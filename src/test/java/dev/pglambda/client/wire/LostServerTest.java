package dev.pglambda.client.wire;

import static dev.pglambda.testing.Awaiting.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.embedded.EmbeddedPostgres;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.BackendMessage.NoticeResponse;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.TestBinaries;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Backends that are terminated or die: the client is told what the server says, once. Only where
 * the server says nothing at all the proxy says that the server is lost.
 */
@Timeout(120)
class LostServerTest {
  private static final int MOST_TRIES = 4;

  @TempDir private Path directory;

  @ParameterizedTest(name = "PostgreSQL {0}")
  @ValueSource(strings = "18")
  void tellsWhatTheServerSaysAndOnlyOnce(String version) throws Exception {
    EmbeddedPostgres.EmbeddedSettings settings =
        new EmbeddedPostgres.EmbeddedSettings(directory, 0, Map.of(), Map.of("fsync", "off"));
    try (EmbeddedPostgres postgres =
            EmbeddedPostgres.start(settings, TestBinaries.require(version), line -> {});
        ProxyUnderTest proxy =
            ProxyUnderTest.startBefore(
                postgres.host() + ":" + postgres.port(), "--sample-functions", "on")) {
      terminate(postgres.port(), proxy.port());
      int tries = 1;
      while (!kill(postgres.port(), proxy.port())) {
        assertThat(++tries).as("tries").isLessThanOrEqualTo(MOST_TRIES);
      }
    }
  }

  /** Idle and in the midst of a statement. */
  private static void terminate(int directPort, int proxiedPort) throws IOException {
    for (String query : List.of("", "SELECT pg_sleep(60)")) {
      List<String> expected = terminate(directPort, directPort, query);
      assertThat(terminate(proxiedPort, directPort, query)).isEqualTo(expected);
      assertThat(expected).hasSize(1).first().asString().contains("FATAL", "57P01");
    }
  }

  private static List<String> terminate(int port, int directPort, String query) throws IOException {
    try (WireClient victim = connect(port);
        WireClient other = connect(directPort)) {
      String process = backend(victim);
      if (!query.isEmpty()) {
        victim.query(query).flushOut();
        String active = "SELECT FROM pg_stat_activity WHERE state = 'active' AND pid = " + process;
        while (other.query(active).readUntilReady().size() == 3) {
          // the query has not begun yet
        }
      }
      other.query("SELECT pg_terminate_backend(" + process + ")").readUntilReady();
      return last(victim);
    }
  }

  /**
   * The server ends all sessions.
   *
   * @return false if it had to kill one of them before that could speak, as it does after 5 seconds
   */
  private static boolean kill(int directPort, int proxiedPort) throws IOException {
    try (WireClient victim = connect(proxiedPort);
        WireClient direct = connect(directPort);
        WireClient proxied = connect(proxiedPort)) {
      assertThat(ProcessHandle.of(Long.parseLong(backend(victim))).orElseThrow().destroyForcibly())
          .isTrue();

      List<String> expected = last(direct);
      List<String> actual = last(proxied);
      assertThat(last(victim)).hasSize(1).first().asString().contains("FATAL", "08006", "lost");
      awaitSession(proxiedPort);
      if (expected.isEmpty() || !actual.toString().contains("WARNING")) {
        return false;
      }
      assertThat(actual).isEqualTo(expected);
      assertThat(expected).hasSize(1).first().asString().contains("WARNING", "57P02");
      return true;
    }
  }

  private static void awaitSession(int port) {
    await("the server has recovered")
        .ignoreExceptionsMatching(IOException.class::isInstance)
        .untilAsserted(
            () -> {
              try (WireClient client = connect(port)) {
                assertThat(client.query("SELECT 1").readUntilReady()).hasSize(4);
              }
            });
  }

  private static WireClient connect(int port) throws IOException {
    return WireClient.connect("127.0.0.1", port, "postgres", "postgres", null);
  }

  private static String backend(WireClient client) throws IOException {
    List<BackendMessage> answer = client.query("SELECT pg_backend_pid()").readUntilReady();
    return Objects.requireNonNull(((DataRow) answer.get(1)).text(0));
  }

  /** What a session is told before it is closed, but for rows. */
  private static List<String> last(WireClient client) throws IOException {
    List<String> said = new ArrayList<>();
    @Nullable BackendMessage message = client.read();
    while (message != null) {
      if (message instanceof ErrorResponse || message instanceof NoticeResponse) {
        said.add(message.toString());
      }
      try {
        message = client.read();
      } catch (SocketException reset) {
        message = null;
      }
    }
    return said;
  }
}
