package dev.pglambda.listener;

import static dev.pglambda.testing.Peer.concat;
import static dev.pglambda.testing.Peer.packet;
import static dev.pglambda.testing.Peer.startup;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.pglambda.listener.LocalTlsConnection.Ending;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.testing.FuzzInput;
import dev.pglambda.testing.TlsPeer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/**
 * The bytes before and within a TLS handshake, whatever they are: only what came encrypted is taken
 * once encryption has begun, and nothing is logged as an error, thrown or kept.
 */
class HandshakeFuzzTest {
  /** No answer, a refusal, or the reserved database: all that a plain client can get. */
  private static final Pattern PLAIN =
      Pattern.compile("(?s)|E.{4}SFATAL\0VFATAL\0C[0-9A-Z]{5}\0M.+\0\0|reserved .*");

  private static final byte[] REQUEST = packet(StartupPacket.SSL_REQUEST, "");
  private static final byte[] INSIDE = startup("user", "pglambda", "database", "inside");
  private static final byte[] OUTSIDE = startup("user", "pglambda", "database", "outside");
  private static final String CLAIMED = "{user=pglambda, database=inside}";

  @FuzzTest
  void takesNoPlainBytesOnceEncryptionHasBegun(byte[] input) throws Exception {
    List<byte[]> pieces = new FuzzInput(input).pieces();
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    pieces.forEach(whole::writeBytes);
    if (needsServer(whole.toByteArray())) {
      return;
    }

    Ending ending = LocalTlsConnection.open().sendAll(pieces).end();

    String answer = ending.answer().replaceFirst("^N", "");
    boolean encrypted = answer.startsWith("S") || isRecord(answer);
    if (encrypted) {
      assertThat(withoutRecords(answer.replaceFirst("^S", ""))).isEmpty();
      assertThat(ending.claimed()).isEmpty();
    } else {
      assertThat(answer).matches(PLAIN);
    }
    assertThat(ending.errors()).isEmpty();
  }

  /** Whether one of the packets before the encryption would go to a server, which is not there. */
  private static boolean needsServer(byte[] bytes) {
    ByteBuf in = Unpooled.wrappedBuffer(bytes);
    boolean askedForGssapi = false;
    try {
      for (StartupPacket packet = StartupPacket.read(in);
          packet != null;
          packet = StartupPacket.read(in)) {
        boolean again = packet instanceof StartupPacket.GssEncRequest && askedForGssapi;
        askedForGssapi |= packet instanceof StartupPacket.GssEncRequest;
        if (packet instanceof StartupPacket.SslRequest
            || packet instanceof StartupPacket.NoPacket
            || LocalTlsConnection.isReserved(packet)) {
          return false;
        }
        if (again || !(packet instanceof StartupPacket.GssEncRequest)) {
          return true;
        }
        in.skipBytes(StartupPacket.length(in));
      }
      return false;
    } catch (ProtocolViolation violation) {
      return false;
    }
  }

  private static boolean isRecord(String bytes) {
    return bytes.length() >= 5 && bytes.charAt(0) >= 20 && bytes.charAt(0) <= 23;
  }

  /** What is left behind the TLS records, each a type, a version and a length (RFC 8446, 5.1). */
  private static String withoutRecords(String bytes) {
    String left = bytes;
    while (isRecord(left)) {
      left = left.substring(Math.min(left.length(), 5 + (left.charAt(3) << 8) + left.charAt(4)));
    }
    return left;
  }

  /**
   * A client does a handshake and sends a startup message within. The input says what somebody on
   * the way does to its bytes.
   */
  @FuzzTest
  void takesWhatWasEncryptedOrNothing(byte[] input) throws Exception {
    FuzzInput in = new FuzzInput(input);
    TlsPeer peer = TlsPeer.of(5432).version(in.nextBoolean() ? "TLSv1.2" : "TLSv1.3");
    Tampering tampering = new Tampering(in);
    LocalTlsConnection connection = LocalTlsConnection.open();
    boolean direct = in.nextBoolean();
    boolean agreed = direct || connection.send(tampering.request()).next().equals("S");

    boolean served = agreed && converse(peer.alpn("postgresql").engine(), connection, tampering);

    Ending ending = connection.end();
    assertThat(ending.errors()).isEmpty();
    assertThat(ending.claimed()).isSubsetOf(CLAIMED).hasSizeLessThan(2);
    if (tampering.isNone()) {
      assertThat(served).isTrue();
    }
    if (served) {
      assertThat(ending.claimed()).isNotEmpty();
    }
  }

