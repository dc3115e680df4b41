package dev.pglambda.protocol;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The packets without a type byte with which a connection begins: {@code Int32 length, Int32 code,
 * body} (PostgreSQL manual, "Message Formats": CancelRequest, GSSENCRequest, SSLRequest,
 * StartupMessage).
 */
public sealed interface StartupPacket {

  /** Largest packet PostgreSQL accepts: its MAX_STARTUP_PACKET_LENGTH, and the length itself. */
  int MAX_LENGTH = 10_004;

  /**
   * Bytes of a wrong length. PostgreSQL closes on them and tells its log alone (backend_startup.c,
   * ProcessStartupPacket): who sends them may be no client of PostgreSQL at all, or one that is
   * just leaving.
   *
   * @param reason for the log, {@code what: actual (expected: ...)}
   */
  record NoPacket(String reason) implements StartupPacket {}

  /** Asks for TLS. */
  record SslRequest() implements StartupPacket {}

  /** Asks for GSSAPI encryption. */
  record GssEncRequest() implements StartupPacket {}

  /** Asks to cancel what another session runs; the key stays opaque (4 to 256 bytes). */
  record CancelRequest() implements StartupPacket {}

  /**
   * Begins a session.
   *
   * @param majorVersion protocol version; 3, or what the server is to refuse
   * @param minorVersion 0 or 2, or what the client wishes
   * @param parameters names and values in order, one {@code char} per byte; empty unless the major
   *     version is 3
   */
  record StartupMessage(int majorVersion, int minorVersion, Map<String, String> parameters)
      implements StartupPacket {

    /** The user name, or an empty string. */
    public String user() {
      return parameters.getOrDefault("user", "");
    }

    /** The database name; PostgreSQL's default is the user name. */
    public String database() {
      return parameters.getOrDefault("database", user());
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

  /**
   * Decodes the first packet in the buffer without consuming it.
   *
   * @return null while the packet is not complete
   * @throws ProtocolViolation if its parameters have no end
   */
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
    int major = in.getUnsignedShort(at + 4);
    int minor = in.getUnsignedShort(at + 6);
    if (major == 1234) {
      return switch (minor) {
        case 5678 -> cancelRequest(length);
        case 5679 -> new SslRequest();
        case 5680 -> new GssEncRequest();
        default -> new StartupMessage(major, minor, Map.of());
      };
    }
    if (major != 3) {
      return new StartupMessage(major, minor, Map.of());
    }
    return new StartupMessage(major, minor, parameters(in, at + 8, at + length));
  }

  private static StartupPacket cancelRequest(int length) {
    int keyLength = length - 12;
    return keyLength < 4 || keyLength > 256
        ? new NoPacket(
            "invalid length of cancel request: %d (expected: 16 to 268)".formatted(length))
        : new CancelRequest();
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
      throw new ProtocolViolation(
          "invalid startup packet layout: expected terminator as last byte");
    }
    return parameters;
  }

  private static int terminator(ByteBuf in, int from, int end) throws ProtocolViolation {
    int at = from < end ? in.indexOf(from, end, (byte) 0) : -1;
    if (at < 0) {
      throw new ProtocolViolation(
          "invalid startup packet layout: expected terminator as last byte");
    }
    return at;
  }
}
