package dev.pglambda.relay;

import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.notice;
import static dev.pglambda.testing.Peer.startup;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.BindComplete;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.CopyInResponse;
import dev.pglambda.protocol.BackendMessage.NotificationResponse;
import dev.pglambda.protocol.BackendMessage.ParameterStatus;
import dev.pglambda.protocol.BackendMessage.ParseComplete;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.protocol.FrontendMessage.Execute;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.FrontendMessage.Sync;
import dev.pglambda.testing.Peer;
import java.io.IOException;
import java.io.UncheckedIOException;
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
  private static final byte[] TAG = message(new CommandComplete("DO"));
  private static final byte[] READY = message(new ReadyForQuery('I'));
  private static final byte[] NOTICE = message(notice("SNOTICE", "VNOTICE", "C00000", "Mhello"));
  private static final byte[] NOTIFICATION =
      message(new NotificationResponse(1, "channel", "payload"));
  private static final byte[] PARAMETER = message(new ParameterStatus("TimeZone", "UTC"));

  static List<byte[]> asynchronous() {
    return List.of(
        NOTICE,
        NOTIFICATION,
        PARAMETER,
        message(BackendMessage.NOTICE_RESPONSE, "no fields"),
        message(BackendMessage.NOTIFICATION_RESPONSE, ""));
  }

  @ParameterizedTest
  @MethodSource("asynchronous")
  void comeAtEveryBoundaryAndSpoilNoTag(byte[] one) throws Exception {
    rewriteMagic();
    Peer client = client(startup("user", "ann"));
    Peer backend = backend();
    backend.readPacket();
    List<byte[]> login =
        List.of(
            message(Authentication.ok()),
            PARAMETER,
            message(BackendMessage.BACKEND_KEY_DATA, "12345678"),
            message(new ReadyForQuery('I')));

    backend.send(between(login, one));
    String begin = latin1(between(login, one));
    assertThat(client.text(begin.length())).isEqualTo(begin);

    client.send(new Parse("", "magic", List.of())).send(Bind.EMPTY).send(new Execute("", 0));
    client.send(new Sync());
    answer(
        client,
        backend,
        one,
        "PBES",
        message(new ParseComplete()),
        message(new BindComplete()),
        TAG,
        READY);
    client.send(new Query("SELECT 1; magic"));
    answer(client, backend, one, "Q", message(new CommandComplete("SELECT 1")), TAG, READY);
    client.send(new Query("COPY t FROM STDIN")).send(new FrontendMessage.CopyDone());
    answer(
        client,
        backend,
        one,
        "Qc",
        message(new CopyInResponse(0, List.of())),
        message(new CommandComplete("COPY 0")),
        READY);
    client.send(new Query("magic"));
    answer(client, backend, one, "Q", TAG, READY);
  }

  private static void answer(Peer client, Peer backend, byte[] one, String asked, byte[]... replies)
      throws Exception {
    for (int i = 0; i < asked.length(); i++) {
      assertThat(backend.read().type()).isEqualTo((byte) asked.charAt(i));
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
            message(new ParameterStatus("search_path", value)),
            message(BackendMessage.NOTICE_RESPONSE, "SNOTICE\0VNOTICE\0C00000\0M" + value + "\0\0"),
            message(BackendMessage.ERROR_RESPONSE, "SERROR\0VERROR\0C00000\0M" + value + "\0\0"),
            message(BackendMessage.NOTIFICATION_RESPONSE, "\0\0\0\1c\0" + value + '\0'))) {
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
    byte[] key = message(BackendMessage.BACKEND_KEY_DATA, "\0\0\0\1" + "k".repeat(length));

    backend.send(concat(message(Authentication.ok()), key, message(new ReadyForQuery('I'))));

    assertThat(client.read().type()).isEqualTo(BackendMessage.AUTHENTICATION);
    assertThat(client.text(key.length)).isEqualTo(latin1(key));
    assertThat(client.read().type()).isEqualTo(BackendMessage.READY_FOR_QUERY);
  }

  private static void send(Peer peer, byte[] bytes) {
    try {
      peer.send(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
