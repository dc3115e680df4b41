package dev.pglambda.relay;

import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.packet;
import static dev.pglambda.testing.Peer.startup;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.Peer;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A conversation whose bytes come in two reads, cut at every place there is. */
@Timeout(120)
class CutTest extends RelayStage {
  private static final byte[] SSL_REQUEST = packet(80877103, "");
  private static final byte[] GSSENC_REQUEST = packet(80877104, "");
  private static final byte[] STARTUP = startup("user", "ann", "database", "db");

  /** What the client says once it is ready: each kind of message the relay looks at. */
  private static final byte[] REQUEST =
      concat(
          message('Q', "SELECT 1; magic\0"),
          message('P', "s\0magic\0\0\0"),
          message('B', "p\0s\0\0\0\0\0\0\0"),
          message('E', "p\0\0\0\0\0"),
          message('C', "Ss\0"),
          message('S', ""),
          message('d', "x"),
          message('H', ""));

  /** To the Query; what follows is to be read by the settings that it reports, or does not. */
  private static final byte[] FIRST_REPLY =
      concat(
          message('C', "SELECT 1\0"),
          message('N', "SNOTICE\0VNOTICE\0C00000\0Mhello\0\0"),
          message('C', "DO\0"),
          message('Z', "I"));

  private static final byte[] REPLY =
      concat(
          message('1', ""),
          message('2', ""),
          message('S', "client_encoding\0UTF8\0"),
          message('C', "DO\0"),
          message('3', ""),
          message('Z', "I"),
          message('A', "\0\0\0\1channel\0payload\0"));

  private static final int TAG = "CREATE EXTENSION".length() - "DO".length();

  @Test
  void readsTheStartupHoweverItIsCut() throws Exception {
    for (byte[] first : new byte[][] {SSL_REQUEST, GSSENC_REQUEST}) {
      byte[] second = first == SSL_REQUEST ? GSSENC_REQUEST : SSL_REQUEST;
      byte[] all = concat(first, second, STARTUP, message('p', "x\0"));
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
    byte[] request = packet(80877102, "\0\0\0\7" + "k".repeat(32));
    Listening proxy = listening();
    for (int cut = 1; cut < request.length; cut++) {
      try (Peer client = proxy.connect()) {
        client.send(Arrays.copyOf(request, cut));
        settle();
        client.send(Arrays.copyOfRange(request, cut, request.length));
        try (Peer backend = Peer.accept(server)) {
          assertThat(backend.readPacket()).startsWith("80877102:|||\7k");
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
