package dev.pglambda.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The packets without a type byte with which a connection begins: {@code Int32 length, Int32 code,
 * body} (PostgreSQL manual, "Message Formats": CancelRequest, GSSENCRequest, SSLRequest,
 * StartupMessage).
 */
public sealed interface StartupPacket extends Message {

  /** Largest packet PostgreSQL accepts: its MAX_STARTUP_PACKET_LENGTH, and the length itself. */
  int MAX_LENGTH = 10_004;

  int MAJOR_VERSION = 3;
  int PROTOCOL_3_0 = MAJOR_VERSION << 16;

  /** Codes of the requests (pqcomm.h). */
  int CANCEL_REQUEST = 1234 << 16 | 5678;

  int SSL_REQUEST = 1234 << 16 | 5679;
  int GSSENC_REQUEST = 1234 << 16 | 5680;

  /**
   * Bytes of a wrong length. PostgreSQL closes on them and tells its log alone (backend_startup.c,
   * ProcessStartupPacket): who sends them may be no client of PostgreSQL at all, or one that is
   * just leaving.
   *
   * @param reason for the log, {@code what: actual (expected: ...)}
   */
  record NoPacket(String reason) implements StartupPacket {
    @Override
    public void write(MessageWriter out) {
      throw new IllegalStateException(reason);
    }
  }

  /** {@code Int32 length, Int32 code}: asks for TLS. */
  record SslRequest() implements StartupPacket {
    @Override
    public void write(MessageWriter out) {
      out.begin().int32(SSL_REQUEST).end();
    }
  }

  /** {@code Int32 length, Int32 code}: asks for GSSAPI encryption. */
  record GssEncRequest() implements StartupPacket {
    @Override
    public void write(MessageWriter out) {
      out.begin().int32(GSSENC_REQUEST).end();
    }
  }

  /**
   * {@code Int32 length, Int32 code, Int32 processId, secretKey}: asks to cancel what another
   * session runs. The key has 4 to 256 bytes.
   */
  record CancelRequest(int processId, ByteBuffer secretKey) implements StartupPacket {
    /** What the server has told the client. */
    public BackendMessage.BackendKeyData key() {
      return new BackendMessage.BackendKeyData(processId, secretKey);
    }

    @Override
    public void write(MessageWriter out) {
      out.begin().int32(CANCEL_REQUEST).int32(processId).bytes(secretKey).end();
    }
  }

  /**
   * {@code Int32 length, Int16 majorVersion, Int16 minorVersion, (String name, String value)[],
   * Byte1 0}: begins a session.
   *
   * @param majorVersion protocol version; 3, or what the server is to refuse
   * @param minorVersion 0 or 2, or what the client wishes
   * @param parameters names and values in order, one {@code char} per byte; empty unless the major
   *     version is 3
   */
  record StartupMessage(int majorVersion, int minorVersion, Map<String, String> parameters)
      implements StartupPacket {

    public StartupMessage(Map<String, String> parameters) {
      this(MAJOR_VERSION, 0, parameters);
    }

    @Override
    public void write(MessageWriter out) {
      out.begin().int16(majorVersion).int16(minorVersion).pairs(parameters).end();
    }

    /** The user name, or an empty string. */
    public String user() {
      return parameters.getOrDefault("user", "");
    }

    /** The database name; one not named is the user's (manual, "StartupMessage"). */
    public String database() {
      String database = parameters.getOrDefault("database", "");
      return database.isEmpty() ? user() : database;
    }

    /** Whether this asks for a walsender (physical or logical replication). */
    public boolean replication() {
      return parameters.containsKey("replication");
    }
  }

  /** Bytes of the first packet in the buffer as it tells them, or -1 while they are not there. */
  static int length(ByteBuf in) {
    return in.readableBytes() < 4 ? -1 : in.getInt(in.readerIndex());
  }

  /** Decodes the first packet in the buffer without consuming it; null: it is not complete. */
  static @Nullable StartupPacket read(ByteBuf in) throws ProtocolViolation {
    if (in.readableBytes() < 4) {
      return null;
    }
    int length = length(in);
    if (length < 8 || length > MAX_LENGTH) {
      return new NoPacket(
          "invalid length of startup packet: %d (expected: 8 to %d)".formatted(length, MAX_LENGTH));
    }
    if (in.readableBytes() < length) {
      return null;
    }
    int at = in.readerIndex();
    int code = in.getInt(at + 4);
    int major = code >>> 16;
    return switch (code) {
      case CANCEL_REQUEST -> cancelRequest(in, length);
      case SSL_REQUEST -> new SslRequest();
      case GSSENC_REQUEST -> new GssEncRequest();
      default ->
          new StartupMessage(
              major,
              code & 0xffff,
              major == MAJOR_VERSION ? parameters(in, at + 8, at + length) : Map.of());
    };
  }

  private static StartupPacket cancelRequest(ByteBuf in, int length) {
    int keyLength = length - 12;
    int process = in.readerIndex() + 8;
    return keyLength < 4 || keyLength > 256
        ? new NoPacket(
            "invalid length of cancel request: %d (expected: 16 to 268)".formatted(length))
        : new CancelRequest(
            in.getInt(process),
            ByteBuffer.wrap(ByteBufUtil.getBytes(in, process + Integer.BYTES, keyLength)));
  }

  /**
   * A StartupMessage with one more parameter, byte for byte as it came, and not consumed, before
   * that; null if it would become too long.
   */
  static @Nullable ByteBuf with(
      ByteBuf packet, String name, String value, ByteBufAllocator allocator) {
    int length = packet.readableBytes() + name.length() + value.length() + 2;
    if (length > MAX_LENGTH) {
      return null;
    }
    ByteBuf longer = allocator.buffer(length).writeInt(length);
    longer.writeBytes(packet, packet.readerIndex() + 4, packet.readableBytes() - 5);
    new MessageWriter(longer, StandardCharsets.ISO_8859_1).pairs(Map.of(name, value));
    return longer;
  }

  private static Map<String, String> parameters(ByteBuf in, int from, int end)
      throws ProtocolViolation {
    Map<String, String> parameters = new LinkedHashMap<>();
    int at = from;
    while (at < end) {
      int nameEnd = terminator(in, at, end);
      if (nameEnd == at) {
        break;
      }
      int valueEnd = terminator(in, nameEnd + 1, end);
      parameters.put(
          in.toString(at, nameEnd - at, StandardCharsets.ISO_8859_1),
          in.toString(nameEnd + 1, valueEnd - nameEnd - 1, StandardCharsets.ISO_8859_1));
      at = valueEnd + 1;
    }
    if (at != end - 1) {
      throw withoutEnd();
    }
    return parameters;
  }

  private static int terminator(ByteBuf in, int from, int end) throws ProtocolViolation {
    int at = from < end ? in.indexOf(from, end, (byte) 0) : -1;
    if (at < 0) {
      throw withoutEnd();
    }
    return at;
  }

  private static ProtocolViolation withoutEnd() {
    return new ProtocolViolation("invalid startup packet layout: expected terminator as last byte");
  }
}
