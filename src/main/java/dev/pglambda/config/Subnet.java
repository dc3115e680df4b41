package dev.pglambda.config;

import io.netty.util.NetUtil;
import java.math.BigInteger;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * Addresses with the same first bits.
 *
 * @param address one of them, as it was written
 * @param prefix how many bits; all for a single address
 */
public record Subnet(String address, int prefix) {

  /**
   * Reads {@code address} or {@code address/prefix}, of IPv4 or IPv6.
   *
   * @throws IllegalArgumentException if the text is neither
   */
  static Subnet parse(String text) {
    int slash = text.indexOf('/');
    String address = slash < 0 ? text : text.substring(0, slash);
    byte @Nullable [] bytes = NetUtil.createByteArrayFromIpAddressString(address);
    if (bytes == null) {
      throw new IllegalArgumentException("no IP address");
    }
    int bits = bytes.length * Byte.SIZE;
    return new Subnet(
        address, slash < 0 ? bits : Values.integer(text.substring(slash + 1), 0, bits));
  }

  boolean contains(InetAddress other) {
    byte[] bits = NetUtil.createByteArrayFromIpAddressString(address);
    byte[] of = other.getAddress();
    return bits.length == of.length
        && new BigInteger(1, bits).xor(new BigInteger(1, of)).bitLength()
            <= of.length * Byte.SIZE - prefix;
  }

  @Override
  public String toString() {
    return address + "/" + prefix;
  }
}
