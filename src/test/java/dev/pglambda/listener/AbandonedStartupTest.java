package dev.pglambda.listener;

import static dev.pglambda.testing.Awaiting.await;
import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.packet;
import static dev.pglambda.testing.Peer.startup;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.config.ClientLimits;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.relay.RelayStage;
import dev.pglambda.testing.Peer;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A client can go at any moment of its start, in order or by a reset, and leaves nothing behind.
 */
class AbandonedStartupTest extends RelayStage {

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void leavesNothingBehind(boolean reset) throws Exception {
    limits = new ClientLimits(1, 1, 100, 1, 1); // what is left behind keeps the last client out
    byte[] start =
        concat(
            packet(StartupPacket.SSL_REQUEST, ""),
            startup("user", "ann"),
            message(FrontendMessage.PASSWORD, "secret\0"));
    CompletableFuture<Void> servers = CompletableFuture.runAsync(this::serve);
    for (int length = 0; length <= start.length; length++) {
      Peer client = client(Arrays.copyOf(start, length));
      if (reset) {
        client.reset();
      } else {
        client.close();
      }
      awaitNobody();
    }
    Peer canceling = client(packet(StartupPacket.CANCEL_REQUEST, "\0\0\0\7abcd"));
    canceling.reset();
    awaitNobody();

    Peer last = letIn();
    assertThat(last.read()).hasToString("Z:I");
    last.close();
    server.close();
    servers.get(10, TimeUnit.SECONDS);
  }

  /** Lets in who has sent a whole startup message, one after another. */
  private void serve() {
    try {
      while (true) {
        try (Peer backend = Peer.accept(server)) {
          if (backend.readPacket().startsWith("196608:")) {
            backend.send(Authentication.ok(), new ReadyForQuery('I'));
            backend.rest();
          }
        } catch (EOFException gone) {
          // The client went before the proxy could pass its startup message on.
        }
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }

  /** A client that is let in, as soon as the proxy has seen that the one before has gone. */
  private Peer letIn() throws Exception {
    return await("a client is let in")
        .until(
            () -> {
              Peer client = client(startup("user", "bob"));
              Peer.Received answer = client.read();
              if (answer.type() == BackendMessage.AUTHENTICATION) {
                return Optional.of(client);
              }
              assertThat(answer.body()).contains("C53300");
              client.close();
              return Optional.<Peer>empty();
            },
            Optional::isPresent)
        .orElseThrow();
  }

  private void awaitNobody() {
    await("all sessions have ended").until(() -> sessions.size() == 0);
  }
}
