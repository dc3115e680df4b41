package dev.pglambda.intercept;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.ClientEncoding;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.sql.ExtensionStatement;
import dev.pglambda.sql.Originals;
import dev.pglambda.testing.FuzzInput;
import dev.pglambda.testing.Peer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** Any text of a statement, and any error. */
class InterceptionFuzzTest {
  private static final String INSTEAD = "DO 'instead'";

  /** The first byte says standard_conforming_strings and the encoding. */
  @FuzzTest
  void replacesNothingButStatementsOnTheExtensions(byte[] input) {
    FuzzInput bytes = new FuzzInput(input);
    int flags = bytes.next();
    String text = bytes.restAsText();
    Settings settings = new Settings((flags & 1) != 0, encoding(flags));
    Rewrite unchanged = rewrite((statement, own) -> own, text, settings);
    Rewrite rewrite = rewrite((statement, own) -> INSTEAD, text, settings);
    assertThat(unchanged == null).isEqualTo(rewrite == null);
    if (unchanged == null || rewrite == null) {
      return;
    }
    if (!text.contains("pglambda")) {
      assertThat(Originals.in(unchanged.text())).isEqualTo(text);
    }
    if (settings.encoding() == ClientEncoding.SINGLE_BYTE) {
      assertThat(withOriginals(rewrite, text)).isEqualTo(text);
    }
    int end = 0;
    for (ReplacedSpan statement : rewrite.spans()) {
      assertThat(statement.start()).isGreaterThanOrEqualTo(end);
      assertThat(statement.end()).isGreaterThanOrEqualTo(statement.start());
      end = statement.end();
    }
    for (int offset = 0; offset < rewrite.text().length(); offset += 7) {
      assertThat(ErrorPosition.original(offset, rewrite.spans())).isBetween(0, text.length());
    }
  }

  /** The first byte says how the error came about; its body follows. */
  @FuzzTest
  void mendsAnyError(byte[] input) {
    FuzzInput bytes = new FuzzInput(input);
    int flags = bytes.next();
    byte[] body = bytes.rest();
    ByteBuf frame =
        Unpooled.wrappedBuffer(
            Peer.message(BackendMessage.ERROR_RESPONSE, new String(body, ISO_8859_1)));
    ErrorFields fields = ErrorFields.read(frame, 0, frame.readableBytes());
    if (fields == null) {
      return;
    }
    WorkerContext.remove(fields, (flags & 1) != 0);
    NestedBlockErrors.restore(fields, encoding(flags));
    ErrorPosition.restore(
        fields, (flags & 4) == 0 ? null : List.of(new ReplacedSpan(0, "X", 3, 10, 90)));

    ByteBuf mended =
        fields.toFrame(UnpooledByteBufAllocator.DEFAULT, BackendMessage.ERROR_RESPONSE);
    assertThat(ErrorFields.read(mended, 0, mended.readableBytes())).isNotNull();
    assertThat(mended.readableBytes()).as("bytes").isLessThanOrEqualTo(frame.readableBytes() + 64);
    mended.release();
  }

  private static ClientEncoding encoding(int flags) {
    ClientEncoding[] encodings = ClientEncoding.values();
    return encodings[((flags >> 1 & 1) + 2 * (flags >> 6)) % encodings.length];
  }

  private static @Nullable Rewrite rewrite(
      BiFunction<ExtensionStatement, String, String> installer, String text, Settings settings) {
    ByteBuf buffer = Unpooled.copiedBuffer(text, ISO_8859_1);
    return new ExtensionInterceptor(installer, view -> "SELECT", true)
        .inspect(buffer, 0, buffer.readableBytes(), null, settings);
  }

  /** The new text with the client's statements put back where they were. */
  private static String withOriginals(Rewrite rewrite, String text) {
    StringBuilder originals = new StringBuilder();
    int at = 0;
    for (ReplacedSpan statement : rewrite.spans()) {
      int copied = statement.start() - originals.length();
      originals.append(rewrite.text(), at, at + copied);
      originals.append(text, statement.start(), statement.end());
      at += copied + statement.length();
    }
    return originals.append(rewrite.text().substring(at)).toString();
  }

  private record Settings(boolean standardConformingStrings, ClientEncoding encoding)
      implements ServerSettings {}
}
