package dev.pglambda.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a server sends (PostgreSQL manual, "Message Formats", those marked B), by the manual's
 * names. Values of columns and COPY data stay bytes; lists are views of the message's own bytes.
 */
public sealed interface BackendMessage extends Message {
  byte AUTHENTICATION = 'R';
  byte BACKEND_KEY_DATA = 'K';
  byte BIND_COMPLETE = '2';
  byte CLOSE_COMPLETE = '3';
  byte COMMAND_COMPLETE = 'C';
  byte COPY_BOTH_RESPONSE = 'W';
  byte COPY_DATA = 'd';
  byte COPY_DONE = 'c';
  byte COPY_IN_RESPONSE = 'G';
  byte COPY_OUT_RESPONSE = 'H';
  byte DATA_ROW = 'D';
  byte EMPTY_QUERY_RESPONSE = 'I';
  byte ERROR_RESPONSE = 'E';
  byte FUNCTION_CALL_RESPONSE = 'V';
  byte NEGOTIATE_PROTOCOL_VERSION = 'v';
  byte NO_DATA = 'n';
  byte NOTICE_RESPONSE = 'N';
  byte NOTIFICATION_RESPONSE = 'A';
  byte PARAMETER_DESCRIPTION = 't';
  byte PARAMETER_STATUS = 'S';
  byte PARSE_COMPLETE = '1';
  byte PORTAL_SUSPENDED = 's';
  byte READY_FOR_QUERY = 'Z';
  byte ROW_DESCRIPTION = 'T';

  /** The answer to SSLRequest and GSSENCRequest of a server without encryption. */
  byte NO_ENCRYPTION = 'N';

  /** The answer to SSLRequest after which TLS begins. */
  byte TLS = 'S';

  /** Reads the body of a message; a type that is not known makes an {@link Unknown}. */
  static BackendMessage read(byte type, byte[] body, Charset charset) throws ProtocolViolation {
    return BodyReader.read(body, charset, in -> read(type, in));
  }

  /** Reads a complete frame, whose texts get one {@code char} per byte; null: it is malformed. */
  static @Nullable BackendMessage read(ByteBuf buffer, int index, int length) {
    byte type = buffer.getByte(index);
    return BodyReader.readFrame(buffer, index, length, in -> read(type, in));
  }

  private static BackendMessage read(byte type, BodyReader in) {
    return switch (type) {
      case AUTHENTICATION -> new Authentication(in.int32(), in.rest());
      case BACKEND_KEY_DATA -> new BackendKeyData(in.int32(), in.rest());
      case BIND_COMPLETE -> new BindComplete();
      case CLOSE_COMPLETE -> new CloseComplete();
      case COMMAND_COMPLETE -> new CommandComplete(in.string());
      case COPY_BOTH_RESPONSE -> new CopyBothResponse(in.int8(), in.int16s());
      case COPY_DATA -> new CopyData(in.rest());
      case COPY_DONE -> new CopyDone();
      case COPY_IN_RESPONSE -> new CopyInResponse(in.int8(), in.int16s());
      case COPY_OUT_RESPONSE -> new CopyOutResponse(in.int8(), in.int16s());
      case DATA_ROW -> new DataRow(in.values());
      case EMPTY_QUERY_RESPONSE -> new EmptyQueryResponse();
      case ERROR_RESPONSE -> new ErrorResponse(ErrorFields.read(in));
      case FUNCTION_CALL_RESPONSE -> new FunctionCallResponse(in.value());
      case NEGOTIATE_PROTOCOL_VERSION -> new NegotiateProtocolVersion(in.int32(), in.strings());
      case NO_DATA -> new NoData();
      case NOTICE_RESPONSE -> new NoticeResponse(ErrorFields.read(in));
      case NOTIFICATION_RESPONSE -> new NotificationResponse(in.int32(), in.string(), in.string());
      case PARAMETER_DESCRIPTION -> new ParameterDescription(in.int32s());
      case PARAMETER_STATUS -> new ParameterStatus(in.string(), in.string());
      case PARSE_COMPLETE -> new ParseComplete();
      case PORTAL_SUSPENDED -> new PortalSuspended();
      case READY_FOR_QUERY -> new ReadyForQuery((char) in.int8());
      case ROW_DESCRIPTION -> RowDescription.read(in);
      default -> new Unknown(type, in.rest());
    };
  }

  /** {@code R: Int32 code, data}: MD5's salt, mechanisms of SASL, or a mechanism's own data. */
  record Authentication(int code, ByteBuffer data) implements BackendMessage {
    public static final int OK = 0;
    public static final int CLEARTEXT_PASSWORD = 3;
    public static final int MD5_PASSWORD = 5;
    public static final int SASL = 10;
    public static final int SASL_CONTINUE = 11;
    public static final int SASL_FINAL = 12;

