package dev.pglambda.relay;

import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.startup;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.Peer;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Notices, notifications and reports of parameters come between any two messages, also before the
 * session is ready, and change nothing about the others (manual, "Asynchronous Operations").
 */
class AsynchronousMessagesTest extends RelayStage {
  private static final byte[] TAG = message('C', "DO\0");
  private static final byte[] READY = message('Z', "I");
  private static final byte[] NOTICE = message('N', "SNOTICE\0VNOTICE\0C00000\0Mhello\0\0");
  private static final byte[] NOTIFICATION = message('A', "\0\0\0\1channel\0payload\0");
  private static final byte[] PARAMETER = message('S', "TimeZone\0UTC\0");

  static List<byte[]> asynchronous() {
    return List.of(NOTICE, NOTIFICATION, PARAMETER, message('N', "no fields"), message('A', ""));
  }

  @ParameterizedTest
  @MethodSource("asynchronous")
  void comeAtEveryBoundaryAndSpoilNoTag(byte[] one) throws Exception {
    rewriteMagic();
    Peer client = client(startup("user", "ann"));
    Peer backend = backend();
    backend.readPacket();
    List<byte[]> login =
        List.of(message('R', "\0\0\0\0"), PARAMETER, message('K', "12345678"), message('Z', "I"));

    backend.send(between(login, one));
    String begin = latin1(between(login, one));
    assertThat(client.text(begin.length())).isEqualTo(begin);

    client.send('P', "\0magic\0\0\0").send('B', "\0\0\0\0\0\0\0\0").send('E', "\0\0\0\0\0");
    client.send('S', "");
    answer(client, backend, one, "PBES", message('1', ""), message('2', ""), TAG, READY);
    client.send('Q', "SELECT 1; magic\0");
    answer(client, backend, one, "Q", message('C', "SELECT 1\0"), TAG, READY);
    client.send('Q', "COPY t FROM STDIN\0").send('c', "");
    answer(client, backend, one, "Qc", message('G', "\0\0\0"), message('C', "COPY 0\0"), READY);
    client.send('Q', "magic\0");
    answer(client, backend, one, "Q", TAG, READY);
  }

  private static void answer(Peer client, Peer backend, byte[] one, String asked, byte[]... replies)
      throws Exception {
    for (int i = 0; i < asked.length(); i++) {
      assertThat(backend.read().type()).isEqualTo(asked.charAt(i));
    }
    byte[] all = between(List.of(replies), one);
    backend.send(all);
    String expected = latin1(all).replace(latin1(TAG), "C\0\0\0\25CREATE EXTENSION\0");
    assertThat(client.text(expected.length())).isEqualTo(expected);
  }

  private static byte[] between(List<byte[]> messages, byte[] one) {
    byte[] all = one;
    for (byte[] message : messages) {
      all = concat(all, message, one, one);
    }
    return all;
  }

  @Test
  void comeWhileNothingIsAsked() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);

    for (byte[] one : asynchronous()) {
      backend.send(one);
      assertThat(client.text(one.length)).isEqualTo(latin1(one));
    }
  }

  /** Beyond every buffer of the relay's. */
  @Test
  void mayBeLong() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    String value = String.join("", Collections.nCopies(2_000_000, "v"));

    for (byte[] one :
        List.of(
            message('S', "search_path\0" + value + '\0'),
            message('N', "SNOTICE\0VNOTICE\0C00000\0M" + value + "\0\0"),
            message('E', "SERROR\0VERROR\0C00000\0M" + value + "\0\0"),
            message('A', "\0\0\0\1c\0" + value + '\0'))) {
      Thread sending = new Thread(() -> send(backend, one));
      sending.start();
      assertThat(client.text(one.length)).isEqualTo(latin1(one));
      sending.join();
    }
  }

  /** PostgreSQL's own is 4 bytes, or 32 with protocol 3.2; others may have up to 256. */
  @ParameterizedTest
  @ValueSource(ints = {4, 5, 32, 256})
  void theKeyOfASessionPassesWhateverItsLength(int length) throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = backend();
    backend.readPacket();
    byte[] key = message('K', "\0\0\0\1" + "k".repeat(length));

    backend.send(concat(message('R', "\0\0\0\0"), key, message('Z', "I")));

    assertThat(client.read().type()).isEqualTo('R');
    assertThat(client.text(key.length)).isEqualTo(latin1(key));
    assertThat(client.read().type()).isEqualTo('Z');
  }

  private static void send(Peer peer, byte[] bytes) {
    try {
      peer.send(bytes);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
