package dev.pglambda.testing;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding. Passwords are
 * ASCII: they are not normalised.
 */
final class ScramSha256Client {
  static final String MECHANISM = "SCRAM-SHA-256";

  private static final String NO_CHANNEL_BINDING = "n,,";
  private static final String HMAC = "HmacSHA256";

  private final String user;
  private final String password;
  private final String nonce;
  private String serverSignature = "";

  ScramSha256Client(String password) {
    // PostgreSQL takes the user from the startup packet and ignores this one.
    this("", password, randomNonce());
  }

  ScramSha256Client(String user, String password, String nonce) {
    this.user = user;
    this.password = password;
    this.nonce = nonce;
  }

  private static String randomNonce() {
    byte[] random = new byte[18];
    new SecureRandom().nextBytes(random);
    return base64(random);
  }

  String first() {
    return NO_CHANNEL_BINDING + firstBare();
  }

  private String firstBare() {
    return "n=" + user + ",r=" + nonce;
  }

  /** The client-final message that answers a server-first message. */
  String proof(String serverFirst) throws GeneralSecurityException {
    Map<Character, String> attributes = attributes(serverFirst);
    String combinedNonce = attributes.getOrDefault('r', "");
    if (!combinedNonce.startsWith(nonce)) {
      throw new GeneralSecurityException("the server's nonce does not extend ours");
    }
    byte[] salt = Base64.getDecoder().decode(attributes.getOrDefault('s', ""));
    int iterations = Integer.parseInt(attributes.getOrDefault('i', "0"));
    byte[] salted =
        SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
            .generateSecret(new PBEKeySpec(password.toCharArray(), salt, iterations, 256))
            .getEncoded();
    String withoutProof = "c=" + base64(ascii(NO_CHANNEL_BINDING)) + ",r=" + combinedNonce;
    byte[] authMessage = ascii(firstBare() + "," + serverFirst + "," + withoutProof);

    byte[] clientKey = hmac(salted, ascii("Client Key"));
    byte[] storedKey = MessageDigest.getInstance("SHA-256").digest(clientKey);
    byte[] proof = hmac(storedKey, authMessage);
    for (int i = 0; i < proof.length; i++) {
      proof[i] ^= clientKey[i];
    }
    serverSignature = base64(hmac(hmac(salted, ascii("Server Key")), authMessage));
    return withoutProof + ",p=" + base64(proof);
  }

  /** Checks a server-final message. */
  void verify(String serverFinal) throws GeneralSecurityException {
    if (!serverFinal.equals("v=" + serverSignature)) {
      throw new GeneralSecurityException("the server does not know the password: " + serverFinal);
    }
  }

  private static Map<Character, String> attributes(String message) {
    Map<Character, String> attributes = new HashMap<>();
    for (String attribute : message.split(",", -1)) {
      attributes.put(attribute.charAt(0), attribute.substring(2));
    }
    return attributes;
  }

  private static byte[] hmac(byte[] key, byte[] data) throws GeneralSecurityException {
    Mac mac = Mac.getInstance(HMAC);
    mac.init(new SecretKeySpec(key, HMAC));
    return mac.doFinal(data);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }
}