    public Authentication(int code, String data) {
      this(code, ByteBuffer.wrap(data.getBytes(UTF_8)));
    }

    public static Authentication ok() {
      return new Authentication(OK, "");
    }

    /** AuthenticationSASL with these mechanisms: names, and an empty one. */
    public static Authentication sasl(String... mechanisms) {
      return new Authentication(SASL, String.join("\0", mechanisms) + "\0\0");
    }

    public boolean offers(String mechanism) {
      return code == SASL && ("\0" + text()).contains("\0" + mechanism + "\0");
    }

    /** AuthenticationSASL as it is, but for this mechanism. */
    public Authentication without(String mechanism) {
      String others = ("\0" + text()).replace("\0" + mechanism + "\0", "\0");
      return new Authentication(SASL, others.substring(1));
    }

    public String text() {
      return UTF_8.decode(data.duplicate()).toString();
    }

    @Override
    public void write(MessageWriter out) {
      out.begin(AUTHENTICATION).int32(code).bytes(data).end();
    }
  }

  /** {@code K: Int32 processId, secretKey}: four bytes, or more since protocol 3.2. */
  record BackendKeyData(int processId, ByteBuffer secretKey) implements BackendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(BACKEND_KEY_DATA).int32(processId).bytes(secretKey).end();
    }
  }

  /** {@code 2}. */
  record BindComplete() implements BackendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(BIND_COMPLETE).end();
    }
  }

  /** {@code 3}. */
  record CloseComplete() implements BackendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(CLOSE_COMPLETE).end();
    }
  }

  /** {@code C: String tag}. */
  record CommandComplete(String tag) implements BackendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(COMMAND_COMPLETE).string(tag).end();
    }
  }

  /** {@code W: Int8 format, Int16 n, Int16[n]}. */
  record CopyBothResponse(int format, List<Integer> columnFormats) implements BackendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(COPY_BOTH_RESPONSE).int8(format).int16s(columnFormats).end();
    }
  }

  /** {@code d: data}. */
  record CopyData(ByteBuffer data) implements BackendMessage {
    /** As UTF-8. */
    public String text() {
      return UTF_8.decode(data.duplicate()).toString();
    }

    @Override
    public void write(MessageWriter out) {
      out.begin(COPY_DATA).bytes(data).end();
    }
  }

  /** {@code c}. */
  record CopyDone() implements BackendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(COPY_DONE).end();
    }
  }

  /** {@code G: Int8 format, Int16 n, Int16[n]}. */
  record CopyInResponse(int format, List<Integer> columnFormats) implements BackendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(COPY_IN_RESPONSE).int8(format).int16s(columnFormats).end();
    }
  }

  /** {@code H: Int8 format, Int16 n, Int16[n]}. */
  record CopyOutResponse(int format, List<Integer> columnFormats) implements BackendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(COPY_OUT_RESPONSE).int8(format).int16s(columnFormats).end();
    }
  }

  /** {@code D: Int16 n, (Int32 length, value)[n]}; null is NULL. */
  record DataRow(List<@Nullable ByteBuffer> values) implements BackendMessage {
    /** Values in text format, as UTF-8. */
    public static DataRow of(List<? extends @Nullable String> texts) {
      List<@Nullable ByteBuffer> values = new ArrayList<>();
      texts.forEach(text -> values.add(text == null ? null : UTF_8.encode(text)));
      return new DataRow(values);
    }

    public static DataRow ofBytes(List<byte @Nullable []> arrays) {
      return new DataRow(BodyReader.list(arrays.size(), i -> wrapped(arrays.get(i))));
    }

    /** Bytes of all values together. */
    public static long length(List<byte @Nullable []> arrays) {
      return arrays.stream().mapToLong(value -> value == null ? 0 : value.length).sum();
    }

    private static @Nullable ByteBuffer wrapped(byte @Nullable [] value) {
      return value == null ? null : ByteBuffer.wrap(value);
    }

    public List<byte @Nullable []> bytes() {
      List<byte @Nullable []> copies = new ArrayList<>(values.size());
      for (ByteBuffer value : values) {
        byte[] copy = value == null ? null : new byte[value.remaining()];
        if (value != null) {
          value.duplicate().get(copy);
        }
        copies.add(copy);
      }
      return copies;
    }

    /** The value of a column as UTF-8, or null. */
    public @Nullable String text(int column) {
      ByteBuffer value = values.get(column);
      return value == null ? null : UTF_8.decode(value.duplicate()).toString();
    }

    public List<@Nullable String> texts() {
      return BodyReader.list(values.size(), this::text);
    }

    @Override
    public void write(MessageWriter out) {
      out.begin(DATA_ROW).values(values).end();
    }

    @Override
    public String toString() {
      return "DataRow" + texts();
    }
  }

  /** {@code I}. */
  record EmptyQueryResponse() implements BackendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(EMPTY_QUERY_RESPONSE).end();
    }
  }

  /** {@code E: (Byte1 type, String value)[], Byte1 0}. */
  record ErrorResponse(ErrorFields fields) implements BackendMessage {
    public @Nullable String sqlState() {
      return fields.get(ErrorFields.SQLSTATE);
    }

    public @Nullable String message() {
      return fields.get(ErrorFields.MESSAGE);
    }

    @Override
    public void write(MessageWriter out) {
      fields.write(out.begin(ERROR_RESPONSE)).end();
    }
  }

  /** {@code V: Int32 length, value}; null is NULL. */
  record FunctionCallResponse(@Nullable ByteBuffer value) implements BackendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(FUNCTION_CALL_RESPONSE).value(value).end();
    }
  }

  /**
   * {@code v: Int32 version, Int32 n, String[n] unknown options}.
   *
   * @param version the whole number, as PostgreSQL sends it and libpq reads it
   */
  record NegotiateProtocolVersion(int version, List<String> unknownOptions)
      implements BackendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(NEGOTIATE_PROTOCOL_VERSION).int32(version).strings(unknownOptions).end();
    }
  }

  /** {@code n}. */
  record NoData() implements BackendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(NO_DATA).end();
    }
  }

  /** {@code N: (Byte1 type, String value)[], Byte1 0}. */
  record NoticeResponse(ErrorFields fields) implements BackendMessage {
    @Override
    public void write(MessageWriter out) {
      fields.write(out.begin(NOTICE_RESPONSE)).end();
    }
  }

  /** {@code A: Int32 processId, String channel, String payload}. */
  record NotificationResponse(int processId, String channel, String payload)
      implements BackendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(NOTIFICATION_RESPONSE).int32(processId).string(channel).string(payload).end();
    }
  }

  /** {@code t: Int16 n, Int32[n]}. */
  record ParameterDescription(List<Integer> typeOids) implements BackendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(PARAMETER_DESCRIPTION).int32s(typeOids).end();
    }
  }

  /** {@code S: String parameter, String value}. */
  record ParameterStatus(String parameter, String value) implements BackendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(PARAMETER_STATUS).string(parameter).string(value).end();
    }
  }

  /** {@code 1}. */
  record ParseComplete() implements BackendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(PARSE_COMPLETE).end();
    }
  }

  /** {@code s}. */
  record PortalSuspended() implements BackendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(PORTAL_SUSPENDED).end();
    }
  }

  /** {@code Z: Byte1 status}. */
  record ReadyForQuery(char status) implements BackendMessage {
    public static final char IDLE = 'I';
    public static final char IN_TRANSACTION = 'T';
    public static final char IN_FAILED_TRANSACTION = 'E';

    @Override
    public void write(MessageWriter out) {
      out.begin(READY_FOR_QUERY).int8(status).end();
    }
  }

  /** {@code T: Int16 n, Column[n]}. */
  record RowDescription(List<Column> columns) implements BackendMessage {
    private static RowDescription read(BodyReader in) {
      List<Column> columns = new ArrayList<>();
      for (int left = in.count(0); left > 0; left--) {
        columns.add(Column.read(in));
      }
      return new RowDescription(columns);
    }

    @Override
    public void write(MessageWriter out) {
      out.begin(ROW_DESCRIPTION).int16(columns.size());
      columns.forEach(column -> column.write(out));
      out.end();
    }
  }

  /**
   * {@code String name, Int32 tableOid, Int16 attributeNumber, Int32 typeOid, Int16 typeSize, Int32
   * typeModifier, Int16 format}.
   */
  record Column(
      String name,
      int tableOid,
      int attributeNumber,
      int typeOid,
      int typeSize,
      int typeModifier,
      int format) {

    private static Column read(BodyReader in) {
      return new Column(
          in.string(), in.int32(), in.int16(), in.int32(), in.int16(), in.int32(), in.int16());
    }

    /** A column of type text, of no table, in text format. */
    public static Column text(String name) {
      return new Column(name, 0, 0, TypeOid.TEXT, -1, -1, 0);
    }

    private void write(MessageWriter out) {
      out.string(name).int32(tableOid).int16(attributeNumber).int32(typeOid);
      out.int16(typeSize).int32(typeModifier).int16(format);
    }
  }

  record Unknown(byte type, ByteBuffer body) implements BackendMessage {
    @Override
    public void write(MessageWriter out) {
      out.begin(type).bytes(body).end();
    }
  }
}
