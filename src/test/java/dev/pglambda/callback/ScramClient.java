package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.GeneralSecurityException;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/** The client's side of a SCRAM-SHA-256 exchange, written after RFC 5802, section 3. */
public final class ScramClient {
  private final String password;
  private final String gs2Header;
  private final String clientFirstBare = "n=,r=rOprNGfwEbeRWgbNEkqO";

  public ScramClient(String password, String gs2Header) {
    this.password = password;
    this.gs2Header = gs2Header;
  }

  public String first() {
    return gs2Header + clientFirstBare;
  }

  public String last(String serverFirst) {
    String[] parts = serverFirst.split(",", -1);
    String binding = Base64.getEncoder().encodeToString(gs2Header.getBytes(US_ASCII));
    String withoutProof = "c=" + binding + "," + parts[0];
    byte[] salted =
        saltedPassword(
            Base64.getDecoder().decode(parts[1].substring(2)),
            Integer.parseInt(parts[2].substring(2)));
    byte[] clientKey = hmac(salted, "Client Key");
    byte[] signature =
        hmac(
            WorkerProof.sha256(clientKey),
            clientFirstBare + "," + serverFirst + "," + withoutProof);
    byte[] proof = new byte[signature.length];
    for (int i = 0; i < proof.length; i++) {
      proof[i] = (byte) (clientKey[i] ^ signature[i]);
    }
    return withoutProof + ",p=" + Base64.getEncoder().encodeToString(proof);
  }

  private byte[] saltedPassword(byte[] salt, int iterations) {
    try {
      return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
          .generateSecret(new PBEKeySpec(password.toCharArray(), salt, iterations, 256))
          .getEncoded();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] hmac(byte[] key, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(text.getBytes(US_ASCII));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }
}
