package dev.pglambda.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.pglambda.testing.FuzzInput;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Any bytes in any pieces, against a model that has all of them at once. */
class FrameScannerFuzzTest {
  private static final int MOST_GATHERED = 1 << 16;

  @FuzzTest
  void passesAnyBytesUnchanged(byte[] input) {
    agreesWithTheModel(input, false);
  }

  @FuzzTest
  void replacesWhatAVisitorReplaces(byte[] input) {
    agreesWithTheModel(input, true);
  }

  private static void agreesWithTheModel(byte[] input, boolean replacing) {
    List<byte[]> pieces = new FuzzInput(input).pieces();
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    pieces.forEach(stream::writeBytes);
    Model model = new Model(stream.toByteArray(), replacing);

    UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);
    Visitor visitor = new Visitor(allocator, replacing);
    FrameScanner scanner = new FrameScanner(visitor, allocator);
    boolean violated = false;
    for (int i = 0; i < pieces.size() && !violated; i++) {
      ByteBuf piece = allocator.buffer(pieces.get(i).length).writeBytes(pieces.get(i));
      try {
        scanner.scan(piece);
      } catch (ProtocolViolation violation) {
        violated = true;
      }
      assertThat(allocator.metric().usedHeapMemory())
          .as("bytes held (not what a length announces)")
          .isLessThanOrEqualTo(2L * stream.size() + 8 * 1024);
    }

    assertThat(violated).isEqualTo(model.violated);
    assertThat(visitor.forwarded.toByteArray()).isEqualTo(model.forwarded.toByteArray());
    if (!violated) {
      assertThat(scanner.atBoundary()).isEqualTo(model.atBoundary);
      assertThat(scanner.isInPassingMessage()).isEqualTo(model.inPassingMessage);
    }
    scanner.close();
    assertThat(allocator.metric().usedHeapMemory()).as("bytes not released").isZero();
  }

  private static boolean isWanted(byte type, int bodyLength) {
    return (type & 1) != 0 && bodyLength <= MOST_GATHERED;
  }

  /** What stands in a message's place: nothing, its body backwards, or null for itself. */
  private static byte @Nullable [] replacement(byte[] message) {
    return switch (message[0] >> 1 & 3) {
      case 0 -> new byte[0];
      case 1 -> {
        byte[] backwards = new byte[message.length - 5];
        for (int i = 0; i < backwards.length; i++) {
          backwards[i] = message[message.length - 1 - i];
        }
        yield backwards;
      }
      default -> null;
    };
  }

  /** The rules of {@link FrameScanner}, on the whole stream. */
  private static final class Model {
    final ByteArrayOutputStream forwarded = new ByteArrayOutputStream();
    boolean violated;
    boolean atBoundary;
    boolean inPassingMessage;

    Model(byte[] stream, boolean replacing) {
      ByteBuffer in = ByteBuffer.wrap(stream);
      while (in.remaining() >= 5) {
        int length = in.getInt(in.position() + 1);
        if (length < 4 || length > 1 << 30) {
          violated = true;
          return;
        }
        byte type = in.get(in.position());
        boolean wanted = isWanted(type, length - 4);
        boolean complete = in.remaining() > length;
        if (!complete && wanted) {
          return;
        }
        byte[] message = new byte[complete ? length + 1 : in.remaining()];
        in.get(message);
        byte[] instead = wanted && replacing ? replacement(message) : null;
        forwarded.writeBytes(instead == null ? message : instead);
        if (!complete) {
          inPassingMessage = true;
          return;
        }
      }
      atBoundary = !in.hasRemaining();
    }
  }

  private static final class Visitor implements FrameScanner.Visitor {
    private final UnpooledByteBufAllocator allocator;
    private final boolean replacing;
    final ByteArrayOutputStream forwarded = new ByteArrayOutputStream();

    Visitor(UnpooledByteBufAllocator allocator, boolean replacing) {
      this.allocator = allocator;
      this.replacing = replacing;
    }

    @Override
    public boolean wants(byte type, int bodyLength) {
      return isWanted(type, bodyLength);
    }

    @Override
    public @Nullable ByteBuf inspect(ByteBuf buffer, int index, int length) {
      byte[] message = ByteBufUtil.getBytes(buffer, index, length);
      assertThat(buffer.getInt(index + 1)).as("a whole message").isEqualTo(length - 1);
      byte[] instead = replacing ? replacement(message) : null;
      return instead == null ? null : allocator.buffer().writeBytes(instead);
    }

    @Override
    public void forward(ByteBuf bytes) {
      forwarded.writeBytes(ByteBufUtil.getBytes(bytes));
      bytes.release();
    }
  }
}
