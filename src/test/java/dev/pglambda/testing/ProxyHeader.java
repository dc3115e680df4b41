package dev.pglambda.testing;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Headers of the PROXY protocol, version 2, as a load balancer sends them. */
public final class ProxyHeader {
  private static final byte[] SIGNATURE = {13, 10, 13, 10, 0, 13, 10, 'Q', 'U', 'I', 'T', 10};
  private static final int PROXY_TCP4 = 0x2111;
  private static final int PROXY_TCP6 = 0x2121;

  /** PP2_TYPE_NOOP: for padding. */
  private static final byte NOOP = 4;

  private ProxyHeader() {}

  /** For a client at this IP address. */
  public static byte[] of(String client) throws UnknownHostException {
    byte[] address = InetAddress.getByName(client).getAddress();
    return raw(address.length == 4 ? PROXY_TCP4 : PROXY_TCP6, addresses(address));
  }

  /** The same with a field of some bytes behind the addresses. */
  public static byte[] withField(String client, int length) throws UnknownHostException {
    byte[] addresses = addresses(InetAddress.getByName(client).getAddress());
    ByteBuffer all = ByteBuffer.allocate(addresses.length + 3 + length);
    all.put(addresses).put(NOOP).putShort((short) length);
    return raw(addresses.length == 12 ? PROXY_TCP4 : PROXY_TCP6, all.array());
  }

  /** How long a header is that bytes begin with, which may be longer than they are; 0: none. */
  public static int length(byte[] bytes) {
    int begin = SIGNATURE.length + 4;
    return bytes.length >= begin && Arrays.mismatch(bytes, SIGNATURE) == SIGNATURE.length
        ? begin + Short.toUnsignedInt(ByteBuffer.wrap(bytes).getShort(begin - 2))
        : 0;
  }

  private static byte[] addresses(byte[] client) {
    return ByteBuffer.allocate(2 * client.length + 4)
        .put(client)
        .put(client) // the balancer's own
        .putShort((short) 40_000)
        .putShort((short) 5433)
        .array();
  }

  /**
   * Any header.
   *
   * @param commandAndFamily version and command, and address family and transport, of 4 bits each
   */
  public static byte[] raw(int commandAndFamily, byte[] rest) {
    return ByteBuffer.allocate(SIGNATURE.length + 4 + rest.length)
        .put(SIGNATURE)
        .putShort((short) commandAndFamily)
        .putShort((short) rest.length)
        .put(rest)
        .array();
  }
}
