package dev.pglambda.testing;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads server messages from a stream. */
final class ServerMessageReader {
  private static final int MAX_LENGTH = 1 << 30;

  private final DataInputStream input;

  ServerMessageReader(InputStream input) {
    this.input = new DataInputStream(input);
  }

  /** A single byte, such as the answer to SSLRequest; -1 at the end of the stream. */
  int readByte() throws IOException {
    return input.read();
  }

  /** The next message, or null if the stream ended before it began. */
  @Nullable ServerMessage read() throws IOException {
    int type = input.read();
    if (type < 0) {
      return null;
    }
    int length = input.readInt();
    if (length < 4 || length > MAX_LENGTH) {
      throw new IOException("message '%c' has length %d".formatted(type, length));
    }
    byte[] body = input.readNBytes(length - 4);
    if (body.length < length - 4) {
      throw new EOFException("connection ended within message '%c'".formatted(type));
    }
    Body reader = new Body(ByteBuffer.wrap(body));
    ServerMessage message = decode((char) type, reader);
    if (reader.bytes.hasRemaining()) {
      throw new IOException(
          "%d octets too many in %s".formatted(reader.bytes.remaining(), message));
    }
    return message;
  }

  private static ServerMessage decode(char type, Body body) {
    return switch (type) {
      case 'R' -> new ServerMessage.Authentication(body.int32(), body.rest());
      case 'S' -> new ServerMessage.ParameterStatus(body.string(), body.string());
      case 'K' -> new ServerMessage.BackendKeyData(body.int32(), body.rest());
      case 'v' -> new ServerMessage.NegotiateProtocolVersion(body.int32(), body.strings());
      case 'Z' -> new ServerMessage.ReadyForQuery(body.character());
      case 'T' -> new ServerMessage.RowDescription(body.columns());
      case 'D' -> new ServerMessage.DataRow(body.values());
      case 'C' -> new ServerMessage.CommandComplete(body.string());
      case 'I' -> new ServerMessage.EmptyQueryResponse();
      case 'E' -> new ServerMessage.ErrorResponse(body.fields());
      case 'N' -> new ServerMessage.NoticeResponse(body.fields());
      case 'A' ->
          new ServerMessage.NotificationResponse(body.int32(), body.string(), body.string());
      default -> decodeExtended(type, body);
    };
  }

  private static ServerMessage decodeExtended(char type, Body body) {
    return switch (type) {
      case '1' -> new ServerMessage.ParseComplete();
      case '2' -> new ServerMessage.BindComplete();
      case '3' -> new ServerMessage.CloseComplete();
      case 'n' -> new ServerMessage.NoData();
      case 's' -> new ServerMessage.PortalSuspended();
      case 't' -> new ServerMessage.ParameterDescription(body.oids());
      case 'G' -> new ServerMessage.CopyInResponse(body.int8(), body.formats());
      case 'H' -> new ServerMessage.CopyOutResponse(body.int8(), body.formats());
      case 'W' -> new ServerMessage.CopyBothResponse(body.int8(), body.formats());
      case 'd' -> new ServerMessage.CopyData(body.rest());
      case 'c' -> new ServerMessage.CopyDone();
      default -> new ServerMessage.Unknown(type, body.rest());
    };
  }

  private record Body(ByteBuffer bytes) {
    int int8() {
      return bytes.get();
    }

    int int16() {
      return bytes.getShort();
    }

    int int32() {
      return bytes.getInt();
    }

    char character() {
      return (char) (bytes.get() & 0xff);
    }

    ByteBuffer take(int length) {
      ByteBuffer taken = bytes.slice(bytes.position(), length).asReadOnlyBuffer();
      bytes.position(bytes.position() + length);
      return taken;
    }

    ByteBuffer rest() {
      return take(bytes.remaining());
    }

    String string() {
      int length = 0;
      while (bytes.get(bytes.position() + length) != 0) {
        length++;
      }
      String string = StandardCharsets.UTF_8.decode(take(length)).toString();
      bytes.get();
      return string;
    }

    List<String> strings() {
      List<String> strings = new ArrayList<>();
      for (int count = int32(); count > 0; count--) {
        strings.add(string());
      }
      return strings;
    }

    Map<Character, String> fields() {
      Map<Character, String> fields = new LinkedHashMap<>();
      for (char code = character(); code != 0; code = character()) {
        fields.put(code, string());
      }
      return fields;
    }

    List<ServerMessage.Column> columns() {
      List<ServerMessage.Column> columns = new ArrayList<>();
      for (int count = int16(); count > 0; count--) {
        columns.add(
            new ServerMessage.Column(
                string(), int32(), int16(), int32(), int16(), int32(), int16()));
      }
      return columns;
    }

    List<@Nullable ByteBuffer> values() {
      List<@Nullable ByteBuffer> values = new ArrayList<>();
      for (int count = int16(); count > 0; count--) {
        int length = int32();
        values.add(length < 0 ? null : take(length));
      }
      return values;
    }

    List<Integer> oids() {
      List<Integer> oids = new ArrayList<>();
      for (int count = int16(); count > 0; count--) {
        oids.add(int32());
      }
      return oids;
    }

    List<Integer> formats() {
      List<Integer> formats = new ArrayList<>();
      for (int count = int16(); count > 0; count--) {
        formats.add(int16());
      }
      return formats;
    }
  }
}
