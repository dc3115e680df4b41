package dev.pglambda.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.BackendMessage.NoticeResponse;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.Message;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.StartupPacket.StartupMessage;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One end of a scripted conversation over a real socket: sends and reads exactly what the test
 * says. Every read gives up after ten seconds.
 */
public final class Peer implements AutoCloseable {
  private static final int READ_TIMEOUT_MS = 10_000;

  private final Socket socket;
  private final DataInputStream in;

  private Peer(Socket socket) throws IOException {
    this.socket = socket;
    socket.setSoTimeout(READ_TIMEOUT_MS);
    socket.setTcpNoDelay(true);
    in = new DataInputStream(socket.getInputStream());
  }

  /** Connects as a client to a port on loopback. */
  public static Peer connect(int port) throws IOException {
    return new Peer(new Socket(InetAddress.getLoopbackAddress(), port));
  }

  /** Over a connection that is there. */
  public static Peer over(Socket socket) throws IOException {
    return new Peer(socket);
  }

  /** Accepts the next connection as a server. */
  public static Peer accept(ServerSocket listener) throws IOException {
    listener.setSoTimeout(READ_TIMEOUT_MS);
    return new Peer(listener.accept());
  }

  /** A message's type and body; the body one {@code char} per byte. */
  public record Received(byte type, String body) {
    @Override
    public String toString() {
      return (char) type + ":" + body.replace('\0', '|');
    }
  }

  /** The bytes of messages; their texts have one {@code char} per byte. */
  public static byte[] message(Message... messages) {
    return MessageWriter.bytes(ISO_8859_1, messages);
  }

  /** The bytes of a message of which the test makes the body. */
  public static byte[] message(byte type, String body) {
    return message(new FrontendMessage.Unknown(type, ByteBuffer.wrap(body.getBytes(ISO_8859_1))));
  }

  /** An error with these fields: {@code "SERROR", "C42601", ..}. */
  public static ErrorResponse error(String... fields) {
    return new ErrorResponse(fields(fields));
  }

  /** A notice with these fields. */
  public static NoticeResponse notice(String... fields) {
    return new NoticeResponse(fields(fields));
  }

  private static ErrorFields fields(String... fields) {
    ErrorFields all = new ErrorFields();
    Stream.of(fields).forEach(field -> all.with(field.charAt(0), field.substring(1)));
    return all;
  }

  /** A row of texts in UTF-8; null is NULL. */
  public static DataRow row(@Nullable String... values) {
    return DataRow.of(Arrays.asList(values));
  }

  /** The bytes of a packet without a type, which may be none that PostgreSQL knows. */
  public static byte[] packet(int code, String body) {
    return ByteBuffer.allocate(2 * Integer.BYTES + body.length())
        .putInt(2 * Integer.BYTES + body.length())
        .putInt(code)
        .put(body.getBytes(ISO_8859_1))
        .array();
  }

  /** A startup message of protocol 3.0 with the given names and values. */
  public static byte[] startup(String... namesAndValues) {
    Map<String, String> parameters = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      parameters.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    return message(new StartupMessage(parameters));
  }

  /** All of them in one piece. */
  public static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  public Peer send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    return this;
  }

  public Peer send(Message... messages) throws IOException {
    return send(message(messages));
  }

  public Peer send(byte type, String body) throws IOException {
    return send(message(type, body));
  }

  /** Sends bytes one at a time, each in a segment of its own as far as the kernel allows. */
  public Peer trickle(byte[] bytes) throws IOException {
    for (byte b : bytes) {
      socket.getOutputStream().write(b);
      socket.getOutputStream().flush();
    }
    return this;
  }

  public Received read() throws IOException {
    byte type = in.readByte();
    return new Received(type, text(in.readInt() - Frame.MIN_LENGTH));
  }

  /** Reads a message that a server has sent. */
  public BackendMessage readBackend() throws IOException, ProtocolViolation {
    Received message = read();
    return BackendMessage.read(message.type(), message.body().getBytes(ISO_8859_1), ISO_8859_1);
  }

  /** Reads the body of a packet without a type, its code in front as a decimal number. */
  public String readPacket() throws IOException {
    int length = in.readInt();
    return in.readInt() + ":" + text(length - 2 * Integer.BYTES).replace('\0', '|');
  }

  public String text(int length) throws IOException {
    return new String(in.readNBytes(length), ISO_8859_1);
  }

  /** Reads until the other side closes. */
  public String rest() throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    try {
      in.transferTo(all);
    } catch (SocketException reset) {
      // A reset ends the conversation as an orderly close does.
    }
    return all.toString(ISO_8859_1);
  }

  /** Whether the other side has closed, and sent nothing before. */
  public boolean atEnd() throws IOException {
    try {
      in.readByte();
      return false;
    } catch (EOFException | SocketException end) {
      return true;
    }
  }

  public Socket socket() {
    return socket;
  }

  /** Closes with a TCP reset. */
  public void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
