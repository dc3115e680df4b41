package dev.pglambda.protocol;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.protocol.FrontendMessage.Flush;
import dev.pglambda.testing.Peer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A scanner that stops behind messages of type H, which it takes out, and K, which it lets pass.
 */
class FrameScannerPauseTest {
  private static final byte[] STREAM =
      concat(
          Peer.message(BackendMessage.DATA_ROW, "before"),
          Peer.message(BackendMessage.COPY_OUT_RESPONSE, "first"),
          Peer.message(BackendMessage.DATA_ROW, "between"),
          Peer.message(new Flush()),
          Peer.message(BackendMessage.COPY_OUT_RESPONSE, "at once"),
          Peer.message(BackendMessage.DATA_ROW, ""),
          Peer.message(BackendMessage.BACKEND_KEY_DATA, "kept"),
          Peer.message(BackendMessage.DATA_ROW, "behind"));
  private static final byte[] LEFT =
      concat(
          Peer.message(BackendMessage.DATA_ROW, "before"),
          Peer.message(BackendMessage.DATA_ROW, "between"),
          Peer.message(BackendMessage.DATA_ROW, ""),
          Peer.message(BackendMessage.BACKEND_KEY_DATA, "kept"),
          Peer.message(BackendMessage.DATA_ROW, "behind"));

