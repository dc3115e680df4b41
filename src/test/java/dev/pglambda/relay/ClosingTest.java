package dev.pglambda.relay;

import static dev.pglambda.testing.Peer.error;
import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.startup;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage.CopyInResponse;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.testing.Peer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What reaches one side when the other one closes. */
class ClosingTest extends RelayStage {
  private static final ErrorResponse FATAL = error("SFATAL", "VFATAL", "C57P01", "Mends");
  private static final byte[] COPY_DATA = message(FrontendMessage.COPY_DATA, "x".repeat(8_187));

  /** Sends until nothing more is taken, and goes on with it in the background. */
  private static CompletableFuture<Void> fill(Peer sender, int messages) throws Exception {
    AtomicInteger sent = new AtomicInteger();
    CompletableFuture<Void> sending =
        CompletableFuture.runAsync(
            () -> {
              try {
                for (int i = 0; i < messages; i++) {
                  sender.send(COPY_DATA);
                  sent.incrementAndGet();
                }
              } catch (IOException closed) {
                throw new UncheckedIOException(closed);
              }
            });
    int before = -1;
    while (before < sent.get()) {
      before = sent.get();
      try {
        sending.get(300, TimeUnit.MILLISECONDS);
        return sending;
      } catch (TimeoutException stillSending) {
        // Whether it has stopped is what the loop finds out.
      }
    }
    return sending;
  }

  @Test
  void passesOnTheLastWordOfAServerThatReadsNoMore() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    client.send(new Query("COPY t FROM STDIN"));
    backend.read();
    backend.send(new CopyInResponse(0, List.of()));
    client.read();
    CompletableFuture<Void> sending = fill(client, 4_000);
    assertThat(sending).isNotDone();

    backend.send(FATAL);
    backend.close();

    assertThat(client.rest()).isEqualTo(new String(message(FATAL), StandardCharsets.ISO_8859_1));
    sending.exceptionally(closed -> null).get(20, TimeUnit.SECONDS);
  }

  @Test
  void sendsWhatAClientHasSentBeforeItClosed() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    int messages = 2_000;
    CompletableFuture<Void> sending = fill(client, messages);
    assertThat(sending).isNotDone();
    CompletableFuture<Void> closing = sending.thenRun(client::close);

    for (int i = 0; i < messages; i++) {
      assertThat(backend.read().type()).isEqualTo(FrontendMessage.COPY_DATA);
    }

    closing.get(20, TimeUnit.SECONDS);
    assertThat(backend.atEnd()).isTrue();
  }
}
