package dev.pglambda.protocol;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Writes messages of the proxy's own. Texts have one {@code char} per byte. */
public final class Frames {
  private Frames() {}

  /**
   * Begins a message.
   *
   * @return what {@link #end} is to be given
   */
  public static int begin(ByteBuf out, byte type) {
    int at = out.writeByte(type).writerIndex();
    out.writeInt(0);
    return at;
  }

  public static void end(ByteBuf out, int begun) {
    out.setInt(begun, out.writerIndex() - begun);
  }

  public static ByteBuf string(ByteBuf out, String text) {
    out.writeCharSequence(text, StandardCharsets.ISO_8859_1);
    return out.writeByte(0);
  }

  /** A value with its length; null is NULL. */
  public static void value(ByteBuf out, byte @Nullable [] value) {
    if (value == null) {
      out.writeInt(-1);
    } else {
      out.writeInt(value.length).writeBytes(value);
    }
  }
}
