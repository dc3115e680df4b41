package dev.pglambda.protocol.auth;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.MessageDigest;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;

/**
 * What a SCRAM-SHA-256 server keeps of a password (RFC 5802, section 3: StoredKey and ServerKey).
 */
public final class ScramCredentials {
  /** Iterations of PostgreSQL's own default (manual, {@code scram_iterations}). */
  static final int ITERATIONS = 4096;

  private final byte[] salt;

  /** Computed aside: the iterations, and loading what does them, take a tenth of a second. */
  private final CompletableFuture<DerivedKeys> keys;

  /** The password is ASCII, so that SASLprep changes nothing. */
  public ScramCredentials(String password, byte[] salt) {
    byte[] ownSalt = salt.clone();
    this.salt = ownSalt;
    this.keys =
        CompletableFuture.supplyAsync(
            () -> new DerivedKeys(Sha256.pbkdf2(ascii(password), ownSalt, ITERATIONS)));
  }

  private static final class DerivedKeys {
    private final byte[] stored;
    private final byte[] server;

    DerivedKeys(byte[] saltedPassword) {
      stored = Sha256.hash(Sha256.hmac(saltedPassword, ascii("Client Key")));
      server = Sha256.hmac(saltedPassword, ascii("Server Key"));
    }
  }

  String salt() {
    return Base64.getEncoder().encodeToString(salt);
  }

  /**
   * What PostgreSQL stores of the password (manual, {@code pg_authid}): {@code
   * SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>}, without a quote.
   */
  public String verifier() {
    Base64.Encoder base64 = Base64.getEncoder();
    String stored = base64.encodeToString(keys.join().stored);
    String server = base64.encodeToString(keys.join().server);
    return "SCRAM-SHA-256$%d:%s$%s:%s".formatted(ITERATIONS, salt(), stored, server);
  }

  /** Whether the ClientProof was made with the password; compares in constant time. */
  boolean verify(byte[] clientProof, String authMessage) {
    byte[] storedKey = keys.join().stored;
    byte[] clientKey = Sha256.hmac(storedKey, ascii(authMessage));
    if (clientProof.length != clientKey.length) {
      return false;
    }
    for (int i = 0; i < clientKey.length; i++) {
      clientKey[i] ^= clientProof[i];
    }
    return MessageDigest.isEqual(Sha256.hash(clientKey), storedKey);
  }

  String serverSignature(String authMessage) {
    return Base64.getEncoder().encodeToString(Sha256.hmac(keys.join().server, ascii(authMessage)));
  }

  private static byte[] ascii(String text) {
    return text.getBytes(US_ASCII);
  }
}
