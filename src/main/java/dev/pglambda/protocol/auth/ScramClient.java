package dev.pglambda.protocol.auth;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The client's side of one SCRAM-SHA-256 exchange (RFC 5802, RFC 7677), or of SCRAM-SHA-256-PLUS,
 * which is bound to the server's certificate.
 */
public final class ScramClient {
  private static final String UNBOUND = "n,,";

  /**
   * The client could bind, but the server has not offered it: one that has refuses this, because
   * somebody in between took the offer away.
   */
  private static final String UNOFFERED = "y,,";

  /** The binding of RFC 5929, section 4, that PostgreSQL knows. */
  private static final String BOUND = "p=tls-server-end-point,,";

  private static final int NONCE_BYTES = 18;
  private static final int MOST_ITERATIONS = 1_000_000;
  private static final Pattern SERVER_FIRST =
      Pattern.compile("r=([!-+\\--~]+),s=([^,]+),i=(\\d{1,9})");

  private final byte[] password;
  private final String gs2Header;
  private final byte[] channelBinding;
  private final String nonce;
  private final String clientFirstBare;
  private String serverFinal = "";

  /** The password is visible ASCII, which SASLprep leaves as it is. */
  public ScramClient(String password) {
    // PostgreSQL takes the user's name from the StartupMessage.
    this(password, UNBOUND, "", newNonce());
  }

  /** For tests: a client that says what it is told to say. */
  public ScramClient(String password, String gs2Header, String user, String nonce) {
    this(password.getBytes(US_ASCII), gs2Header, new byte[0], user, nonce);
  }

  private ScramClient(
      byte[] password, String gs2Header, byte[] channelBinding, String user, String nonce) {
    this.password = password;
    this.gs2Header = gs2Header;
    this.channelBinding = channelBinding;
    this.nonce = nonce;
    this.clientFirstBare = "n=" + user + ",r=" + nonce;
  }

  /**
   * With a password as a user has typed it.
   *
   * @param password not empty; in UTF-8, or in what the server knows; wiped when it has been used
   * @param certificateHash of the server's certificate, see RFC 5929, section 4.1; null: without
   *     TLS, or it has none
   * @param offered whether the server can bind, too
   */
  public static ScramClient of(
      byte[] password, byte @Nullable [] certificateHash, boolean offered) {
    byte[] prepared = SaslPassword.prepare(password);
    if (certificateHash == null) {
      return new ScramClient(prepared, UNBOUND, new byte[0], "", newNonce());
    }
    return offered
        ? new ScramClient(prepared, BOUND, certificateHash, "", newNonce())
        : new ScramClient(prepared, UNOFFERED, new byte[0], "", newNonce());
  }

  /** The name of what {@link #first} begins. */
  public String mechanism() {
    return gs2Header.equals(BOUND) ? ScramServer.BOUND_MECHANISM : ScramServer.MECHANISM;
  }

  private static String newNonce() {
    return base64(RandomToken.bytes(NONCE_BYTES));
  }

  public String first() {
    return gs2Header + clientFirstBare;
  }

  /** Once; takes some milliseconds, or what iterations the server asks for, up to a second. */
  public String last(String serverFirst) throws IOException {
    Matcher parts = SERVER_FIRST.matcher(serverFirst);
    if (!parts.matches() || !parts.group(1).startsWith(nonce)) {
      throw new IOException("the server's answer is not SCRAM");
    }
    int iterations = Integer.parseInt(parts.group(3));
    if (iterations < 1 || iterations > MOST_ITERATIONS) {
      throw new IOException("SCRAM with " + iterations + " iterations");
    }
    byte[] header = gs2Header.getBytes(US_ASCII);
    byte[] bound = Arrays.copyOf(header, header.length + channelBinding.length);
    System.arraycopy(channelBinding, 0, bound, header.length, channelBinding.length);
    String withoutProof = "c=" + base64(bound) + ",r=" + parts.group(1);
    String authMessage = clientFirstBare + "," + serverFirst + "," + withoutProof;
    byte[] salted = Sha256.pbkdf2(password, salt(parts.group(2)), iterations);
    Arrays.fill(password, (byte) 0);
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
