package dev.pglambda.extension;

import java.util.HexFormat;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the row of {@code pglambda.settings} says: where the server calls the proxy, and the keys it
 * needs (docs/architecture.md, "The callback protocol"). Never shows a key in {@link #toString}.
 *
 * @param host name or address of the proxy as the server sees it; null: the address from which the
 *     installing session comes
 * @param port the proxy's listen port as the server sees it
 * @param linkPassword password of the callback link
 * @param innerKeyPadHex 64 octets in hexadecimal digits: the HMAC key, padded with 0x36
 * @param outerKeyPadHex 64 octets in hexadecimal digits: the HMAC key, padded with 0x5c
 */
public record CallbackSettings(
    @Nullable String host,
    int port,
    String linkPassword,
    String innerKeyPadHex,
    String outerKeyPadHex) {
  private static final Pattern VISIBLE_ASCII = Pattern.compile("[!-~]+");
  private static final Pattern KEY_PAD = Pattern.compile("[0-9a-f]{128}");

  /**
   * Checks what PostgreSQL is going to be given.
   *
   * @throws IllegalArgumentException if a component is malformed; the message has no key in it
   */
  public CallbackSettings {
    if (host != null && !VISIBLE_ASCII.matcher(host).matches()) {
      throw new IllegalArgumentException("callback host: " + host + " (expected: visible ASCII)");
    }
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("callback port: " + port + " (expected: 1 to 65535)");
    }
    if (!VISIBLE_ASCII.matcher(linkPassword).matches()) {
      throw new IllegalArgumentException("link password: not visible ASCII");
    }
    if (!KEY_PAD.matcher(innerKeyPadHex).matches() || !KEY_PAD.matcher(outerKeyPadHex).matches()) {
      throw new IllegalArgumentException("HMAC key pads: not 128 lower-case hexadecimal digits");
    }
  }

  /**
   * The settings with key pads given as octets.
   *
   * @throws IllegalArgumentException as the constructor does
   */
  public static CallbackSettings of(
      @Nullable String host,
      int port,
      String linkPassword,
      byte[] innerKeyPad,
      byte[] outerKeyPad) {
    HexFormat hex = HexFormat.of();
    return new CallbackSettings(
        host, port, linkPassword, hex.formatHex(innerKeyPad), hex.formatHex(outerKeyPad));
  }

  @Override
  public String toString() {
    return "CallbackSettings[host=" + host + ", port=" + port + "]";
  }
}
