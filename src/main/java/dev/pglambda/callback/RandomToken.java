package dev.pglambda.callback;

import java.security.SecureRandom;
import java.util.HexFormat;

/** Random bytes for session tokens, nonces and keys. */
final class RandomToken {
  private static final SecureRandom RANDOM = new SecureRandom();

  private RandomToken() {}

  static byte[] octets(int count) {
    byte[] octets = new byte[count];
    RANDOM.nextBytes(octets);
    return octets;
  }

  /** Twice as many lower-case hexadecimal digits as {@code count}. */
  static String hex(int count) {
    return HexFormat.of().formatHex(octets(count));
  }
}
