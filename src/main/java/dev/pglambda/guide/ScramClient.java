package dev.pglambda.guide;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/** The client's side of SCRAM-SHA-256 without channel binding (RFC 5802, RFC 7677). */
final class ScramClient {
  static final String MECHANISM = "SCRAM-SHA-256";

  private static final String NO_CHANNEL_BINDING = "n,,";
  private static final int NONCE_BYTES = 18;
  private static final int KEY_BITS = 256;
  private static final int MOST_ITERATIONS = 1_000_000;
  private static final Pattern SERVER_FIRST =
      Pattern.compile("r=([!-+\\--~]+),s=([^,]+),i=(\\d{1,9})");

  private final String password;
  private final String clientFirst;
  private String serverFinal = "";

  /**
   * @param password visible ASCII, which SASLprep leaves as it is
   */
  public ScramClient(String password) {
    this.password = password;
    byte[] nonce = new byte[NONCE_BYTES];
    new SecureRandom().nextBytes(nonce);
    // PostgreSQL takes the user's name from the StartupMessage.
    clientFirst = "n=,r=" + Base64.getEncoder().encodeToString(nonce);
  }

  /** client-first-message. */
  public String first() {
    return NO_CHANNEL_BINDING + clientFirst;
  }

  /** client-final-message. */
  public String last(String serverFirst) throws IOException {
    Matcher parts = SERVER_FIRST.matcher(serverFirst);
    if (!parts.matches() || !parts.group(1).startsWith(clientFirst.substring("n=,r=".length()))) {
      throw new IOException("the server's answer is not SCRAM");
    }
    int iterations = Integer.parseInt(parts.group(3));
    if (iterations < 1 || iterations > MOST_ITERATIONS) {
      throw new IOException("SCRAM with " + iterations + " iterations");
    }
    String withoutProof =
        "c=" + base64(NO_CHANNEL_BINDING.getBytes(US_ASCII)) + ",r=" + parts.group(1);
    String authMessage = clientFirst + "," + serverFirst + "," + withoutProof;
    try {
      byte[] salted =
          SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
              .generateSecret(
                  new PBEKeySpec(
                      password.toCharArray(),
                      Base64.getDecoder().decode(parts.group(2)),
                      iterations,
                      KEY_BITS))
              .getEncoded();
      byte[] proof = hmac(salted, "Client Key");
      byte[] storedKey = MessageDigest.getInstance("SHA-256").digest(proof);
      byte[] signature = hmac(storedKey, authMessage);
      for (int i = 0; i < proof.length; i++) {
        proof[i] ^= signature[i];
      }
      serverFinal = "v=" + base64(hmac(hmac(salted, "Server Key"), authMessage));
      return withoutProof + ",p=" + base64(proof);
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IOException("the server's answer is not SCRAM", e);
    }
  }

  /** Whether the server knows the password, too. */
  void verify(String answer) throws IOException {
    if (!serverFinal.equals(answer)) {
      throw new IOException("the server does not know the password");
    }
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(text.getBytes(US_ASCII));
  }
}
