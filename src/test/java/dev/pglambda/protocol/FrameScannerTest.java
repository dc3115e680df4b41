package dev.pglambda.protocol;

import static dev.pglambda.testing.Peer.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage.Sync;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameScannerTest {
  private final RecordingVisitor visitor = new RecordingVisitor();
  private final FrameScanner scanner = new FrameScanner(visitor, UnpooledByteBufAllocator.DEFAULT);

  @AfterEach
  void close() {
    scanner.close();
  }

  @Test
  void passesABufferOfWholeMessagesAsItCameWithoutCuttingIt() throws Exception {
    ByteBuf in =
        Unpooled.wrappedBuffer(
            message(BackendMessage.DATA_ROW, "row"), message(new ReadyForQuery('I')));

    scanner.scan(in);

    assertThat(visitor.buffers).hasSize(1);
    assertThat(visitor.buffers.get(0)).isSameAs(in);
    assertThat(visitor.seen).containsExactly("D:3", "Z:1");
    assertThat(scanner.atBoundary()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 11, 64, 4096})
  void passesTheSameBytesHoweverTheyAreCut(int pieceLength) throws Exception {
    byte[] stream = stream();

    feed(stream, pieceLength);

    assertThat(visitor.bytes()).isEqualTo(stream);
    assertThat(visitor.seen).containsExactly("P:9", "Q:5", "D:20000", "Q:0", "S:0");
    assertThat(visitor.inspected).containsExactly("Q:hello", "Q:");
  }

  @Test
  void passesTheSameBytesInRandomPieces() throws Exception {
    byte[] stream = stream();
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      RecordingVisitor each = new RecordingVisitor();
      FrameScanner eachScanner = new FrameScanner(each, UnpooledByteBufAllocator.DEFAULT);
      for (int at = 0; at < stream.length; ) {
        int n = Math.min(stream.length - at, 1 + random.nextInt(1 << random.nextInt(14)));
        eachScanner.scan(Unpooled.copiedBuffer(stream, at, n));
        at += n;
      }
      assertThat(each.bytes()).as("seed %d", seed).isEqualTo(stream);
      assertThat(each.inspected).containsExactly("Q:hello", "Q:");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 5, 8, 4096})
  void putsAReplacementInTheMessagesPlace(int pieceLength) throws Exception {
    visitor.replacement = message(FrontendMessage.QUERY, "instead");

    feed(
        concat(
            message(FrontendMessage.PARSE, "before"),
            message(FrontendMessage.QUERY, "x"),
            message(new Sync())),
        pieceLength);

    assertThat(visitor.bytes())
        .isEqualTo(
            concat(
                message(FrontendMessage.PARSE, "before"),
                message(FrontendMessage.QUERY, "instead"),
                message(new Sync())));
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 3, Frame.MAX_LENGTH + 1, Integer.MAX_VALUE})
  void refusesALengthThatCannotBe(int length) {
    ByteBuf in =
        Unpooled.buffer()
            .writeBytes(message(new Sync()))
            .writeByte(FrontendMessage.QUERY)
            .writeInt(length);

    assertThatThrownBy(() -> scanner.scan(in))
        .isInstanceOf(ProtocolViolation.class)
        .hasMessage(
            "invalid length of message type 0x51: " + length + " (expected: 4 to 1073741824)");
    assertThat(visitor.bytes()).isEqualTo(message(new Sync()));
    assertThat(in.refCnt()).isZero();
  }

  @Test
  void allocatesForWhatCameAndNotForWhatWasAnnounced() throws Exception {
    scanner.scan(
        Unpooled.buffer().writeByte(FrontendMessage.QUERY).writeInt(900_000_000).writeByte('x'));

    assertThat(scanner.atBoundary()).isFalse();
    assertThat(visitor.buffers).isEmpty();
  }

  @Test
  void holdsAnIncompleteHeaderBackUntilItsMessageIsKnown() throws Exception {
    scanner.scan(Unpooled.wrappedBuffer(new byte[] {BackendMessage.READY_FOR_QUERY, 0, 0}));
    assertThat(visitor.buffers).isEmpty();
    assertThat(scanner.atBoundary()).isFalse();

    scanner.scan(Unpooled.wrappedBuffer(new byte[] {0, 5, 'I'}));
    assertThat(visitor.bytes()).isEqualTo(message(new ReadyForQuery('I')));
    assertThat(scanner.atBoundary()).isTrue();
  }

  private void feed(byte[] stream, int pieceLength) throws ProtocolViolation {
    for (int at = 0; at < stream.length; at += pieceLength) {
      scanner.scan(Unpooled.copiedBuffer(stream, at, Math.min(pieceLength, stream.length - at)));
    }
  }

  private static byte[] stream() {
    return concat(
        message(FrontendMessage.PARSE, "statement"),
        message(FrontendMessage.QUERY, "hello"),
        message(BackendMessage.DATA_ROW, "d".repeat(20_000)),
        message(FrontendMessage.QUERY, ""),
        message(new Sync()));
  }

  private static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  /** Wants to see Query messages, records everything. */
  private static final class RecordingVisitor implements FrameScanner.Visitor {
    final List<ByteBuf> buffers = new ArrayList<>();
    final List<String> seen = new ArrayList<>();
    final List<String> inspected = new ArrayList<>();
    private final ByteArrayOutputStream forwarded = new ByteArrayOutputStream();
    byte @Nullable [] replacement;

    @Override
    public boolean wants(byte type, int bodyLength) {
      seen.add((char) type + ":" + bodyLength);
      return type == FrontendMessage.QUERY;
    }

    @Override
    public @Nullable ByteBuf inspect(ByteBuf buffer, int index, int length) {
      inspected.add(
          (char) buffer.getByte(index)
              + ":"
              + buffer.toString(index + 5, length - 5, StandardCharsets.ISO_8859_1));
      return replacement == null ? null : Unpooled.wrappedBuffer(replacement);
    }

    @Override
    public void forward(ByteBuf bytes) {
      buffers.add(bytes);
      forwarded.writeBytes(ByteBufUtil.getBytes(bytes));
      bytes.release();
    }

    byte[] bytes() {
      return forwarded.toByteArray();
    }
  }
}
