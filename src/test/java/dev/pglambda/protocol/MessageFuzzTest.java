package dev.pglambda.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.pglambda.testing.FuzzInput;
import io.netty.buffer.Unpooled;
import java.util.Set;

/** Any bytes as a message of any type: read to the last byte and written again, or refused. */
class MessageFuzzTest {
  /** Fields that come twice have their last value; a number of options can be negative. */
  private static final Set<Byte> NOT_AS_THEY_CAME =
      Set.of(
          BackendMessage.ERROR_RESPONSE,
          BackendMessage.NOTICE_RESPONSE,
          BackendMessage.NEGOTIATE_PROTOCOL_VERSION);

  @FuzzTest
  void readsAServersMessageOrRefusesIt(byte[] input) throws Exception {
    FuzzInput fuzzed = new FuzzInput(input);
    byte type = (byte) fuzzed.next();
    byte[] body = fuzzed.rest();
    BackendMessage message;
    try {
      message = BackendMessage.read(type, body, ISO_8859_1);
    } catch (ProtocolViolation refused) {
      return;
    }
    byte[] frame = Messages.written(message);
    assertThat(frame[0]).isEqualTo(type);
    if (!NOT_AS_THEY_CAME.contains(type)) {
      assertThat(Messages.body(frame)).isEqualTo(body);
    }
    assertThat(BackendMessage.read(type, Messages.body(frame), ISO_8859_1)).isEqualTo(message);
    assertThat(message.toString()).isNotEmpty();
  }

  @FuzzTest
  void readsAClientsMessageOrRefusesIt(byte[] input) throws Exception {
    FuzzInput fuzzed = new FuzzInput(input);
    byte type = (byte) fuzzed.next();
    byte[] body = fuzzed.rest();
    FrontendMessage message;
    try {
      message = FrontendMessage.read(type, body, ISO_8859_1);
    } catch (ProtocolViolation refused) {
      return;
    }
    byte[] frame = Messages.written(message);
    assertThat(frame[0]).isEqualTo(type);
    assertThat(Messages.body(frame)).isEqualTo(body);
    assertThat(FrontendMessage.read(type, Messages.body(frame), ISO_8859_1)).isEqualTo(message);
  }

  /** Parameters that come twice have their last value. */
  @FuzzTest
  void readsAStartupPacketOrRefusesIt(byte[] input) throws Exception {
    StartupPacket packet;
    try {
      packet = StartupPacket.read(Unpooled.wrappedBuffer(input));
    } catch (ProtocolViolation refused) {
      return;
    }
    if (packet != null && !(packet instanceof StartupPacket.NoPacket)) {
      byte[] written = Messages.written(packet);
      if (packet instanceof StartupPacket.StartupMessage message
          && message.majorVersion() != StartupPacket.MAJOR_VERSION) {
        return; // its body is the server's to read
      }
      assertThat(StartupPacket.read(Unpooled.wrappedBuffer(written))).isEqualTo(packet);
    }
  }
}