  /** Whether the reserved database has answered within TLS. */
  private static boolean converse(
      SSLEngine engine, LocalTlsConnection connection, Tampering tampering) throws Exception {
    TlsConversation conversation = new TlsConversation(engine, connection, tampering);
    return conversation.shakeHands()
        && conversation.write(INSIDE)
        && conversation.read().startsWith("reserved ");
  }

  /**
   * What becomes of a client's bytes on their way. Bytes are counted from the handshake's first.
   */
  private static final class Tampering {
    private final int kind;
    private final int at;
    private final byte[] stuffed;
    private final int[] pieces;
    private int passed;
    private boolean done;

    Tampering(FuzzInput in) {
      kind = in.below(5);
      at = ((in.next() << 8) + in.next()) % 1_000;
      pieces = new int[] {1 + in.next(), 1 + 16 * in.next()};
      byte[] given = in.take(in.below(64));
      stuffed = given.length == 0 ? OUTSIDE : given;
    }

    boolean isNone() {
      return kind == 0;
    }

    /** The SSLRequest, with something behind it if that is the kind. */
    byte[] request() {
      return kind == 1 ? concat(REQUEST, stuffed) : REQUEST;
    }

    /** Sends bytes on, the first half in small pieces and the second in larger ones. */
    void pass(byte[] bytes, LocalTlsConnection connection) {
      byte[] changed = bytes;
      if (kind > 1 && !done && at < passed + bytes.length) {
        done = true;
        changed = change(bytes, at - passed);
      }
      passed += bytes.length;
      int from = 0;
      while (from < changed.length) {
        int to = Math.min(changed.length, from + pieces[from * 2 < changed.length ? 0 : 1]);
        connection.send(Arrays.copyOfRange(changed, from, to));
        from = to;
      }
    }

    private byte[] change(byte[] bytes, int index) {
      byte[] before = Arrays.copyOf(bytes, index);
      byte[] from = Arrays.copyOfRange(bytes, index, bytes.length);
      if (kind == 2) {
        return concat(before, concat(stuffed, from));
      }
      int count = Math.min(from.length, stuffed.length);
      if (kind == 3) {
        return concat(before, Arrays.copyOfRange(from, count, from.length));
      }
      for (int i = 0; i < count; i++) {
        from[i] = (byte) (from[i] ^ stuffed[i]);
      }
      return concat(before, from);
    }
  }

  /** A client's side of TLS. Its methods are false, or empty, where it does not go on. */
  private static final class TlsConversation {
    private final SSLEngine engine;
    private final LocalTlsConnection connection;
    private final Tampering tampering;
    private ByteBuffer received = ByteBuffer.allocate(0);

    TlsConversation(SSLEngine engine, LocalTlsConnection connection, Tampering tampering) {
      this.engine = engine;
      this.connection = connection;
      this.tampering = tampering;
    }

    boolean shakeHands() throws SSLException, InterruptedException {
      engine.beginHandshake();
      while (engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
        boolean goesOn =
            switch (engine.getHandshakeStatus()) {
              case NEED_TASK -> runTask();
              case NEED_WRAP -> write(new byte[0]);
              default -> unwrap(ByteBuffer.allocate(0));
            };
        if (!goesOn) {
          return false;
        }
      }
      return true;
    }

    private boolean runTask() {
      engine.getDelegatedTask().run();
      return true;
    }

    boolean write(byte[] plain) {
      try {
        ByteBuffer record = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        SSLEngineResult result = engine.wrap(ByteBuffer.wrap(plain), record);
        tampering.pass(Arrays.copyOf(record.array(), record.position()), connection);
        return result.getStatus() == SSLEngineResult.Status.OK;
      } catch (SSLException refused) {
        return false;
      }
    }

    String read() throws InterruptedException {
      ByteBuffer plain = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
      while (plain.position() == 0) {
        if (!unwrap(plain)) {
          return "";
        }
      }
      return new String(plain.array(), 0, plain.position(), StandardCharsets.ISO_8859_1);
    }

    private boolean unwrap(ByteBuffer plain) throws InterruptedException {
      try {
        if (engine.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
          return runTask();
        }
        SSLEngineResult result = engine.unwrap(received, plain);
        if (result.getStatus() == SSLEngineResult.Status.BUFFER_UNDERFLOW) {
          String more = tampering.isNone() ? connection.next() : connection.nextIfAny();
          byte[] left = new byte[received.remaining()];
          received.get(left);
          received = ByteBuffer.wrap(concat(left, more.getBytes(StandardCharsets.ISO_8859_1)));
          return !more.isEmpty();
        }
        return result.getStatus() == SSLEngineResult.Status.OK;
      } catch (SSLException refused) {
        return false;
      }
    }
  }
}