  private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);
  private final Visitor visitor = new Visitor();
  private final FrameScanner scanner = new FrameScanner(visitor, allocator);

  @Test
  void losesAndReordersNothingHoweverTheStreamIsCut() throws Exception {
    for (int first = 0; first <= STREAM.length; first++) {
      for (int second = first; second <= STREAM.length; second++) {
        Visitor each = new Visitor();
        FrameScanner scannerOfEach = new FrameScanner(each, allocator);
        each.scanner = scannerOfEach;
        for (int[] part : new int[][] {{0, first}, {first, second}, {second, STREAM.length}}) {
          scannerOfEach.scan(buffer(STREAM, part[0], part[1]));
        }
        resumeToTheEnd(scannerOfEach, each);
        assertThat(each.forwarded.toByteArray()).as("%d, %d", first, second).isEqualTo(LEFT);
        assertThat(allocator.metric().usedHeapMemory()).as("%d, %d", first, second).isZero();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 7, 64})
  void goesOnAtAnyTime(int seeds) throws Exception {
    for (int seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      Visitor each = new Visitor();
      FrameScanner scannerOfEach = new FrameScanner(each, allocator);
      each.scanner = scannerOfEach;
      for (int at = 0; at < STREAM.length; ) {
        int end = Math.min(STREAM.length, at + 1 + random.nextInt(seeds));
        scannerOfEach.scan(buffer(STREAM, at, end));
        at = end;
        if (scannerOfEach.isPaused() && random.nextBoolean()) {
          scannerOfEach.resume();
        }
      }
      resumeToTheEnd(scannerOfEach, each);
      assertThat(each.forwarded.toByteArray()).as("seed %d", seed).isEqualTo(LEFT);
      assertThat(allocator.metric().usedHeapMemory()).as("seed %d", seed).isZero();
    }
  }

  private static void resumeToTheEnd(FrameScanner scanner, Visitor visitor) throws Exception {
    int pauses = 0;
    while (scanner.isPaused()) {
      assertThat(scanner.atBoundary()).isFalse();
      int before = visitor.forwarded.size();
      scanner.resume();
      pauses++;
      assertThat(pauses).as("pauses; forwarded before: %d", before).isLessThan(5);
    }
    assertThat(scanner.atBoundary()).isTrue();
    assertThat(scanner.waitingBytes()).isZero();
    assertThat(visitor.inspected).containsExactly("H", "H", "H", "K");
  }

  /** Drops messages of type D, puts something in front of those of type B. */
  private static final class DroppingVisitor implements FrameScanner.Visitor {
    private final ByteArrayOutputStream forwarded = new ByteArrayOutputStream();
    private @Nullable FrameScanner scanner;

    @Override
    public boolean wants(byte type, int bodyLength) {
      FrameScanner scanner = Objects.requireNonNull(this.scanner);
      if (type == 'D') {
        scanner.drop(bodyLength % 2 == 0 ? null : Unpooled.copiedBuffer("-", US_ASCII));
        if (bodyLength > 10) {
          scanner.pause();
        }
      } else if (type == 'B') {
        scanner.precede(Unpooled.copiedBuffer("+", US_ASCII));
      }
      return false;
    }

    @Override
    public ByteBuf inspect(ByteBuf buffer, int index, int length) {
      throw new AssertionError("nothing was wanted");
    }

    @Override
    public void forward(ByteBuf bytes) {
      forwarded.writeBytes(ByteBufUtil.getBytes(bytes));
      bytes.release();
    }
  }

  @Test
  void dropsMessagesAndPutsOthersInFrontHoweverTheyAreCut() throws Exception {
    byte[] stream =
        concat(
            Peer.message(BackendMessage.NOTIFICATION_RESPONSE, "first"),
            Peer.message(BackendMessage.DATA_ROW, "even"),
            Peer.message(BackendMessage.DATA_ROW, ""),
            Peer.message(FrontendMessage.BIND, "behind"),
            Peer.message(BackendMessage.DATA_ROW, "odd"),
            Peer.message(BackendMessage.DATA_ROW, "long, and with a pause"),
            Peer.message(BackendMessage.NOTIFICATION_RESPONSE, ""),
            Peer.message(FrontendMessage.BIND, ""),
            Peer.message(BackendMessage.DATA_ROW, "last"));
    byte[] expected =
        concat(
            Peer.message(BackendMessage.NOTIFICATION_RESPONSE, "first"),
            concat("+".getBytes(US_ASCII), Peer.message(FrontendMessage.BIND, "behind")),
            "-".getBytes(US_ASCII),
            Peer.message(BackendMessage.NOTIFICATION_RESPONSE, ""),
            concat("+".getBytes(US_ASCII), Peer.message(FrontendMessage.BIND, "")));
    for (int piece = 1; piece <= stream.length; piece++) {
      DroppingVisitor each = new DroppingVisitor();
      FrameScanner dropping = new FrameScanner(each, allocator);
      each.scanner = dropping;
      for (int at = 0; at < stream.length; at += piece) {
        dropping.scan(buffer(stream, at, Math.min(stream.length, at + piece)));
        if (dropping.isPaused() && at % 2 == 0) {
          dropping.resume();
        }
      }
      while (dropping.isPaused()) {
        dropping.resume();
      }
      assertThat(each.forwarded.toByteArray()).as("pieces of %d", piece).isEqualTo(expected);
      assertThat(dropping.atBoundary()).isTrue();
    }
    assertThat(allocator.metric().usedHeapMemory()).isZero();
  }

  @Test
  void forwardsNothingThatComesBehindUntilItGoesOn() throws Exception {
    visitor.scanner = scanner;
    byte[] message = Peer.message(BackendMessage.COPY_OUT_RESPONSE, "x");
    byte[] behind = Peer.message(BackendMessage.DATA_ROW, "behind");

    scanner.scan(buffer(concat(Peer.message(BackendMessage.DATA_ROW, "before"), message), 0, 17));
    assertThat(scanner.isPaused()).isTrue();
    assertThat(scanner.waitingBytes()).isZero();
    assertThat(visitor.forwarded.toByteArray())
        .isEqualTo(Peer.message(BackendMessage.DATA_ROW, "before"));
    scanner.scan(buffer(behind, 0, 3));
    scanner.scan(buffer(behind, 3, behind.length));

    assertThat(scanner.waitingBytes()).isEqualTo(behind.length);
    assertThat(visitor.forwarded.toByteArray())
        .isEqualTo(Peer.message(BackendMessage.DATA_ROW, "before"));
    scanner.resume();
    assertThat(visitor.forwarded.toByteArray())
        .isEqualTo(concat(Peer.message(BackendMessage.DATA_ROW, "before"), behind));
    assertThat(allocator.metric().usedHeapMemory()).isZero();
  }

  @Test
  void freesWhatWaitsWhenItIsClosed() throws Exception {
    visitor.scanner = scanner;
    scanner.scan(buffer(STREAM, 0, 25));
    scanner.scan(buffer(STREAM, 25, STREAM.length));
    assertThat(scanner.waitingBytes()).isGreaterThan(20);

    scanner.close();

    assertThat(allocator.metric().usedHeapMemory()).isZero();
  }

  @Test
  void findsAViolationOnlyWhenItGoesOn() throws Exception {
    visitor.scanner = scanner;
    scanner.scan(
        buffer(
            concat(
                Peer.message(new Flush()), Peer.message(BackendMessage.DATA_ROW, "x"), new byte[5]),
            0,
            16));
    assertThat(visitor.forwarded.size()).isZero();

    assertThatThrownBy(scanner::resume).isInstanceOf(ProtocolViolation.class);
    assertThat(visitor.forwarded.toByteArray())
        .isEqualTo(Peer.message(BackendMessage.DATA_ROW, "x"));
    assertThat(allocator.metric().usedHeapMemory()).isZero();
  }

  @Test
  void freesWhatCameWhenAVisitorFails() {
    FrameScanner failing =
        new FrameScanner(
            new FrameScanner.Visitor() {
              @Override
              public boolean wants(byte type, int bodyLength) {
                return true;
              }

              @Override
              public @Nullable ByteBuf inspect(ByteBuf buffer, int index, int length) {
                throw new IllegalStateException("a defect");
              }

              @Override
              public void forward(ByteBuf bytes) {
                bytes.release();
              }
            },
            allocator);
    for (int cut = 0; cut < 6; cut++) {
      int at = cut;
      byte[] message = Peer.message(BackendMessage.COPY_OUT_RESPONSE, "x");
      assertThatThrownBy(
              () -> {
                failing.scan(buffer(message, 0, at));
                failing.scan(buffer(message, at, message.length));
              })
          .isInstanceOf(IllegalStateException.class);
      failing.close();
      assertThat(allocator.metric().usedHeapMemory()).as("cut at %d", cut).isZero();
    }
  }

  private ByteBuf buffer(byte[] bytes, int from, int to) {
    return allocator.buffer(Math.max(1, to - from)).writeBytes(bytes, from, to - from);
  }

  private static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static final class Visitor implements FrameScanner.Visitor {
    final ByteArrayOutputStream forwarded = new ByteArrayOutputStream();
    final List<String> inspected = new ArrayList<>();
    @Nullable FrameScanner scanner;

    @Override
    public boolean wants(byte type, int bodyLength) {
      return type == 'H' || type == 'K';
    }

    @Override
    public @Nullable ByteBuf inspect(ByteBuf buffer, int index, int length) {
      char type = (char) buffer.getByte(index);
      inspected.add(String.valueOf(type));
      if (scanner != null) {
        scanner.pause();
      }
      return type == 'H' ? Unpooled.EMPTY_BUFFER : null;
    }

    @Override
    public void forward(ByteBuf bytes) {
      forwarded.writeBytes(ByteBufUtil.getBytes(bytes));
      bytes.release();
    }
  }
}
