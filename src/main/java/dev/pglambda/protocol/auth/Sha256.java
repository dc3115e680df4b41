package dev.pglambda.protocol.auth;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** SHA-256 and what is built on it, which every Java platform of our range has. */
public final class Sha256 {
  public static final int BYTES = 32;

  private Sha256() {}

  public static byte[] hash(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A new HMAC-SHA256 with this key; for one thread. */
  public static Mac hmac(byte[] key) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  public static byte[] hmac(byte[] key, byte[] text) {
    return hmac(key).doFinal(text);
  }

  /**
   * PBKDF2 with HMAC-SHA256 and one block, which RFC 5802 calls {@code Hi()}. The JDK's takes
   * characters only, and a password is bytes to PostgreSQL if it is not UTF-8.
   */
  public static byte[] pbkdf2(byte[] password, byte[] salt, int iterations) {
    Mac mac = hmac(password);
    mac.update(salt);
    byte[] block = mac.doFinal(new byte[] {0, 0, 0, 1});
    byte[] result = block.clone();
    for (int i = 1; i < iterations; i++) {
      block = mac.doFinal(block);
      for (int at = 0; at < BYTES; at++) {
        result[at] ^= block[at];
      }
    }
    return result;
  }
}
