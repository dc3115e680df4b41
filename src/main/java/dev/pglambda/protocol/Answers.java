package dev.pglambda.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads what the server answers to the proxy's own messages (PostgreSQL manual, "Message Formats").
 * A body that is not whole ends in an {@link IndexOutOfBoundsException}.
 */
public final class Answers {
  private Answers() {}

  /** The values of a DataRow: {@code Int16 n, (Int32 length, value)[n]}; null is NULL. */
  public static List<byte @Nullable []> row(ByteBuf buffer, int body) {
    int at = body + Short.BYTES;
    byte @Nullable [][] values = new byte @Nullable [buffer.getUnsignedShort(body)][];
    for (int i = 0; i < values.length; i++) {
      int length = buffer.getInt(at);
      at += Integer.BYTES;
      if (length >= 0) {
        values[i] = ByteBufUtil.getBytes(buffer, at, length);
        at += length;
      }
    }
    return Arrays.asList(values);
  }

  /** The object ids of a ParameterDescription: {@code Int16 n, Int32[n]}. */
  public static List<Integer> parameterTypes(ByteBuf buffer, int body) {
    List<Integer> oids = new ArrayList<>();
    for (int i = 0; i < buffer.getUnsignedShort(body); i++) {
      oids.add(buffer.getInt(body + Short.BYTES + Integer.BYTES * i));
    }
    return oids;
  }

  /**
   * The object ids of the types of a RowDescription: {@code Int16 n, (String name, Int32 table,
   * Int16 attribute, Int32 type, Int16, Int32, Int16)[n]}.
   */
  public static List<Integer> columnTypes(ByteBuf buffer, int body) {
    List<Integer> types = new ArrayList<>();
    int at = body + Short.BYTES;
    for (int left = buffer.getUnsignedShort(body); left > 0; left--) {
      at = buffer.indexOf(at, buffer.writerIndex(), (byte) 0) + 1 + Integer.BYTES + Short.BYTES;
      types.add(buffer.getInt(at));
      at += Integer.BYTES + Short.BYTES + Integer.BYTES + Short.BYTES;
    }
    return types;
  }
}
