package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.MessageDigest;
import java.util.Base64;

/**
 * What a SCRAM-SHA-256 server keeps of a password (RFC 5802, section 3: StoredKey and ServerKey).
 */
final class ScramCredentials {
  /** Iterations of PostgreSQL's own default (manual, {@code scram_iterations}). */
  static final int ITERATIONS = 4096;

  private final byte[] salt;
  private final byte[] storedKey;
  private final byte[] serverKey;

  /**
   * @param password ASCII, so that SASLprep changes nothing
   * @param salt sent to the client
   */
  ScramCredentials(String password, byte[] salt) {
    this.salt = salt.clone();
    byte[] saltedPassword = Sha256.pbkdf2(password, salt, ITERATIONS);
    this.storedKey = Sha256.hash(Sha256.hmac(saltedPassword, ascii("Client Key")));
    this.serverKey = Sha256.hmac(saltedPassword, ascii("Server Key"));
  }

  /** The salt in base64. */
  String salt() {
    return Base64.getEncoder().encodeToString(salt);
  }

  /** Whether the ClientProof was made with the password; compares in constant time. */
  boolean verify(byte[] clientProof, String authMessage) {
    byte[] clientKey = Sha256.hmac(storedKey, ascii(authMessage));
    if (clientProof.length != clientKey.length) {
      return false;
    }
    for (int i = 0; i < clientKey.length; i++) {
      clientKey[i] ^= clientProof[i];
    }
    return MessageDigest.isEqual(Sha256.hash(clientKey), storedKey);
  }

  /** The ServerSignature in base64. */
  String serverSignature(String authMessage) {
    return Base64.getEncoder().encodeToString(Sha256.hmac(serverKey, ascii(authMessage)));
  }

  private static byte[] ascii(String text) {
    return text.getBytes(US_ASCII);
  }
}
