package dev.pglambda.extension;

import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * A key for HMAC-SHA256 as PostgreSQL needs it: {@code sha256(opad || sha256(ipad || text))}. Never
 * shows a key in {@link #toString}.
 *
 * @param innerHex 64 bytes in hexadecimal digits: the key, padded with 0x36
 * @param outerHex 64 bytes in hexadecimal digits: the key, padded with 0x5c
 */
public record KeyPads(String innerHex, String outerHex) {
  private static final Pattern PAD = Pattern.compile("[0-9a-f]{128}");

  /** Throws IllegalArgumentException for a malformed pad, without a key in it. */
  public KeyPads {
    if (!PAD.matcher(innerHex).matches() || !PAD.matcher(outerHex).matches()) {
      throw new IllegalArgumentException("HMAC key pads: not 128 lower-case hexadecimal digits");
    }
  }

  /** From bytes. */
  public static KeyPads of(byte[] inner, byte[] outer) {
    return new KeyPads(HexFormat.of().formatHex(inner), HexFormat.of().formatHex(outer));
  }

  @Override
  public String toString() {
    return "KeyPads";
  }
}
