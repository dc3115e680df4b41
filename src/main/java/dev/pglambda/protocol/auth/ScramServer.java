package dev.pglambda.protocol.auth;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.pglambda.protocol.ProtocolViolation;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * The server's side of one SCRAM-SHA-256 exchange (RFC 5802 and 7677; PostgreSQL manual, "SASL
 * Authentication"), without channel binding: {@code SCRAM-SHA-256-PLUS} is not offered, so a client
 * that could bind ({@code y}) is as welcome as one that cannot ({@code n}).
 *
 * <pre>
 * client-first ──► {@link #first} ──► server-first; client-final ──► {@link #last} ──► server-final
 * </pre>
 */
public final class ScramServer {
  public static final String MECHANISM = "SCRAM-SHA-256";

  /** With channel binding, which this does not offer. */
  public static final String BOUND_MECHANISM = "SCRAM-SHA-256-PLUS";

  private final ScramCredentials credentials;
  private final String serverNonce;
  private String gs2Header = "";
  private String clientFirstBare = "";
  private String serverFirst = "";
  private String nonce = "";

  /** The nonce is random, of visible ASCII characters without comma. */
  public ScramServer(ScramCredentials credentials, String serverNonce) {
    this.credentials = credentials;
    this.serverNonce = serverNonce;
  }

  /** Answers {@code client-first-message} with {@code server-first-message}. */
  public String first(String clientFirst) throws ProtocolViolation {
    String[] parts = clientFirst.split(",", -1);
    if (parts.length < 4 || !(parts[0].equals("n") || parts[0].equals("y"))) {
      // Also "p=..": binding belongs to the mechanism that is not offered.
      throw malformed("channel binding flag");
    }
    if (!parts[1].isEmpty()) {
      throw malformed("authorization identity");
    }
    // The name is ignored: it is the StartupMessage's. An attribute "m" would be an extension that
    // the client insists on.
    requireAttribute(parts[2], 'n');
    requireAttribute(parts[3], 'r');
    String clientNonce = parts[3].substring(2);
    if (clientNonce.isEmpty() || !clientNonce.chars().allMatch(c -> c > ' ' && c <= '~')) {
      throw malformed("nonce");
    }
    gs2Header = parts[0] + ",,";
    clientFirstBare = clientFirst.substring(gs2Header.length());
    nonce = clientNonce + serverNonce;
    serverFirst = "r=" + nonce + ",s=" + credentials.salt() + ",i=" + ScramCredentials.ITERATIONS;
    return serverFirst;
  }

  /**
   * Answers {@code client-final-message} with {@code server-final-message}; null: a wrong password.
   */
  public @Nullable String last(String clientFinal) throws ProtocolViolation {
    String[] parts = clientFinal.split(",", -1);
    if (parts.length < 3) {
      throw malformed("number of attributes");
    }
    String proof = parts[parts.length - 1];
    requireAttribute(parts[0], 'c');
    requireAttribute(parts[1], 'r');
    requireAttribute(proof, 'p');
    if (!gs2Header.equals(new String(base64(parts[0].substring(2)), US_ASCII))) {
      throw malformed("channel binding data");
    }
    if (!parts[1].substring(2).equals(nonce)) {
      throw malformed("nonce");
    }
    String withoutProof = clientFinal.substring(0, clientFinal.length() - proof.length() - 1);
    String authMessage = clientFirstBare + "," + serverFirst + "," + withoutProof;
    return credentials.verify(base64(proof.substring(2)), authMessage)
        ? "v=" + credentials.serverSignature(authMessage)
        : null;
  }

  private static void requireAttribute(String part, char name) throws ProtocolViolation {
    if (part.length() < 2 || part.charAt(0) != name || part.charAt(1) != '=') {
      throw malformed("attribute (expected: " + name + ")");
    }
  }

  private static byte[] base64(String text) throws ProtocolViolation {
    try {
      return Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw malformed("base64");
    }
  }

  private static ProtocolViolation malformed(String what) {
    return new ProtocolViolation("malformed SCRAM message: " + what);
  }
}
