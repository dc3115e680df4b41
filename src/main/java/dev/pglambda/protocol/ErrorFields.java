package dev.pglambda.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The body of an ErrorResponse or NoticeResponse: fields in order (PostgreSQL manual, "Error and
 * Notice Message Fields"). Values are held one {@code char} per byte, so that text in any client
 * encoding survives.
 *
 * <p>Layout: {@code (type byte, value, NUL)* NUL}.
 */
public final class ErrorFields {
  public static final char SEVERITY = 'S';
  public static final char SEVERITY_NOT_LOCALIZED = 'V';
  public static final char SQLSTATE = 'C';
  public static final char MESSAGE = 'M';
  public static final char DETAIL = 'D';
  public static final char HINT = 'H';
  public static final char CONTEXT = 'W';
  public static final char POSITION = 'P';
  public static final char INTERNAL_POSITION = 'p';
  public static final char INTERNAL_QUERY = 'q';

  private final Map<Character, String> fields = new LinkedHashMap<>();

  private ErrorFields() {}

  /** An error of the proxy's own that ends the connection. */
  public static ErrorFields fatal(String sqlState, String message) {
    return new ErrorFields()
        .with(SEVERITY, "FATAL")
        .with(SEVERITY_NOT_LOCALIZED, "FATAL")
        .with(SQLSTATE, sqlState)
        .with(MESSAGE, message);
  }

  /**
   * Reads the fields of a complete frame.
   *
   * @param buffer holds the frame; not consumed
   * @param index where the frame's type byte stands
   * @param length of the whole frame
   * @return null if the body is malformed
   */
  public static @Nullable ErrorFields read(ByteBuf buffer, int index, int length) {
    ErrorFields read = new ErrorFields();
    int at = index + Frame.HEADER_LENGTH;
    int end = index + length;
    while (at < end) {
      char type = (char) buffer.getUnsignedByte(at++);
      if (type == 0) {
        return read;
      }
      int terminator = buffer.indexOf(at, end, (byte) 0);
      if (terminator < 0) {
        return null;
      }
      read.fields.put(type, buffer.toString(at, terminator - at, StandardCharsets.ISO_8859_1));
      at = terminator + 1;
    }
    return null;
  }

  /** The value of a field, or null if it is not there. */
  public @Nullable String get(char type) {
    return fields.get(type);
  }

  /** Sets a field; a null value takes it away. */
  public ErrorFields with(char type, @Nullable String value) {
    if (value == null) {
      fields.remove(type);
    } else {
      fields.put(type, value);
    }
    return this;
  }

  /**
   * The complete frame.
   *
   * @param messageType {@link BackendMessage#ERROR_RESPONSE} or {@link
   *     BackendMessage#NOTICE_RESPONSE}
   */
  public ByteBuf toFrame(ByteBufAllocator allocator, byte messageType) {
    ByteBuf frame = allocator.buffer();
    frame.writeByte(messageType).writeInt(0);
    fields.forEach(
        (type, value) -> {
          frame.writeByte(type);
          frame.writeCharSequence(value, StandardCharsets.ISO_8859_1);
          frame.writeByte(0);
        });
    frame.writeByte(0);
    return frame.setInt(1, frame.readableBytes() - 1);
  }
}
