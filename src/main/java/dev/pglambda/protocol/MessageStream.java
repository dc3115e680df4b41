package dev.pglambda.protocol;

import dev.pglambda.limits.MemoryBudget;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.Charset;
import org.jspecify.annotations.Nullable;

/** Messages over a blocking connection. One thread may read while another one sends. */
public final class MessageStream {
  private static final int READ_BYTES = 8192;

  private final InputStream in;
  private final OutputStream out;
  private final Charset charset;
  private final MessageReader reader =
      MessageReader.refusing(Frame.MAX_LENGTH - Frame.MIN_LENGTH, MemoryBudget.unlimited().open());
  private final ByteBuf received = Unpooled.buffer();

  public MessageStream(InputStream in, OutputStream out, Charset charset) {
    this.in = in;
    this.out = out;
    this.charset = charset;
  }

  public void send(Message... messages) throws IOException {
    out.write(MessageWriter.bytes(charset, messages));
    out.flush();
  }

  /** The next message of a client; null: the stream ended before it began. */
  public @Nullable FrontendMessage readFrontend() throws IOException {
    try {
      RawMessage message = read();
      return message == null ? null : message.frontend(charset);
    } catch (ProtocolViolation violation) {
      throw new IOException(violation);
    }
  }

  /** The next message of a server; null: the stream ended before it began. */
  public @Nullable BackendMessage readBackend() throws IOException {
    try {
      RawMessage message = read();
      return message == null ? null : message.backend(charset);
    } catch (ProtocolViolation violation) {
      throw new IOException(violation);
    }
  }

  private @Nullable RawMessage read() throws IOException, ProtocolViolation {
    RawMessage message = reader.read(received);
    while (message == null) {
      if (!receive()) {
        if (reader.isBetweenMessages()) {
          return null;
        }
        throw new EOFException("connection closed within a message");
      }
      message = reader.read(received);
    }
    return message;
  }

  /** The next packet of the startup phase; null: the stream ended before it. */
  public @Nullable StartupPacket readStartup() throws IOException {
    try {
      StartupPacket packet = StartupPacket.read(received);
      while (packet == null) {
        if (!receive()) {
          return null;
        }
        packet = StartupPacket.read(received);
      }
      received.skipBytes(StartupPacket.length(received));
      return packet;
    } catch (ProtocolViolation violation) {
      throw new IOException(violation);
    }
  }

  /** A single byte, such as the answer to SSLRequest; -1 at the end. */
  public int readByte() throws IOException {
    return received.isReadable() || receive() ? received.readUnsignedByte() : -1;
  }

  private boolean receive() throws IOException {
    received.discardReadBytes();
    return received.writeBytes(in, READ_BYTES) > 0;
  }
}
