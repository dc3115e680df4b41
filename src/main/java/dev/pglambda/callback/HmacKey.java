package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.protocol.auth.Sha256;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.Mac;

/**
 * A key for HMAC-SHA256, which PostgreSQL computes from its pads: {@code sha256(opad || sha256(ipad
 * || text))}. Never shows itself. Safe for use by several threads.
 */
public final class HmacKey {
  private static final int BLOCK_BYTES = 64;

  private final byte[] bytes;

  /** Takes a hash, which is shorter than a block; kept, not copied. */
  HmacKey(byte[] bytes) {
    this.bytes = bytes;
  }

  /** The key padded with 0x36 (RFC 2104, {@code K XOR ipad}): 64 bytes, a new array. */
  public byte[] innerPad() {
    return pad(0x36);
  }

  /** The key padded with 0x5c (RFC 2104, {@code K XOR opad}): 64 bytes, a new array. */
  public byte[] outerPad() {
    return pad(0x5c);
  }

  /** HMAC of the text in UTF-8: 64 lower-case hexadecimal digits. */
  String sign(String text) {
    return HexFormat.of().formatHex(mac().doFinal(text.getBytes(UTF_8)));
  }

  /** A new HMAC with this key; for one thread. */
  Mac mac() {
    return Sha256.hmac(bytes);
  }

  private byte[] pad(int pad) {
    byte[] block = Arrays.copyOf(bytes, BLOCK_BYTES);
    for (int i = 0; i < block.length; i++) {
      block[i] ^= (byte) pad;
    }
    return block;
  }

  @Override
  public String toString() {
    return "HmacKey";
  }
}
