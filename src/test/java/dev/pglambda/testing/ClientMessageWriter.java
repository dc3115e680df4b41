package dev.pglambda.testing;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Puts client messages together; what was put together goes out at {@link #flush}. */
final class ClientMessageWriter {
  private final OutputStream socket;
  private final ByteArrayOutputStream pending = new ByteArrayOutputStream();

  ClientMessageWriter(OutputStream socket) {
    this.socket = socket;
  }

  /** Sends everything so far in one write. */
  void flush() throws IOException {
    pending.writeTo(socket);
    pending.reset();
    socket.flush();
  }

  void raw(byte[] bytes) {
    pending.writeBytes(bytes);
  }

  /** A message with a type. */
  void message(char type, Fields fields) throws IOException {
    pending.write(type);
    untyped(fields);
  }

  /** A message of the startup phase, which has no type. */
  void untyped(Fields fields) throws IOException {
    byte[] body = fields.bytes();
    DataOutputStream output = new DataOutputStream(pending);
    output.writeInt(body.length + 4);
    output.write(body);
  }

  /** The body of a message. */
  static final class Fields {
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private final DataOutputStream output = new DataOutputStream(body);

    Fields int16(int value) throws IOException {
      output.writeShort(value);
      return this;
    }

    Fields int32(int value) throws IOException {
      output.writeInt(value);
      return this;
    }

    Fields character(char value) throws IOException {
      output.write(value);
      return this;
    }

    Fields raw(byte[] value) throws IOException {
      output.write(value);
      return this;
    }

    Fields string(String value) throws IOException {
      return raw(value.getBytes(StandardCharsets.UTF_8)).character('\0');
    }

    Fields startupParameters(Map<String, String> parameters) throws IOException {
      for (Map.Entry<String, String> parameter : parameters.entrySet()) {
        string(parameter.getKey()).string(parameter.getValue());
      }
      return character('\0');
    }

    Fields oids(int... oids) throws IOException {
      int16(oids.length);
      for (int oid : oids) {
        int32(oid);
      }
      return this;
    }

    Fields values(List<? extends @Nullable String> values) throws IOException {
      List<byte @Nullable []> encoded = new ArrayList<>();
      for (String value : values) {
        encoded.add(value == null ? null : value.getBytes(StandardCharsets.UTF_8));
      }
      return bytes(encoded);
    }

    Fields bytes(List<byte @Nullable []> values) throws IOException {
      int16(values.size());
      for (byte[] value : values) {
        if (value == null) {
          int32(-1);
        } else {
          int32(value.length).raw(value);
        }
      }
      return this;
    }

    byte[] bytes() {
      return body.toByteArray();
    }
  }
}
