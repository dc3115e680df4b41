package dev.pglambda.protocol.auth;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The client's side of SCRAM-SHA-256 without channel binding (RFC 5802, RFC 7677). */
public final class ScramClient {
  private static final int NONCE_BYTES = 18;
  private static final int MOST_ITERATIONS = 1_000_000;
  private static final Pattern SERVER_FIRST =
      Pattern.compile("r=([!-+\\--~]+),s=([^,]+),i=(\\d{1,9})");

  private final String password;
  private final String gs2Header;
  private final String nonce;
  private final String clientFirstBare;
  private String serverFinal = "";

  /** The password is visible ASCII, which SASLprep leaves as it is. */
  public ScramClient(String password) {
    // PostgreSQL takes the user's name from the StartupMessage.
    this(password, "n,,", "", base64(RandomToken.bytes(NONCE_BYTES)));
  }

  /** For tests: a client that says what it is told to say. */
  public ScramClient(String password, String gs2Header, String user, String nonce) {
    this.password = password;
    this.gs2Header = gs2Header;
    this.nonce = nonce;
    this.clientFirstBare = "n=" + user + ",r=" + nonce;
  }

  public String first() {
    return gs2Header + clientFirstBare;
  }

  public String last(String serverFirst) throws IOException {
    Matcher parts = SERVER_FIRST.matcher(serverFirst);
    if (!parts.matches() || !parts.group(1).startsWith(nonce)) {
      throw new IOException("the server's answer is not SCRAM");
    }
    int iterations = Integer.parseInt(parts.group(3));
    if (iterations < 1 || iterations > MOST_ITERATIONS) {
      throw new IOException("SCRAM with " + iterations + " iterations");
    }
    String withoutProof = "c=" + base64(gs2Header.getBytes(US_ASCII)) + ",r=" + parts.group(1);
    String authMessage = clientFirstBare + "," + serverFirst + "," + withoutProof;
    byte[] salted = Sha256.pbkdf2(password, salt(parts.group(2)), iterations);
    byte[] proof = hmac(salted, "Client Key");
    byte[] signature = hmac(Sha256.hash(proof), authMessage);
    for (int i = 0; i < proof.length; i++) {
      proof[i] ^= signature[i];
    }
    serverFinal = "v=" + base64(hmac(hmac(salted, "Server Key"), authMessage));
    return withoutProof + ",p=" + base64(proof);
  }

  private static byte[] salt(String base64) throws IOException {
    try {
      return Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw new IOException("the server's answer is not SCRAM", e);
    }
  }

  /** Whether the server knows the password, too. */
  public void verify(String answer) throws IOException {
    if (!serverFinal.equals(answer)) {
      throw new IOException("the server does not know the password");
    }
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static byte[] hmac(byte[] key, String text) {
    return Sha256.hmac(key, text.getBytes(US_ASCII));
  }
}
