package dev.pglambda.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.StartupPacket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** What somebody sends who is no PostgreSQL client; the same for the same seed. */
public final class HostileTraffic {

  private final Random random;

  public HostileTraffic(long seed) {
    random = new Random(seed);
  }

  /** One connection's bytes. */
  public byte[] next() {
    return switch (random.nextInt(12)) {
      case 0 -> noise(1 + random.nextInt(300));
      case 1 -> withLength(random.nextInt(), noise(random.nextInt(64)));
      case 2 ->
          withLength(pick(Integer.MAX_VALUE, Integer.MIN_VALUE, -1, 0, 1, 7, 10_001), noise(9));
      case 3 -> packet(StartupPacket.PROTOCOL_3_0, noise(random.nextInt(200)));
      case 4 -> packet(random.nextInt(), noise(random.nextInt(200)));
      case 5 ->
          packet(
              pick(
                  StartupPacket.SSL_REQUEST,
                  StartupPacket.GSSENC_REQUEST,
                  StartupPacket.CANCEL_REQUEST),
              noise(random.nextInt(300)));
      case 6 ->
          join(
              packet(StartupPacket.SSL_REQUEST),
              packet(StartupPacket.GSSENC_REQUEST),
              packet(pick(StartupPacket.SSL_REQUEST, StartupPacket.GSSENC_REQUEST)),
              noise(50));
      case 7 -> join(packet(StartupPacket.SSL_REQUEST), noise(1 + random.nextInt(100)));
      case 8 -> join(new byte[] {0x16, 3, 1}, noise(200)); // a TLS handshake nobody asked for
      case 9 -> "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(ISO_8859_1);
      case 10 -> join(callbackStartup(), afterStartup());
      default -> {
        byte[] startup = startup();
        yield Arrays.copyOf(startup, 1 + random.nextInt(startup.length)); // perhaps all of it
      }
    };
  }

  /** A client's startup message. */
  public static byte[] startup() {
    return Peer.startup("user", "mallory", "database", "postgres");
  }

  /** The startup message of PostgreSQL's calls to the proxy. */
  public static byte[] callbackStartup() {
    return Peer.startup("user", "pglambda", "database", "pglambda");
  }

  /** What may follow a startup message. */
  public byte[] afterStartup() {
    return switch (random.nextInt(5)) {
      case 0 -> noise(1 + random.nextInt(300));
      case 1 ->
          join(new byte[] {FrontendMessage.PASSWORD}, withLength(Integer.MAX_VALUE, noise(1000)));
      case 2 ->
          join(
              new byte[] {FrontendMessage.PASSWORD},
              withLength(pick(0, 3, -1, Integer.MIN_VALUE), noise(10)));
      case 3 -> Peer.message(FrontendMessage.QUERY, new String(noise(100), ISO_8859_1));
      default ->
          Peer.message(
              FrontendMessage.PASSWORD, "SCRAM-SHA-256\0\0\0\0\4n,,n=,r=" + noise(20).length);
    };
  }

  private byte[] noise(int length) {
    byte[] noise = new byte[length];
    random.nextBytes(noise);
    return noise;
  }

  private int pick(int... values) {
    return values[random.nextInt(values.length)];
  }

  private static byte[] withLength(int length, byte[] rest) {
    return ByteBuffer.allocate(4 + rest.length).putInt(length).put(rest).array();
  }

  private static byte[] packet(int code, byte... body) {
    return Peer.packet(code, new String(body, ISO_8859_1));
  }

  private static byte[] join(byte[]... parts) {
    ByteBuffer all = ByteBuffer.allocate(List.of(parts).stream().mapToInt(p -> p.length).sum());
    for (byte[] part : parts) {
      all.put(part);
    }
    return all.array();
  }
}
