package dev.pglambda.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
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

  /** Severities. */
  public static final String ERROR = "ERROR";

  public static final String FATAL = "FATAL";

  private final Map<Character, String> fields = new LinkedHashMap<>();

  /** An error of the proxy's own that ends the connection. */
  public static ErrorFields fatal(String sqlState, String message) {
    return of(FATAL, new SqlError(sqlState, message));
  }

  public static ErrorFields of(String severity, SqlError error) {
    return new ErrorFields()
        .with(SEVERITY, severity)
        .with(SEVERITY_NOT_LOCALIZED, severity)
        .with(SQLSTATE, error.sqlState())
        .with(MESSAGE, error.message())
        .with(DETAIL, error.detail())
        .with(HINT, error.hint());
  }

  /** Reads the complete frame whose type byte stands at an index; null: it is malformed. */
  public static @Nullable ErrorFields read(ByteBuf buffer, int index, int length) {
    return BodyReader.readFrame(
        buffer,
        index,
        length,
        in -> {
          ErrorFields fields = read(in);
          in.rest();
          return fields;
        });
  }

  static ErrorFields read(BodyReader in) {
    ErrorFields read = new ErrorFields();
    for (int type = in.int8(); type != 0; type = in.int8()) {
      read.fields.put((char) type, in.string());
    }
    return read;
  }

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

  /** The complete frame of an ErrorResponse or a NoticeResponse. */
  public ByteBuf toFrame(ByteBufAllocator allocator, byte messageType) {
    MessageWriter out = new MessageWriter(allocator.buffer(), StandardCharsets.ISO_8859_1);
    return write(out.begin(messageType)).end().toBuffer();
  }

  MessageWriter write(MessageWriter out) {
    fields.forEach((type, value) -> out.int8(type).string(value));
    return out.int8(0);
  }

  public boolean isFatal() {
    String severity = fields.getOrDefault(SEVERITY_NOT_LOCALIZED, get(SEVERITY));
    return FATAL.equals(severity) || "PANIC".equals(severity);
  }

  public Map<Character, String> asMap() {
    return Collections.unmodifiableMap(fields);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ErrorFields that && fields.equals(that.fields);
  }

  @Override
  public int hashCode() {
    return fields.hashCode();
  }

  @Override
  public String toString() {
    return fields.toString();
  }
}
