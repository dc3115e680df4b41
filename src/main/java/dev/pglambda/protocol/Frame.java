package dev.pglambda.protocol;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;

/**
 * The form of every message but the startup packets: {@code Byte1 type, Int32 length, body}, the
 * length counting itself but not the type (PostgreSQL manual, "Message Formats").
 */
public final class Frame {
  /** Bytes of type and length. */
  public static final int HEADER_LENGTH = 5;

  public static final int MIN_LENGTH = 4;

  /** Largest value of the length field PostgreSQL uses (its memory chunks end below 1 GB). */
  public static final int MAX_LENGTH = 0x4000_0000;

  private Frame() {}

  /** Bytes of the whole frame whose type stands at an index. */
  public static int length(ByteBuf buffer, int index) {
    return buffer.getInt(index + 1) + 1;
  }

  static int length(byte[] header) {
    return ByteBuffer.wrap(header).getInt(1);
  }
}
