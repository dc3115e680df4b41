package dev.pglambda.relay;

import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.notice;
import static dev.pglambda.testing.Peer.packet;
import static dev.pglambda.testing.Peer.startup;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage.BindComplete;
import dev.pglambda.protocol.BackendMessage.CloseComplete;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.NotificationResponse;
import dev.pglambda.protocol.BackendMessage.ParameterStatus;
import dev.pglambda.protocol.BackendMessage.ParseComplete;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.protocol.FrontendMessage.Close;
import dev.pglambda.protocol.FrontendMessage.CopyData;
import dev.pglambda.protocol.FrontendMessage.Execute;
import dev.pglambda.protocol.FrontendMessage.Flush;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.FrontendMessage.Sync;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.testing.Peer;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A conversation whose bytes come in two reads, cut at every place there is. */
@Timeout(120)
class CutTest extends RelayStage {
  private static final byte[] SSL_REQUEST = packet(StartupPacket.SSL_REQUEST, "");
  private static final byte[] GSSENC_REQUEST = packet(StartupPacket.GSSENC_REQUEST, "");
  private static final byte[] STARTUP = startup("user", "ann", "database", "db");

  /** What the client says once it is ready: each kind of message the relay looks at. */
  private static final byte[] REQUEST =
      concat(
          message(
              new Query("SELECT 1; magic"),
              new Parse("s", "magic", List.of()),
              new Bind("p", "s", List.of(), List.of(), List.of()),
              new Execute("p", 0),
              Close.statement("s"),
              new Sync()),
          message(new CopyData(ISO_8859_1.encode("x"))),
          message(new Flush()));

  /** To the Query; what follows is to be read by the settings that it reports, or does not. */
  private static final byte[] FIRST_REPLY =
      message(
          new CommandComplete("SELECT 1"),
          notice("SNOTICE", "VNOTICE", "C00000", "Mhello"),
          new CommandComplete("DO"),
          new ReadyForQuery('I'));

  private static final byte[] REPLY =
      message(
          new ParseComplete(),
          new BindComplete(),
          new ParameterStatus("client_encoding", "UTF8"),
          new CommandComplete("DO"),
          new CloseComplete(),
          new ReadyForQuery('I'),
          new NotificationResponse(1, "channel", "payload"));

  private static final int TAG = "CREATE EXTENSION".length() - "DO".length();

  @Test
  void readsTheStartupHoweverItIsCut() throws Exception {
    for (byte[] first : new byte[][] {SSL_REQUEST, GSSENC_REQUEST}) {
      byte[] second = first == SSL_REQUEST ? GSSENC_REQUEST : SSL_REQUEST;
      byte[] all = concat(first, second, STARTUP, message(FrontendMessage.PASSWORD, "x\0"));
      Listening proxy = listening();
      for (int cut = 1; cut < all.length; cut++) {
        try (Peer client = proxy.connect()) {
          client.send(Arrays.copyOf(all, cut));
          settle();
          client.send(Arrays.copyOfRange(all, cut, all.length));

          try (Peer backend = Peer.accept(server)) {
            assertThat(client.text(2)).isEqualTo("NN");
            assertThat(backend.readPacket()).startsWith("196608:user|ann|database|db|");
            assertThat(backend.read()).hasToString("p:x|");
          }
        }
      }
    }
  }

  @Test
  void passesAndRewritesHoweverTheClientsBytesAreCut() throws Exception {
    rewriteMagic();
    Listening proxy = listening();
    for (int cut = 0; cut <= REQUEST.length; cut++) {
      try (Peer client = proxy.connect().send(STARTUP);
          Peer backend = ready(client)) {
        client.send(Arrays.copyOf(REQUEST, cut));
        settle();
        client.send(Arrays.copyOfRange(REQUEST, cut, REQUEST.length));

        assertQuery(backend, cut);
        backend.send(FIRST_REPLY);
        assertReply(client, FIRST_REPLY, cut);
        assertSeries(backend, cut);
        backend.send(REPLY);
        assertReply(client, REPLY, cut);
      }
    }
  }

  @Test
  void passesAndMendsHoweverTheServersBytesAreCut() throws Exception {
    rewriteMagic();
    Listening proxy = listening();
    for (int cut = 0; cut <= REPLY.length; cut++) {
      try (Peer client = proxy.connect().send(STARTUP);
          Peer backend = ready(client)) {
        client.send(REQUEST);
        assertQuery(backend, cut);
        sendCut(backend, FIRST_REPLY, cut);
        assertReply(client, FIRST_REPLY, cut);
        assertSeries(backend, cut);
        sendCut(backend, REPLY, cut);
        assertReply(client, REPLY, cut);
      }
    }
  }

  private void sendCut(Peer backend, byte[] reply, int cut) throws Exception {
    int first = Math.min(cut, reply.length);
    backend.send(Arrays.copyOf(reply, first));
    settle();
    backend.send(Arrays.copyOfRange(reply, first, reply.length));
  }

  @Test
  void readsACancelRequestHoweverItIsCut() throws Exception {
    byte[] request = packet(StartupPacket.CANCEL_REQUEST, "\0\0\0\7" + "k".repeat(32));
    Listening proxy = listening();
    for (int cut = 1; cut < request.length; cut++) {
      try (Peer client = proxy.connect()) {
        client.send(Arrays.copyOf(request, cut));
        settle();
        client.send(Arrays.copyOfRange(request, cut, request.length));
        try (Peer backend = Peer.accept(server)) {
          assertThat(backend.readPacket()).startsWith(StartupPacket.CANCEL_REQUEST + ":|||\7k");
        }
        assertThat(client.atEnd()).isTrue();
      }
    }
  }

  private static void assertQuery(Peer backend, int cut) throws IOException {
    assertThat(backend.read().toString()).as("cut at %d", cut).isEqualTo("Q:SELECT 1; DO 'x'|");
  }

  private static void assertSeries(Peer backend, int cut) throws IOException {
    assertThat(backend.read().toString()).isEqualTo("P:s|DO 'x'|||");
    for (String type : new String[] {"B", "E", "C", "S", "d", "H"}) {
      assertThat(backend.read().toString()).as("cut at %d", cut).startsWith(type + ":");
    }
  }

  private static void assertReply(Peer client, byte[] reply, int cut) throws IOException {
    String expected =
        latin1(reply).replace("\0\0\0\7DO\0", "\0\0\0" + (char) (7 + TAG) + "CREATE EXTENSION\0");
    assertThat(client.text(expected.length())).as("cut at %d", cut).isEqualTo(expected);
  }
}
