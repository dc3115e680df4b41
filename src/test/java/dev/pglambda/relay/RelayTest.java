package dev.pglambda.relay;

import static dev.pglambda.testing.Peer.error;
import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.packet;
import static dev.pglambda.testing.Peer.startup;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.intercept.Rewrite;
import dev.pglambda.intercept.ServerSettings;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.BindComplete;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.ParameterStatus;
import dev.pglambda.protocol.BackendMessage.ParseComplete;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.ClientEncoding;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.protocol.FrontendMessage.Execute;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.FrontendMessage.Sync;
import dev.pglambda.protocol.FrontendMessage.Terminate;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.testing.Peer;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Wire scripts: a client and a server that say exactly what the test says, and the relay between
 * them.
 */
class RelayTest extends RelayStage {
  // ---- messages

  @Test
  void passesMessagesInBothDirectionsHoweverTheyAreCut() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    byte[] request =
        message(
            new Parse("s", "SELECT $1", List.of()),
            new Bind("", "s", List.of(), List.of(), List.of()),
            new Sync(),
            new Query("SELECT 'aws_lambda'"));

    client.trickle(request);
    assertThat(backend.text(request.length)).isEqualTo(latin1(request));

    byte[] reply =
        message(new ParseComplete(), new BindComplete(), error("SERROR", "C42601", "Mno"));
    backend.trickle(reply);
    assertThat(client.text(reply.length)).isEqualTo(latin1(reply));
  }

  @Test
  void passesLargeMessagesWithoutWaitingForTheirEnd() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);

    client
        .send(new byte[] {FrontendMessage.QUERY, 0x3f, 0, 0, 0})
        .send("SELECT ".getBytes(StandardCharsets.US_ASCII));

    assertThat(backend.text(12)).endsWith("SELECT ");
  }

  @Test
  void sendsTheRewrittenTextAndTheTagOfTheStatementTheClientWrote() throws Exception {
    rewriteMagic();
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);

    client.send(new Query("SELECT 1; magic"));
    assertThat(backend.read()).hasToString("Q:SELECT 1; DO 'x'|");
    backend.send(
        new CommandComplete("SELECT 1"), new CommandComplete("DO"), new ReadyForQuery('I'));

    assertThat(client.read()).hasToString("C:SELECT 1|");
    assertThat(client.read()).hasToString("C:CREATE EXTENSION|");
    assertThat(client.read()).hasToString("Z:I");
  }

  @Test
  void mendsTheTagOfARewrittenStatementThatWasPreparedAndIsExecutedTwice() throws Exception {
    rewriteMagic();
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);

    client
        .send(new Parse("m", "magic", List.of()))
        .send(new Bind("", "m", List.of(), List.of(), List.of()))
        .send(new Execute("", 0))
        .send(new Bind("p", "m", List.of(), List.of(), List.of()))
        .send(new Execute("p", 0))
        .send(new Parse("", "SELECT 1", List.of()))
        .send(new Bind("p", "", List.of(), List.of(), List.of()))
        .send(new Execute("p", 0))
        .send(new Sync());
    assertThat(backend.read()).hasToString("P:m|DO 'x'|||");
    backend.send(
        new ParseComplete(),
        new BindComplete(),
        new CommandComplete("DO"),
        new BindComplete(),
        new CommandComplete("DO"),
        new ParseComplete(),
        new BindComplete(),
        new CommandComplete("DO"),
        new ReadyForQuery('I'));

    assertThat(client.read()).hasToString("1:");
    assertThat(client.read()).hasToString("2:");
    assertThat(client.read()).hasToString("C:CREATE EXTENSION|");
    assertThat(client.read()).hasToString("2:");
    assertThat(client.read()).hasToString("C:CREATE EXTENSION|");
    assertThat(client.read()).hasToString("1:");
    assertThat(client.read()).hasToString("2:");
    assertThat(client.read()).hasToString("C:DO|");
    assertThat(client.read()).hasToString("Z:I");
  }

  @Test
  void tellsTheInterceptorWhatTheServerReportsOfItsSettings() throws Exception {
    List<Object> seen = new ArrayList<>();
    interceptor =
        new WordInterceptor("") {
          @Override
          public @Nullable Rewrite rewrite(String text, ServerSettings settings) {
            seen.add(settings.standardConformingStrings());
            seen.add(settings.encoding());
            return null;
          }
        };
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    client.send(new Query("SELECT 1"));
    backend.read();
    backend.send(new ParameterStatus("standard_conforming_strings", "off"));
    client.read();
    backend.send(new ParameterStatus("client_encoding", "UTF8"));
    client.read();
    backend.send(new ReadyForQuery('I'));
    client.read();
    client.send(new Query("SELECT 1"));
    backend.read();

    assertThat(seen).containsExactly(true, ClientEncoding.SINGLE_BYTE, false, ClientEncoding.UTF8);
  }

  @Test
  void doesNotReadOnFromAServerWhoseClientDoesNotRead() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    byte[] row = message(BackendMessage.COPY_DATA, "x".repeat(1 << 16));
    backend.socket().setSoTimeout(0);
    Thread writer =
        new Thread(
            () -> {
              try {
                for (int i = 0; i < 1_600; i++) {
                  backend.send(row);
                }
              } catch (IOException expected) {
                // The test ends the conversation.
              }
            });
    writer.start();

    writer.join(1_000);
    assertThat(writer.isAlive()).as("100 MB fitted between a client that does not read").isTrue();

    for (int i = 0; i < 1_600; i++) {
      assertThat(client.read().body()).hasSize(1 << 16);
    }
    writer.join(10_000);
    assertThat(writer.isAlive()).isFalse();
  }

  // ---- cancel

  @ParameterizedTest
  @ValueSource(ints = {4, 32, 256})
  void passesACancelRequestAndClosesOnlyWhenTheServerHas(int keyLength) throws Exception {
    Peer client = client(packet(StartupPacket.CANCEL_REQUEST, "\0\0\0\7" + "k".repeat(keyLength)));
    Peer backend = backend();

    assertThat(backend.readPacket())
        .isEqualTo(StartupPacket.CANCEL_REQUEST + ":|||\7" + "k".repeat(keyLength));
    client.socket().setSoTimeout(200);
    boolean closedEarly;
    try {
      closedEarly = client.atEnd();
    } catch (SocketTimeoutException stillOpen) {
      closedEarly = false;
    }
    assertThat(closedEarly).isFalse();
    backend.close();
    client.socket().setSoTimeout(5_000);
    assertThat(client.atEnd()).isTrue();
  }

  // ---- ends

  @Test
  void tellsTheClientThatTheServerCannotBeReached() throws Exception {
    int port = server.getLocalPort();
    server.close();

    Peer client = client(startup("user", "ann"));

    assertThat(client.read().body())
        .startsWith("SFATAL\0VFATAL\0C08001\0")
        .contains("could not connect to server at 127.0.0.1:" + port + ": Connection refused");
    assertThat(client.atEnd()).isTrue();
  }

  @Test
  void tellsTheClientThatTheServerWentAway() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);

    backend.close();

    assertThat(client.read().body())
        .startsWith("SFATAL\0VFATAL\0C08006\0")
        .contains("connection to server at 127.0.0.1:" + server.getLocalPort() + " lost: ");
    assertThat(client.atEnd()).isTrue();
  }

  @Test
  void addsNothingToTheServersOwnFatal() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);

    backend.send(error("SFATAL", "VFATAL", "C57P01", "Mshutdown")).close();

    assertThat(client.read().body()).contains("57P01");
    assertThat(client.atEnd()).isTrue();
  }

  @Test
  void addsNothingInTheMiddleOfAMessage() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);

    backend.send(new byte[] {BackendMessage.DATA_ROW, 0, 0, 1, 0, 1, 2, 3}).close();

    assertThat(client.rest()).hasSize(8);
  }

  @Test
  void closesTheServersConnectionWhenTheClientGoes() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    client.send(new Query("SELECT 1")).close();
    assertThat(backend.read()).hasToString("Q:SELECT 1|");
    assertThat(backend.atEnd()).isTrue();

    Peer resetting = client(startup("user", "ann"));
    Peer second = ready(resetting);
    resetting.reset();
    assertThat(second.atEnd()).isTrue();
  }

  @Test
  void closesQuietlyAfterTerminate() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);

    client.send(new Terminate());
    assertThat(backend.read()).hasToString("X:");
    backend.close();

    assertThat(client.atEnd()).isTrue();
  }
}
