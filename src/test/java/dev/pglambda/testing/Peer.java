package dev.pglambda.testing;

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
import java.nio.charset.StandardCharsets;

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

  /** Accepts the next connection as a server. */
  public static Peer accept(ServerSocket listener) throws IOException {
    listener.setSoTimeout(READ_TIMEOUT_MS);
    return new Peer(listener.accept());
  }

  /** A message's type and body; the body one {@code char} per byte. */
  public record Message(char type, String body) {
    @Override
    public String toString() {
      return type + ":" + body.replace('\0', '|');
    }
  }

  /** The bytes of a message. */
  public static byte[] message(char type, String body) {
    return ByteBuffer.allocate(5 + body.length())
        .put((byte) type)
        .putInt(4 + body.length())
        .put(body.getBytes(StandardCharsets.ISO_8859_1))
        .array();
  }

  /** The bytes of a packet without a type: {@code length, code, body}. */
  public static byte[] packet(int code, String body) {
    return ByteBuffer.allocate(8 + body.length())
        .putInt(8 + body.length())
        .putInt(code)
        .put(body.getBytes(StandardCharsets.ISO_8859_1))
        .array();
  }

  /** A startup message of protocol 3.0 with the given names and values. */
  public static byte[] startup(String... namesAndValues) {
    return packet(3 << 16, String.join("\0", namesAndValues) + "\0\0");
  }

  public Peer send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    return this;
  }

  public Peer send(char type, String body) throws IOException {
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

  public Message read() throws IOException {
    char type = (char) in.readUnsignedByte();
    return new Message(type, text(in.readInt() - 4));
  }

  /** Reads the body of a packet without a type, its code in front as a decimal number. */
  public String readPacket() throws IOException {
    int length = in.readInt();
    return in.readInt() + ":" + text(length - 8).replace('\0', '|');
  }

  public String text(int length) throws IOException {
    return new String(in.readNBytes(length), StandardCharsets.ISO_8859_1);
  }

  /** Reads until the other side closes. */
  public String rest() throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    try {
      in.transferTo(all);
    } catch (SocketException reset) {
      // A reset ends the conversation as an orderly close does.
    }
    return all.toString(StandardCharsets.ISO_8859_1);
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
