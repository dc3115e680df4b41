package dev.pglambda.extension;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the row of {@code pglambda.settings} says: where the server calls the proxy, and the keys it
 * needs (docs/development/callback-protocol.md, "The secret"). Never shows a key in {@link
 * #toString}.
 *
 * @param host name or address of the proxy as the server sees it; null: the address from which the
 *     installing session comes
 * @param port the proxy's listen port as the server sees it
 * @param tls whether the proxy has TLS there, and a certificate to which SCRAM can be bound
 * @param installation name of the installation whose keys these are: 32 lower-case hexadecimal
 *     digits
 * @param linkPassword password of the installation's callback links
 * @param requestKey signs its requests
 * @param callbackKey signs the run-time parameter of sessions, in all installations
 */
public record CallbackSettings(
    @Nullable String host,
    int port,
    boolean tls,
    String installation,
    String linkPassword,
    KeyPads requestKey,
    KeyPads callbackKey) {
  private static final Pattern VISIBLE_ASCII = Pattern.compile("[!-~]+");

  /** What needs no quotes in a connection string (PostgreSQL manual, "Connection Strings"). */
  private static final Pattern PASSWORD = Pattern.compile("[0-9A-Za-z-]+");

  private static final Pattern INSTALLATION = Pattern.compile("[0-9a-f]{32}");

  /** Throws IllegalArgumentException for what PostgreSQL must not be given, without a key in it. */
  public CallbackSettings {
    if (host != null && !VISIBLE_ASCII.matcher(host).matches()) {
      throw new IllegalArgumentException("callback host: " + host + " (expected: visible ASCII)");
    }
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("callback port: " + port + " (expected: 1 to 65535)");
    }
    if (!INSTALLATION.matcher(installation).matches()) {
      throw new IllegalArgumentException("installation: not 32 lower-case hexadecimal digits");
    }
    if (!PASSWORD.matcher(linkPassword).matches()) {
      throw new IllegalArgumentException("link password: not letters, digits and hyphens");
    }
  }

  @Override
  public String toString() {
    return "CallbackSettings[host=%s, port=%d, installation=%s]"
        .formatted(host, port, installation);
  }
}
