package dev.pglambda.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.pglambda.testing.Peer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Any body of an ErrorResponse. */
class ErrorFieldsFuzzTest {

  @FuzzTest
  void readsWhatAModelReadsAndWritesItAgain(byte[] body) {
    ByteBuf frame =
        Unpooled.wrappedBuffer(
            Peer.message(BackendMessage.ERROR_RESPONSE, new String(body, ISO_8859_1)));

    ErrorFields fields = ErrorFields.read(frame, 0, frame.readableBytes());

    Map<Character, String> expected = model(new String(body, ISO_8859_1));
    assertThat(fields == null).isEqualTo(expected == null);
    if (fields != null && expected != null) {
      for (char type = 1; type < 256; type++) {
        assertThat(fields.get(type)).isEqualTo(expected.get(type));
      }
      ByteBuf written =
          fields.toFrame(UnpooledByteBufAllocator.DEFAULT, BackendMessage.ERROR_RESPONSE);
      assertThat(ByteBufUtil.getBytes(written)).isEqualTo(frameOf(expected));
      written.release();
    }
  }

  /** {@code (type byte, value, NUL)* NUL}; a field that comes twice has its last value. */
  private static @Nullable Map<Character, String> model(String body) {
    Map<Character, String> fields = new LinkedHashMap<>();
    String rest = body;
    while (!rest.startsWith("\0")) {
      int end = rest.indexOf('\0', 1);
      if (end < 0) {
        return null;
      }
      fields.put(rest.charAt(0), rest.substring(1, end));
      rest = rest.substring(end + 1);
    }
    return fields;
  }

  private static byte[] frameOf(Map<Character, String> fields) {
    StringBuilder body = new StringBuilder();
    fields.forEach((type, value) -> body.append(type).append(value).append('\0'));
    body.append('\0');
    return Peer.message(BackendMessage.ERROR_RESPONSE, body.toString());
  }
}
