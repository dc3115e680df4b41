package dev.pglambda.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.pglambda.limits.MemoryBudget;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessageCodecTest {
  static final List<BackendMessage> BACKEND = Messages.BACKEND;
  static final List<FrontendMessage> FRONTEND = Messages.FRONTEND;
  static final List<StartupPacket> STARTUP = Messages.STARTUP;

  /** Messages whose bodies end with bytes of any number. */
  private static final Set<Class<?>> ANY_LENGTH =
      Set.of(
          BackendMessage.Authentication.class,
          BackendMessage.BackendKeyData.class,
          BackendMessage.CopyData.class,
          BackendMessage.Unknown.class,
          FrontendMessage.CopyData.class,
          FrontendMessage.SaslResponse.class,
          FrontendMessage.Unknown.class);

  @Test
  void knowsAMessageOfEachRecord() {
    Set<Class<?>> tested =
        Stream.of(BACKEND, FRONTEND, STARTUP)
            .flatMap(List::stream)
            .map(Object::getClass)
            .collect(Collectors.toSet());
    // These are read by their context, see the tests below.
    tested.add(FrontendMessage.PasswordMessage.class);
    tested.add(FrontendMessage.SaslInitialResponse.class);
    tested.add(StartupPacket.NoPacket.class);

    assertThat(tested)
        .containsExactlyInAnyOrderElementsOf(
            Stream.of(BackendMessage.class, FrontendMessage.class, StartupPacket.class)
                .flatMap(direction -> Stream.of(direction.getPermittedSubclasses()))
                .toList());
  }

  /** A request of a call is a Query of up to 17 MB, for which no String is accounted. */
  @Test
  void takesTheLengthOfAQueryWithoutMakingAString() throws Exception {
    byte[] body = new byte[8 << 20];
    Arrays.fill(body, 0, body.length - 1, (byte) 'x');
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();

    int length = FrontendMessage.Query.textLength(body);

    assertThat(length).isEqualTo(body.length - 1);
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(body.length / 8);
  }

  /** As they are in the manual. */
  @ParameterizedTest
  @CsvSource({
    "ReadyForQuery, 5a 00000005 54",
    "CommandComplete, 43 0000000d 53454c454354203100",
    "ParameterStatus, 53 00000011 54696d655a6f6e6500 55544300",
    "CopyInResponse, 47 0000000b 01 0002 0000 0001",
    "ParameterDescription, 74 0000000e 0002 00000017 ffffffff",
    "NotificationResponse, 41 00000018 00000007 6368616e6e656c00 7061796c6f616400",
  })
  void writesAsTheManualSays(String name, String hex) {
    assertThat(BACKEND.stream().filter(message -> name(message).equals(name)))
        .hasSize(1)
        .allSatisfy(
            message ->
                assertThat(Messages.written(message))
                    .isEqualTo(HexFormat.of().parseHex(hex.replace(" ", ""))));
  }

  private static String name(Message message) {
    return message.getClass().getSimpleName();
  }

  @ParameterizedTest
  @FieldSource("BACKEND")
  void readsWhatItWritesOfAServer(BackendMessage message) throws Exception {
    byte[] frame = Messages.written(message);

    assertThat(byteByByte(frame).backend(ISO_8859_1)).isEqualTo(message);
    // Between others, as in a read buffer.
    ByteBuf buffer = Unpooled.buffer().writeZero(3).writeBytes(frame).writeZero(3);
    assertThat(BackendMessage.read(buffer, 3, frame.length)).isEqualTo(message);
  }

  @ParameterizedTest
  @FieldSource("FRONTEND")
  void readsWhatItWritesOfAClient(FrontendMessage message) throws Exception {
    byte[] frame = Messages.written(message);

    assertThat(byteByByte(frame).frontend(ISO_8859_1)).isEqualTo(message);
    ByteBuf buffer = Unpooled.buffer().writeZero(3).writeBytes(frame).writeZero(3);
    assertThat(FrontendMessage.read(buffer, 3, frame.length)).isEqualTo(message);
  }

  @ParameterizedTest
  @FieldSource("STARTUP")
  void readsWhatItWritesOfAStartup(StartupPacket packet) throws Exception {
    byte[] written = Messages.written(packet);
    for (int length = 0; length < written.length; length++) {
      assertThat(StartupPacket.read(Unpooled.wrappedBuffer(written, 0, length))).isNull();
    }
    assertThat(StartupPacket.read(Unpooled.wrappedBuffer(written))).isEqualTo(packet);
  }

  private static RawMessage byteByByte(byte[] frame) throws ProtocolViolation {
    MessageReader reader = MessageReader.refusing(1000, MemoryBudget.unlimited().open());
    for (int i = 0; i < frame.length - 1; i++) {
      assertThat(reader.read(Unpooled.wrappedBuffer(frame, i, 1))).isNull();
    }
    RawMessage message = reader.read(Unpooled.wrappedBuffer(frame, frame.length - 1, 1));
    assertThat(message).isNotNull();
    assertThat(reader.isBetweenMessages()).isTrue();
    return message;
  }

  @ParameterizedTest
  @FieldSource("BACKEND")
  void refusesAMessageOfAServerThatIsCutAnywhere(BackendMessage message) {
    assertRefusedWhereItIsCut(message, BackendMessage::read);
  }

  @ParameterizedTest
  @FieldSource("FRONTEND")
  void refusesAMessageOfAClientThatIsCutAnywhere(FrontendMessage message) {
    assertRefusedWhereItIsCut(message, FrontendMessage::read);
  }

  private interface BodyReader {
    Message read(byte type, byte[] body, Charset charset) throws ProtocolViolation;
  }

  private static void assertRefusedWhereItIsCut(Message message, BodyReader reader) {
    byte[] frame = Messages.written(message);
    byte[] body = Messages.body(frame);
    if (ANY_LENGTH.contains(message.getClass())) {
      return;
    }
    for (int length = 0; length <= body.length + 1; length++) {
      byte[] wrong = Arrays.copyOf(body, length);
      if (length != body.length) {
        assertThatThrownBy(() -> reader.read(frame[0], wrong, ISO_8859_1))
            .as("%d bytes", length)
            .isInstanceOf(ProtocolViolation.class);
      }
    }
  }

  /** Numbers of values, and lengths of values, that are not there. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "D ffff",
        "D 0001 7fffffff",
        "D 0001 fffffffe",
        "t 7fff 00000017",
        "T 0001 00",
        "G 00 ffff",
        "v 00030000 7fffffff 00",
        "V 00000001",
        "V fffffffe"
      })
  void refusesWhatIsAnnouncedAndDoesNotCome(String message) {
    byte[] body = HexFormat.of().parseHex(message.substring(2).replace(" ", ""));

    assertThatThrownBy(() -> BackendMessage.read((byte) message.charAt(0), body, ISO_8859_1))
        .isInstanceOf(ProtocolViolation.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 0, -1, Integer.MIN_VALUE, 1001 + 4, Integer.MAX_VALUE})
  void refusesALengthThatCannotBe(int length) {
    MessageReader reader = MessageReader.refusing(1000, MemoryBudget.unlimited().open());
    ByteBuf header = Unpooled.buffer().writeByte(FrontendMessage.QUERY).writeInt(length);

    assertThatThrownBy(() -> reader.read(header)).isInstanceOf(ProtocolViolation.class);
  }

  @Test
  void readsThePasswordMessagesByTheirContext() throws Exception {
    FrontendMessage.SaslInitialResponse first =
        new FrontendMessage.SaslInitialResponse("SCRAM-SHA-256", Messages.bytes("n,,n=,r=x"));
    FrontendMessage.SaslInitialResponse without =
        new FrontendMessage.SaslInitialResponse("SCRAM-SHA-256", null);

    for (FrontendMessage.SaslInitialResponse each : List.of(first, without)) {
      byte[] frame = Messages.written(each);
      byte[] body = Messages.body(frame);
      assertThat(frame[0]).isEqualTo(FrontendMessage.PASSWORD);
      assertThat(FrontendMessage.SaslInitialResponse.read(body, ISO_8859_1)).isEqualTo(each);
      for (int length = 0; length < body.length; length++) {
        byte[] cut = Arrays.copyOf(body, length);
        assertThatThrownBy(() -> FrontendMessage.SaslInitialResponse.read(cut, ISO_8859_1))
            .hasMessage("malformed SASLInitialResponse");
      }
    }
    assertThat(Messages.body(Messages.written(new FrontendMessage.PasswordMessage("secret"))))
        .asString(ISO_8859_1)
        .isEqualTo("secret\0");
  }

  @Test
  void doesNotCopyALongValueOfARow() {
    ByteBuf value = Unpooled.wrappedBuffer(new byte[100_000]);
    MessageWriter writer =
        new MessageWriter(UnpooledByteBufAllocator.DEFAULT.buffer(), ISO_8859_1)
            .write(new BackendMessage.ParseComplete())
            .row(Arrays.asList(Unpooled.wrappedBuffer(new byte[1]), value, null, value.copy()))
            .write(new BackendMessage.CommandComplete("SELECT 1"));

    ByteBuf buffer = writer.toBuffer();

    value.setByte(50_000, 42);
    ByteArrayOutputStream expected = new ByteArrayOutputStream();
    byte[] first = new byte[100_000];
    first[50_000] = 42;
    List<ByteBuffer> row = new ArrayList<>();
    row.add(Messages.bytes("\0"));
    row.add(ByteBuffer.wrap(first));
    row.add(null);
    row.add(ByteBuffer.allocate(100_000));
    expected.writeBytes(Messages.written(new BackendMessage.ParseComplete()));
    expected.writeBytes(Messages.written(new BackendMessage.DataRow(row)));
    expected.writeBytes(Messages.written(new BackendMessage.CommandComplete("SELECT 1")));
    assertThat(ByteBufUtil.getBytes(buffer)).isEqualTo(expected.toByteArray());
    buffer.release();
    assertThat(value.refCnt()).isZero();
  }

  @Test
  void readsAStreamUpToItsEnd() throws Exception {
    ByteArrayOutputStream sent = new ByteArrayOutputStream();
    sent.write(BackendMessage.NO_ENCRYPTION);
    BACKEND.forEach(message -> sent.writeBytes(Messages.written(message)));
    sent.write(BackendMessage.READY_FOR_QUERY);
    MessageStream stream =
        new MessageStream(
            new ByteArrayInputStream(sent.toByteArray()), new ByteArrayOutputStream(), ISO_8859_1);

    assertThat(stream.readByte()).isEqualTo(BackendMessage.NO_ENCRYPTION);
    for (BackendMessage message : BACKEND) {
      assertThat(stream.readBackend()).isEqualTo(message);
    }
    assertThatThrownBy(stream::readBackend).isInstanceOf(EOFException.class);
  }

  @Test
  void sendsToAStreamWhatItReadsAtTheOtherEnd() throws Exception {
    ByteArrayOutputStream sent = new ByteArrayOutputStream();
    MessageStream sender =
        new MessageStream(new ByteArrayInputStream(new byte[0]), sent, ISO_8859_1);
    sender.send(STARTUP.toArray(Message[]::new));
    sender.send(FRONTEND.toArray(Message[]::new));
    MessageStream receiver =
        new MessageStream(
            new ByteArrayInputStream(sent.toByteArray()), new ByteArrayOutputStream(), ISO_8859_1);

    for (StartupPacket packet : STARTUP) {
      assertThat(receiver.readStartup()).isEqualTo(packet);
    }
    for (FrontendMessage message : FRONTEND) {
      assertThat(receiver.readFrontend()).isEqualTo(message);
    }
    assertThat(receiver.readFrontend()).isNull();
    assertThat(receiver.readStartup()).isNull();
    assertThat(receiver.readByte()).isEqualTo(-1);
  }

  /** The server refuses such a message; nothing is read beyond it. */
  @ParameterizedTest
  @ValueSource(strings = {"", "00", "0001", "0001000000", "000200000019", "000000", "ffff"})
  void readsNoTypesThatAreNotWhole(String types) {
    ByteBuf buffer = Unpooled.buffer().writeZero(3).writeBytes(HexFormat.of().parseHex(types));
    buffer.writeZero(9);

    assertThat(FrontendMessage.Parse.types(buffer, 3, buffer.writerIndex() - 9)).isNull();
  }

  @Test
  void readsTheTypesBehindAText() {
    ByteBuf buffer = Unpooled.buffer().writeShort(2).writeInt(TypeOid.TEXT).writeInt(-1);

    assertThat(FrontendMessage.Parse.types(buffer, 0, buffer.writerIndex()))
        .containsExactly(TypeOid.TEXT, -1);
    assertThat(FrontendMessage.Parse.types(buffer.setShort(0, 0), 0, Short.BYTES)).isEmpty();
  }
}
