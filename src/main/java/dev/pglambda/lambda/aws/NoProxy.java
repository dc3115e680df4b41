package dev.pglambda.lambda.aws;

import io.netty.util.NetUtil;
import java.math.BigInteger;
import java.net.URI;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The hosts that are reached without a proxy, as curl and most other tools read the variable {@code
 * NO_PROXY}: domains with all their subdomains, addresses, networks, each perhaps with a port, and
 * a star for everything. Names are not resolved.
 */
final class NoProxy {
  private final String[] entries;

  NoProxy(String list) {
    entries = list.toLowerCase(Locale.ROOT).strip().split("[,\\s]+");
  }

  /** This machine, which no proxy on another one can reach: as in the JDK and in Go. */
  static boolean isLoopback(String host) {
    String name = withoutBrackets(host.toLowerCase(Locale.ROOT));
    byte @Nullable [] address = NetUtil.createByteArrayFromIpAddressString(name);
    if (address == null) {
      return name.equals("localhost") || name.endsWith(".localhost");
    }
    return address.length == 4 ? address[0] == 127 : name.matches("[0:]+1");
  }

  boolean matches(URI request) {
    String host = withoutBrackets(request.getHost().toLowerCase(Locale.ROOT));
    String suffix = ":" + HttpProxies.port(request);
    byte @Nullable [] address = NetUtil.createByteArrayFromIpAddressString(host);
    for (String entry : entries) {
      boolean ported = entry.matches("[^:]+:\\d+|\\[.*]:\\d+");
      if (ported && !entry.endsWith(suffix)) {
        continue;
      }
      String name = withoutBrackets(ported ? entry.substring(0, entry.lastIndexOf(':')) : entry);
      if (name.equals("*") || (address == null ? isDomain(name, host) : isNetwork(name, address))) {
        return true;
      }
    }
    return false;
  }

  private static boolean isDomain(String entry, String host) {
    String domain = entry.replaceFirst("^\\*?\\.", "");
    return !domain.isEmpty() && (host.equals(domain) || host.endsWith("." + domain));
  }

  private static boolean isNetwork(String entry, byte[] address) {
    int slash = entry.indexOf('/');
    byte @Nullable [] network =
        NetUtil.createByteArrayFromIpAddressString(slash < 0 ? entry : entry.substring(0, slash));
    if (network == null || network.length != address.length) {
      return false;
    }
    int most = 8 * address.length;
    String length = slash < 0 ? Integer.toString(most) : entry.substring(slash + 1);
    if (!length.matches("\\d{1,3}") || Integer.parseInt(length) > most) {
      return false;
    }
    BigInteger difference = new BigInteger(1, network).xor(new BigInteger(1, address));
    return difference.bitLength() <= most - Integer.parseInt(length);
  }

  private static String withoutBrackets(String host) {
    return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
  }
}
