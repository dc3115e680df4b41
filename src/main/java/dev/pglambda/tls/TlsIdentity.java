package dev.pglambda.tls;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the proxy shows to its clients, or to the server, and proves to be its own.
 *
 * @param chain the proxy's certificate first
 */
record TlsIdentity(List<X509Certificate> chain, PrivateKey key) {

  TlsIdentity {
    chain = List.copyOf(chain);
  }

  /**
   * Reads both files and checks that they belong together.
   *
   * @param passwordFile of the key; or null
   */
  static TlsIdentity read(PemFile certificate, PemFile key, @Nullable PemFile passwordFile)
      throws TlsException {
    List<X509Certificate> chain = certificate.certificates();
    char[] password =
        passwordFile == null
            ? null
            : passwordFile.text().replaceFirst("[\r\n]+$", "").toCharArray();
    TlsIdentity identity;
    try {
      identity = new TlsIdentity(chain, PemPrivateKey.read(key.text(), password));
    } catch (PemPrivateKey.UnusableKeyException e) {
      throw key.unusable(
          String.valueOf(e.getMessage()), "the private key of the certificate, in PEM");
    }
    if (!identity.isPair()) {
      throw key.unusable(
          "does not match the certificate in " + certificate.path(),
          "the private key of that certificate");
    }
    return identity;
  }

  private boolean isPair() {
    byte[] text = {1, 2, 3, 4};
    try {
      Signature signing = Signature.getInstance(signatureAlgorithm());
      signing.initSign(key);
      signing.update(text);
      byte[] signature = signing.sign();
      signing.initVerify(leaf().getPublicKey());
      signing.update(text);
      return signing.verify(signature);
    } catch (GeneralSecurityException e) {
      return false; // another kind of key
    }
  }

  private String signatureAlgorithm() {
    return switch (key.getAlgorithm()) {
      case "EC" -> "SHA256withECDSA";
      case "RSA" -> "SHA256withRSA";
      default -> key.getAlgorithm();
    };
  }

  X509Certificate leaf() {
    return chain.get(0);
  }

  /** As openssl x509 -fingerprint -sha256 prints it. */
  String fingerprint() {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(leaf().getEncoded());
      return HexFormat.ofDelimiter(":").withUpperCase().formatHex(digest);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e); // every JVM has SHA-256, and the certificate was read
    }
  }

  /** Without the key. */
  @Override
  public String toString() {
    return "TlsIdentity[" + leaf().getSubjectX500Principal() + "]";
  }
}
