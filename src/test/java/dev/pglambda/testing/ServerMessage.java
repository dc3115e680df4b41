package dev.pglambda.testing;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a server sends (manual, "Message Formats"). Texts are decoded as UTF-8; values of columns
 * and COPY data stay bytes (buffers compare by content).
 */
public sealed interface ServerMessage {

  /** The message's name in the manual. */
  default String name() {
    return getClass().getSimpleName();
  }

  /**
   * 'R'.
   *
   * @param code 0 for success, 3 cleartext, 5 MD5, 10 to 12 SASL
   * @param data what follows the code: salt, mechanisms or SASL data
   */
  record Authentication(int code, ByteBuffer data) implements ServerMessage {}

  /** 'S'. */
  record ParameterStatus(String parameter, String value) implements ServerMessage {}

  /**
   * 'K'.
   *
   * @param secretKey four bytes, or more in protocol 3.2
   */
  record BackendKeyData(int processId, ByteBuffer secretKey) implements ServerMessage {}

  /** 'v'. */
  record NegotiateProtocolVersion(int newestMinor, List<String> unknownOptions)
      implements ServerMessage {}

  /**
   * 'Z'.
   *
   * @param status {@code I}, {@code T} or {@code E}
   */
  record ReadyForQuery(char status) implements ServerMessage {}

  /** One column of a RowDescription. */
  record Column(
      String name,
      int tableOid,
      int attributeNumber,
      int typeOid,
      int typeSize,
      int typeModifier,
      int format) {}

  /** 'T'. */
  record RowDescription(List<Column> columns) implements ServerMessage {}

  /** 'D'. */
  record DataRow(List<@Nullable ByteBuffer> values) implements ServerMessage {
    /** The value of a column as UTF-8 text, or null. */
    public @Nullable String text(int column) {
      return decode(values.get(column));
    }

    /** The values of all columns as UTF-8 text. */
    public List<@Nullable String> texts() {
      @Nullable String[] texts = new @Nullable String[values.size()];
      Arrays.setAll(texts, this::text);
      return Arrays.asList(texts);
    }

    @Override
    public String toString() {
      return "DataRow" + texts();
    }
  }

  /** 'C'. */
  record CommandComplete(String tag) implements ServerMessage {}

  /** 'I'. */
  record EmptyQueryResponse() implements ServerMessage {}

  /**
   * 'E'.
   *
   * @param fields by their one-letter code, in the order they came
   */
  record ErrorResponse(Map<Character, String> fields) implements ServerMessage {
    /** SQLSTATE. */
    public @Nullable String sqlState() {
      return fields.get('C');
    }

    /** The primary message. */
    public @Nullable String message() {
      return fields.get('M');
    }

    /** Whether the session ends. */
    public boolean isFatal() {
      String severity = fields.getOrDefault('V', fields.getOrDefault('S', ""));
      return severity.equals("FATAL") || severity.equals("PANIC");
    }
  }

  /**
   * 'N'.
   *
   * @param fields by their one-letter code, in the order they came
   */
  record NoticeResponse(Map<Character, String> fields) implements ServerMessage {}

  /** 'A'. */
  record NotificationResponse(int processId, String channel, String payload)
      implements ServerMessage {}

  /** '1'. */
  record ParseComplete() implements ServerMessage {}

  /** '2'. */
  record BindComplete() implements ServerMessage {}

  /** '3'. */
  record CloseComplete() implements ServerMessage {}

  /** 'n'. */
  record NoData() implements ServerMessage {}

  /** 's'. */
  record PortalSuspended() implements ServerMessage {}

  /** 't'. */
  record ParameterDescription(List<Integer> typeOids) implements ServerMessage {}

  /** 'G'. */
  record CopyInResponse(int format, List<Integer> columnFormats) implements ServerMessage {}

  /** 'H'. */
  record CopyOutResponse(int format, List<Integer> columnFormats) implements ServerMessage {}

  /** 'W'. */
  record CopyBothResponse(int format, List<Integer> columnFormats) implements ServerMessage {}

  /** 'd'. */
  record CopyData(ByteBuffer data) implements ServerMessage {
    /** The data as UTF-8 text. */
    public String text() {
      return StandardCharsets.UTF_8.decode(data.duplicate()).toString();
    }
  }

  /** 'c'. */
  record CopyDone() implements ServerMessage {}

  /** Any other type. */
  record Unknown(char type, ByteBuffer body) implements ServerMessage {}

  private static @Nullable String decode(@Nullable ByteBuffer value) {
    return value == null ? null : StandardCharsets.UTF_8.decode(value.duplicate()).toString();
  }
}
