package dev.pglambda.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes messages, one behind the other. Owns its buffer until {@link #toBuffer}. */
public final class MessageWriter {
  /** A value from here on is sent from its own buffer. */
  private static final int LONG_VALUE = 1024;

  private final Charset charset;

  /** What is written to; a long value ends one and begins another. */
  private ByteBuf out;

  /** All before it; null: nothing. */
  private @Nullable CompositeByteBuf before;

  private ByteBuf first;

  private int lengthIndex;
  private int lengthOffset;

  /** The charset is ISO 8859-1 for texts with one {@code char} per byte. */
  public MessageWriter(ByteBuf out, Charset charset) {
    this.charset = charset;
    this.out = out;
    this.first = out;
  }

  /** Messages in a buffer of their own. */
  public static ByteBuf buffer(ByteBufAllocator allocator, Charset charset, Message... messages) {
    return new MessageWriter(allocator.buffer(), charset).write(messages).toBuffer();
  }

  public static byte[] bytes(Charset charset, Message... messages) {
    return ByteBufUtil.getBytes(
        new MessageWriter(Unpooled.buffer(), charset).write(messages).toBuffer());
  }

  public MessageWriter write(Message... messages) {
    for (Message message : messages) {
      message.write(this);
    }
    return this;
  }

  /** DataRow; its values are released here, or sent from where they are. */
  public MessageWriter row(List<@Nullable ByteBuf> values) {
    begin(BackendMessage.DATA_ROW).int16(values.size());
    values.forEach(this::buffer);
    return end();
  }

  private void buffer(@Nullable ByteBuf value) {
    if (value == null) {
      value((ByteBuffer) null);
    } else if (value.readableBytes() < LONG_VALUE) {
      int32(value.readableBytes());
      out.writeBytes(value);
      value.release();
    } else {
      int32(value.readableBytes());
      ByteBuf next = out.alloc().buffer();
      before = before == null ? out.alloc().compositeBuffer() : before;
      before.addComponents(true, out, value);
      out = next;
    }
  }

  public ByteBuf toBuffer() {
    return before == null ? out : before.addComponent(true, out);
  }

  // ---- for messages

  MessageWriter begin(byte type) {
    out.writeByte(type);
    return begin();
  }

  /** Begins a packet of the startup phase. */
  MessageWriter begin() {
    first = out;
    lengthIndex = out.writerIndex();
    lengthOffset = offset();
    return int32(0);
  }

  /** Fills in the length, which counts itself but not the type. */
  MessageWriter end() {
    first.setInt(lengthIndex, offset() - lengthOffset);
    return this;
  }

  private int offset() {
    return out.writerIndex() + (before == null ? 0 : before.readableBytes());
  }

  MessageWriter int8(int value) {
    out.writeByte(value);
    return this;
  }

  MessageWriter int16(int value) {
    out.writeShort(value);
    return this;
  }

  MessageWriter int32(int value) {
    out.writeInt(value);
    return this;
  }

  MessageWriter string(String value) {
    out.writeCharSequence(value, charset);
    return int8(0);
  }

  MessageWriter bytes(ByteBuffer value) {
    out.writeBytes(value.duplicate());
    return this;
  }

  MessageWriter value(@Nullable ByteBuffer value) {
    return value == null ? int32(-1) : int32(value.remaining()).bytes(value);
  }

  MessageWriter values(List<@Nullable ByteBuffer> values) {
    int16(values.size());
    values.forEach(this::value);
    return this;
  }

  MessageWriter int16s(List<Integer> values) {
    int16(values.size());
    values.forEach(this::int16);
    return this;
  }

  MessageWriter int32s(List<Integer> values) {
    int16(values.size());
    values.forEach(this::int32);
    return this;
  }

  MessageWriter strings(List<String> values) {
    int32(values.size());
    values.forEach(this::string);
    return this;
  }

  /** Names and values, and an empty name. */
  MessageWriter pairs(Map<String, String> values) {
    values.forEach((name, value) -> string(name).string(value));
    return int8(0);
  }
}
