package dev.pglambda.protocol.auth;

import java.security.SecureRandom;
import java.util.HexFormat;

/** Random bytes for session tokens, nonces and keys. */
public final class RandomToken {
  private static final SecureRandom RANDOM = new SecureRandom();

  private RandomToken() {}

  public static byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  /** Twice as many lower-case hexadecimal digits as {@code count}. */
  public static String hex(int count) {
    return HexFormat.of().formatHex(bytes(count));
  }
}
