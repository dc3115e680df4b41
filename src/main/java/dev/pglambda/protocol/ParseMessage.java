package dev.pglambda.protocol;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;

/**
 * A client's Parse (PostgreSQL manual, "Message Formats"): {@code String name, String text, Int16
 * n, Int32[n] parameter types}.
 */
public final class ParseMessage {
  /** Where the types of a message without them are. */
  public static final int NO_TYPES = -1;

  private ParseMessage() {}

  /**
   * Where the parameter types are, if they are whole.
   *
   * @param index just past the text
   * @param end of the message
   * @return else {@link #NO_TYPES}
   */
  public static int parameterTypes(ByteBuf buffer, int index, int end) {
    boolean whole =
        end - index >= Short.BYTES
            && end - index == Short.BYTES + Integer.BYTES * buffer.getUnsignedShort(index);
    return whole ? index : NO_TYPES;
  }

  /**
   * The object ids of the parameter types.
   *
   * @param text where the text begins
   */
  public static List<Integer> declaredTypes(ByteBuf message, int text) {
    int textEnd = message.indexOf(text, message.writerIndex(), (byte) 0);
    int index = parameterTypes(message, textEnd + 1, message.writerIndex());
    List<Integer> types = new ArrayList<>();
    if (index != NO_TYPES) {
      for (int i = 0; i < message.getUnsignedShort(index); i++) {
        types.add(message.getInt(index + Short.BYTES + Integer.BYTES * i));
      }
    }
    return types;
  }
}
