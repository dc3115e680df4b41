package dev.pglambda.lambda.aws;

import io.netty.util.NetUtil;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * Which HTTP proxy a request goes through: the JVM's system properties ("Java Networking and
 * Proxies" of the JDK), else the environment variables that AWS's tools follow (AWS CLI User Guide,
 * "Using an HTTP proxy"). The AWS SDK chooses its variable by the proxy's scheme instead of the
 * request's, so that {@code HTTPS_PROXY} does not reach it.
 */
final class HttpProxies {
  /** The JDK's default for {@code http.nonProxyHosts}. */
  private static final String LOOPBACK = "localhost|127.*|[::1]";

  private final Map<String, String> environment;
  private final Properties properties;

  HttpProxies(Map<String, String> environment, Properties properties) {
    this.environment = environment;
    this.properties = properties;
  }

  /** None, whatever is set. */
  static HttpProxies none() {
    return new HttpProxies(Map.of(), new Properties());
  }

  /**
   * The proxy for a request; fails if one is set that cannot be used. The message names the
   * setting, not its value.
   */
  Optional<HttpProxy> forRequest(URI request) throws IOException {
    String scheme = request.getScheme().toLowerCase(Locale.ROOT);
    String host = request.getHost();
    String property = scheme + ".proxyHost";
    String proxyHost = properties.getProperty(property, "");
    if (!proxyHost.isBlank()) {
      return isNonProxyHost(host)
          ? Optional.empty()
          : Optional.of(ofProperties(scheme, proxyHost.strip(), property));
    }
    String name = scheme + "_proxy";
    for (String variable : List.of(name, name.toUpperCase(Locale.ROOT))) {
      String url = environment.get(variable);
      if (url != null) {
        return url.isBlank() || isLoopback(host) || isNoProxy(request)
            ? Optional.empty()
            : Optional.of(ofUrl(url.strip(), variable));
      }
    }
    return Optional.empty();
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

  /**
   * Whether {@code NO_PROXY} names a host, as curl and most other tools read it: domains with all
   * their subdomains, addresses, networks, each perhaps with a port, and a star for everything.
   * Names are not resolved.
   */
  private boolean isNoProxy(URI request) {
    String lower = environment.get("no_proxy");
    String list = lower != null ? lower : environment.getOrDefault("NO_PROXY", "");
    String host = withoutBrackets(request.getHost().toLowerCase(Locale.ROOT));
    String suffix = ":" + port(request);
    byte @Nullable [] address = NetUtil.createByteArrayFromIpAddressString(host);
    for (String entry : list.toLowerCase(Locale.ROOT).strip().split("[,\\s]+", -1)) {
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

  private HttpProxy ofProperties(String scheme, String host, String source) throws IOException {
    String port = properties.getProperty(scheme + ".proxyPort");
    return new HttpProxy(
        "http",
        host,
        port == null ? defaultPort(scheme) : port(port, scheme + ".proxyPort"),
        properties.getProperty(scheme + ".proxyUser"),
        properties.getProperty(scheme + ".proxyPassword"),
        source);
  }

  private static int port(String text, String source) throws IOException {
    try {
      int port = Integer.parseInt(text.strip());
      if (port > 0 && port <= 65535) {
        return port;
      }
    } catch (NumberFormatException none) {
      // as any other that is none
    }
    throw new IOException(source + " is no port");
  }

  /** Patterns with a star at the beginning or the end, and bars between them. */
  private boolean isNonProxyHost(String host) {
    for (String pattern : properties.getProperty("http.nonProxyHosts", LOOPBACK).split("\\|", -1)) {
      String text = pattern.strip().toLowerCase(Locale.ROOT);
      boolean openStart = text.startsWith("*");
      boolean openEnd = text.length() > 1 && text.endsWith("*");
      String fixed = text.substring(openStart ? 1 : 0, text.length() - (openEnd ? 1 : 0));
      String name = host.toLowerCase(Locale.ROOT);
      boolean fits =
          openStart
              ? (openEnd ? name.contains(fixed) : name.endsWith(fixed))
              : (openEnd ? name.startsWith(fixed) : name.equals(fixed));
      if (fits && !text.isEmpty()) {
        return true;
      }
    }
    return false;
  }

  /** A URL, whose scheme may be missing; the value is never told, since it may have a password. */
  private static HttpProxy ofUrl(String text, String variable) throws IOException {
    try {
      URI url = new URI(text.contains("://") ? text : "http://" + text);
      String scheme = url.getScheme().toLowerCase(Locale.ROOT);
      String host = url.getHost();
      if (host != null && (scheme.equals("http") || scheme.equals("https"))) {
        String user = url.getRawUserInfo();
        return new HttpProxy(scheme, host, port(url), part(user, 0), part(user, 1), variable);
      }
    } catch (URISyntaxException | IllegalArgumentException none) {
      // as any other that is none
    }
    throw new IOException(variable + " is not the URL of an HTTP proxy");
  }

  /** The user, or the password behind the colon; null if it is missing. */
  private static @Nullable String part(@Nullable String userInfo, int index) {
    String[] parts = userInfo == null ? new String[0] : userInfo.split(":", 2);
    return index < parts.length
        ? URLDecoder.decode(parts[index].replace("+", "%2B"), StandardCharsets.UTF_8)
        : null;
  }

  /** The port of a URL, or else its scheme's. */
  private static int port(URI url) {
    return url.getPort() >= 0 ? url.getPort() : defaultPort(url.getScheme());
  }

  private static int defaultPort(String scheme) {
    return scheme.equalsIgnoreCase("https") ? 443 : 80;
  }
}
