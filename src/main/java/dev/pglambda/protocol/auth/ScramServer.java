package dev.pglambda.protocol.auth;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.pglambda.protocol.ProtocolViolation;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * The server's side of one exchange of SCRAM-SHA-256 or SCRAM-SHA-256-PLUS (RFC 5802 and 7677;
 * PostgreSQL manual, "SASL Authentication").
 *
 * <pre>
 * client-first ──► {@link #first} ──► server-first; client-final ──► {@link #last} ──► server-final
 * </pre>
 */
public final class ScramServer {
  public static final String MECHANISM = "SCRAM-SHA-256";

  /** With channel binding. */
  public static final String BOUND_MECHANISM = "SCRAM-SHA-256-PLUS";

  /** The flag of a client that binds, in the one way that PostgreSQL knows, too. */
  private static final String BOUND = "p=tls-server-end-point";

  private final ScramCredentials credentials;
  private final String serverNonce;
  private final ChannelBinding binding;
  private String gs2Header = "";
  private byte[] boundTo = {};
  private String clientFirstBare = "";
  private String serverFirst = "";
  private String nonce = "";

  /** The nonce is random, of visible ASCII characters without comma. */
  public ScramServer(ScramCredentials credentials, String serverNonce, ChannelBinding binding) {
    this.credentials = credentials;
    this.serverNonce = serverNonce;
    this.binding = binding;
  }

  /**
   * Answers {@code client-first-message} with {@code server-first-message}.
   *
   * @param mechanism that the client has chosen
   */
  public String first(String mechanism, String clientFirst)
      throws ProtocolViolation, ChannelBindingException {
    if (!binding.mechanisms().contains(mechanism)) {
      throw new ProtocolViolation("client selected an invalid SASL authentication mechanism");
    }
    String[] parts = clientFirst.split(",", -1);
    if (parts.length < 4) {
      throw malformed("number of attributes");
    }
    checkFlag(parts[0], mechanism.equals(BOUND_MECHANISM));
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

  private void checkFlag(String flag, boolean isBound)
      throws ProtocolViolation, ChannelBindingException {
    byte[] hash = binding.certificateHash();
    if (isBound && hash != null) {
      if (!flag.equals(BOUND)) {
        throw malformed("channel binding type");
      }
      boundTo = hash;
    } else if (flag.equals("y") && binding.isKnown()) {
      throw ChannelBindingException.notOffered();
    } else if (!flag.equals("n") && !flag.equals("y")) {
      throw malformed("channel binding flag");
    }
  }

  /**
   * Answers {@code client-final-message} with {@code server-final-message}; null: a wrong password.
   */
  public @Nullable String last(String clientFinal)
      throws ProtocolViolation, ChannelBindingException {
    String[] parts = clientFinal.split(",", -1);
    if (parts.length < 3) {
      throw malformed("number of attributes");
    }
    String proof = parts[parts.length - 1];
    requireAttribute(parts[0], 'c');
    requireAttribute(parts[1], 'r');
    requireAttribute(proof, 'p');
    if (!MessageDigest.isEqual(bindingData(), base64(parts[0].substring(2)))) {
      if (boundTo.length > 0) {
        throw ChannelBindingException.otherCertificate();
      }
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

  /** The header of the first message again, and the hash. */
  private byte[] bindingData() {
    byte[] header = gs2Header.getBytes(US_ASCII);
    byte[] data = Arrays.copyOf(header, header.length + boundTo.length);
    System.arraycopy(boundTo, 0, data, header.length, boundTo.length);
    return data;
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
