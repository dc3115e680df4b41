package dev.pglambda.config;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Addresses as {@code pg_hba.conf} has them (PostgreSQL manual, "The pg_hba.conf File"). An IPv4
 * range holds no IPv6 address, and the other way round; one that is mapped counts as IPv4.
 *
 * @param network an address of the range
 * @param prefixLength how many of its bits all have in common
 */
public record AddressRange(InetAddress network, int prefixLength) {
  private static final Pattern SYNTAX = Pattern.compile("([^/%]+)(?:/(\\d{1,3}))?");

  /**
   * Reads {@code 10.0.0.0/8}, {@code 10.0.0.1} or the same in IPv6; nothing is looked up.
   *
   * @throws IllegalArgumentException if the text is no range
   */
  static AddressRange parse(String text) {
    Matcher parts = SYNTAX.matcher(text);
    byte[] bytes =
        parts.matches() ? NetUtil.createByteArrayFromIpAddressString(parts.group(1)) : null;
    if (bytes == null) {
      throw new IllegalArgumentException("no address");
    }
    try {
      InetAddress network = InetAddress.getByAddress(bytes);
      int bits = 8 * network.getAddress().length;
      String prefix = parts.group(2);
      return new AddressRange(network, prefix == null ? bits : Values.integer(prefix, 0, bits));
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e); // only if it has neither 4 nor 16 bytes
    }
  }

  boolean contains(InetAddress address) {
    byte[] expected = network.getAddress();
    byte[] actual = address.getAddress();
    if (actual.length != expected.length) {
      return false;
    }
    for (int bit = 0; bit < prefixLength; bit++) {
      int mask = 0x80 >> (bit % 8);
      if (((expected[bit / 8] ^ actual[bit / 8]) & mask) != 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    return NetUtil.toAddressString(network) + "/" + prefixLength;
  }
}
