package dev.pglambda.relay;

import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.startup;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage.Sync;
import dev.pglambda.testing.Peer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** More messages than anybody answers: what the relay keeps of them is bounded. */
@Timeout(180)
class PipelineTest extends RelayStage {
  private static final int MOST_UNANSWERED = 1 << 18;
  private static final int MESSAGES = 300_000;
  private static final int AT_ONCE = 1_000;
  private static final int PATIENCE_MS = 60_000;
  private static final int SYNC_BYTES = 5;
  private static final int READY_BYTES = 6;

  /** What one read of the relay's can bring beyond the limit. */
  private static final int MARGIN = (1 << 16) / SYNC_BYTES + 1;

  @Test
  void readsNoMoreFromAClientWhoseMessagesTheServerDoesNotAnswer() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    CompletableFuture<Void> writing =
        CompletableFuture.runAsync(() -> send(client, message(new Sync()), MESSAGES));

    backend.text(MOST_UNANSWERED * SYNC_BYTES);
    int arrived = MOST_UNANSWERED;
    backend.socket().setSoTimeout(1_000);
    try {
      while (true) {
        backend.read();
        arrived++;
      }
    } catch (SocketTimeoutException nothingMore) {
      assertThat(arrived).isBetween(MOST_UNANSWERED, MOST_UNANSWERED + MARGIN);
    }

    backend.socket().setSoTimeout(PATIENCE_MS);
    client.socket().setSoTimeout(PATIENCE_MS);
    int before = arrived;
    CompletableFuture<Void> answering = CompletableFuture.runAsync(() -> answer(backend, before));
    assertThat(client.text(MESSAGES * READY_BYTES)).hasSize(MESSAGES * READY_BYTES).endsWith("I");
    writing.get(PATIENCE_MS, TimeUnit.MILLISECONDS);
    answering.get(PATIENCE_MS, TimeUnit.MILLISECONDS);
  }

  private static void answer(Peer backend, int arrived) {
    try {
      send(backend, message(new ReadyForQuery('I')), arrived);
      for (int left = MESSAGES - arrived; left > 0; left -= AT_ONCE) {
        int count = Math.min(left, AT_ONCE);
        backend.text(count * SYNC_BYTES);
        send(backend, message(new ReadyForQuery('I')), count);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void send(Peer peer, byte[] message, int count) {
    try {
      for (int left = count; left > 0; left -= AT_ONCE) {
        byte[][] some = new byte[Math.min(left, AT_ONCE)][];
        Arrays.fill(some, message);
        peer.send(concat(some));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
