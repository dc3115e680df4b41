package dev.pglambda.protocol;

import io.netty.buffer.ByteBuf;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Reads the fields of a body from left to right. Lists are views of the body: a message takes no
 * more memory than its bytes, however many values it has.
 */
final class BodyReader {
  private final ByteBuffer body;
  private final Charset charset;

  private BodyReader(byte[] body, Charset charset) {
    this.body = ByteBuffer.wrap(body);
    this.charset = charset;
  }

  /**
   * Reads a whole body; fails in PostgreSQL's words (pqformat.c) if it ends too soon or too late.
   */
  static <M> M read(byte[] body, Charset charset, Function<BodyReader, M> layout)
      throws ProtocolViolation {
    BodyReader in = new BodyReader(body, charset);
    try {
      M message = layout.apply(in);
      if (!in.body.hasRemaining()) {
        return message;
      }
    } catch (BufferUnderflowException tooShort) {
      // as if it were too long
    }
    throw new ProtocolViolation("invalid message format");
  }

  /** Reads a complete frame, whose texts get one {@code char} per byte; null: it is malformed. */
  static <M> @Nullable M readFrame(
      ByteBuf buffer, int index, int length, Function<BodyReader, M> layout) {
    byte[] body = new byte[length - Frame.HEADER_LENGTH];
    buffer.getBytes(index + Frame.HEADER_LENGTH, body);
    try {
      return read(body, StandardCharsets.ISO_8859_1, layout);
    } catch (ProtocolViolation malformed) {
      return null;
    }
  }

  int int8() {
    return body.get() & 0xff;
  }

  int int16() {
    return body.getShort();
  }

  int int32() {
    return body.getInt();
  }

  /** Up to the NUL, which is consumed. */
  String string() {
    int start = body.position();
    return new String(body.array(), start, stringLength(), charset);
  }

  /** Passes over a string and its NUL, and makes none of it; without the NUL, in bytes. */
  int stringLength() {
    int start = body.position();
    while (body.get() != 0) {
      // up to the NUL
    }
    return body.position() - start - 1;
  }

  ByteBuffer rest() {
    return take(body.remaining());
  }

  /** {@code Int32 length, value}; length -1 is NULL. */
  @Nullable ByteBuffer value() {
    int length = int32();
    return length == -1 ? null : take(length);
  }

  /** {@code Int16 n, (Int32 length, value)[n]}. */
  List<@Nullable ByteBuffer> values() {
    int[] starts = new int[count(Integer.BYTES)];
    for (int i = 0; i < starts.length; i++) {
      starts[i] = body.position();
      value();
    }
    return list(starts.length, i -> valueAt(starts[i]));
  }

  private @Nullable ByteBuffer valueAt(int start) {
    int length = body.getInt(start);
    return length == -1 ? null : body.slice(start + Integer.BYTES, length).asReadOnlyBuffer();
  }

  /** {@code Int16 n, Int16[n]}. */
  List<Integer> int16s() {
    int count = count(Short.BYTES);
    int start = skip(Short.BYTES * count);
    return list(count, i -> (int) body.getShort(start + Short.BYTES * i));
  }

  /** {@code Int16 n, Int32[n]}. */
  List<Integer> int32s() {
    int count = count(Integer.BYTES);
    int start = skip(Integer.BYTES * count);
    return list(count, i -> body.getInt(start + Integer.BYTES * i));
  }

  /** {@code Int32 n, String[n]}. */
  List<String> strings() {
    List<String> strings = new ArrayList<>();
    for (int left = int32(); left > 0; left--) {
      strings.add(string());
    }
    return strings;
  }

  /** How many follow, each of at least so many bytes. */
  int count(int size) {
    int count = int16() & 0xffff;
    if (count * size > body.remaining()) {
      throw new BufferUnderflowException();
    }
    return count;
  }

  private int skip(int length) {
    int start = body.position();
    body.position(start + length);
    return start;
  }

  private ByteBuffer take(int length) {
    if (length < 0 || length > body.remaining()) {
      throw new BufferUnderflowException();
    }
    return body.slice(skip(length), length).asReadOnlyBuffer();
  }

  /** A list whose elements are made when they are asked for. */
  static <T extends @Nullable Object> List<T> list(int size, IntFunction<T> element) {
    return new AbstractList<>() {
      @Override
      public T get(int index) {
        return element.apply(Objects.checkIndex(index, size));
      }

      @Override
      public int size() {
        return size;
      }
    };
  }
}
