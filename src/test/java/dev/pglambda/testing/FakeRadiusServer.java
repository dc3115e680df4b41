package dev.pglambda.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/** A RADIUS server (RFC 2865) that accepts one password, whoever the user is. */
public final class FakeRadiusServer implements AutoCloseable {
  public static final String SECRET = "between_servers";
  private static final int ACCEPT = 2;
  private static final int REJECT = 3;
  private static final int HEADER_BYTES = 20;
  private static final int BLOCK_BYTES = 16;
  private static final int USER_PASSWORD = 2;

  private final DatagramSocket socket;
  private final String password;

  private FakeRadiusServer(DatagramSocket socket, String password) {
    this.socket = socket;
    this.password = password;
  }

  /** On a free port of 127.0.0.1. */
  public static FakeRadiusServer start(String password) {
    try {
      FakeRadiusServer server =
          new FakeRadiusServer(new DatagramSocket(0, InetAddress.getLoopbackAddress()), password);
      Thread thread = new Thread(server::serve, "radius");
      thread.setDaemon(true);
      thread.start();
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public int port() {
    return socket.getLocalPort();
  }

  private void serve() {
    byte[] space = new byte[4096];
    while (!socket.isClosed()) {
      DatagramPacket packet = new DatagramPacket(space, space.length);
      try {
        socket.receive(packet);
        byte[] answer = answer(Arrays.copyOf(packet.getData(), packet.getLength()));
        socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private byte[] answer(byte[] request) {
    byte[] authenticator = Arrays.copyOfRange(request, 4, HEADER_BYTES);
    int code = password.equals(password(request, authenticator)) ? ACCEPT : REJECT;
    ByteBuffer answer = ByteBuffer.allocate(HEADER_BYTES);
    answer.put((byte) code).put(request[1]).putShort((short) HEADER_BYTES).put(authenticator);
    byte[] proof = md5(answer.array(), SECRET.getBytes(UTF_8));
    System.arraycopy(proof, 0, answer.array(), 4, proof.length);
    return answer.array();
  }

  /** Decrypts the attribute User-Password (section 5.2). */
  private static String password(byte[] request, byte[] authenticator) {
    int at = HEADER_BYTES;
    while (request[at] != USER_PASSWORD) {
      at += request[at + 1] & 0xff;
    }
    byte[] hidden = Arrays.copyOfRange(request, at + 2, at + (request[at + 1] & 0xff));
    byte[] clear = new byte[hidden.length];
    byte[] before = authenticator;
    for (int block = 0; block < hidden.length; block += BLOCK_BYTES) {
      byte[] mask = md5(SECRET.getBytes(UTF_8), before);
      for (int i = 0; i < BLOCK_BYTES; i++) {
        clear[block + i] = (byte) (hidden[block + i] ^ mask[i]);
      }
      before = Arrays.copyOfRange(hidden, block, block + BLOCK_BYTES);
    }
    return new String(clear, UTF_8).replaceFirst("\0+$", "");
  }

  private static byte[] md5(byte[] first, byte[] second) {
    try {
      MessageDigest digest = MessageDigest.getInstance("MD5");
      digest.update(first);
      return digest.digest(second);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    socket.close();
  }
}
