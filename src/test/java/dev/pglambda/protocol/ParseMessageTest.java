package dev.pglambda.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.intercept.Interceptor;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParseMessageTest {
  private static final String TEXT = "SELECT $1\0";

  @Test
  void readsTheTypes() {
    ByteBuf message = message(TEXT + "\0\2" + "\0\0\0\u0019" + "\u00ff\u00ff\u00ff\u00ff");

    assertThat(ParseMessage.declaredTypes(message, 0)).containsExactly(25, -1);
    assertThat(ParseMessage.parameterTypes(message, TEXT.length(), message.writerIndex()))
        .isEqualTo(TEXT.length());
  }

  @Test
  void readsThatThereAreNone() {
    assertThat(ParseMessage.declaredTypes(message(TEXT + "\0\0"), 0)).isEmpty();
  }

  /** The server refuses such a message; nothing is read beyond it. */
  @ParameterizedTest
  @ValueSource(
      strings = {"", "\0", "\0\1", "\0\1\0\0\0", "\0\2\0\0\0\u0019", "\0\0\0", "\u00ff\u00ff"})
  void readsNoTypesThatAreNotWhole(String types) {
    ByteBuf message = message(TEXT + types);

    assertThat(ParseMessage.declaredTypes(message, 0)).isEmpty();
    assertThat(ParseMessage.parameterTypes(message, TEXT.length(), message.writerIndex()))
        .isEqualTo(Interceptor.NO_PARAMETERS);
  }

  private static ByteBuf message(String octets) {
    return Unpooled.copiedBuffer(octets, ISO_8859_1);
  }
}
