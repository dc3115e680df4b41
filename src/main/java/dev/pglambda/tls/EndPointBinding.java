package dev.pglambda.tls;

import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.security.spec.PSSParameterSpec;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/** The channel binding {@code tls-server-end-point} (RFC 5929, section 4). */
public final class EndPointBinding {
  private static final Pattern HASH_OF_SIGNATURE = Pattern.compile("(MD5|SHA\\d+)WITH.*");

  private EndPointBinding() {}

  /**
   * The hash of the certificate with which the other side of a connection has answered as a server.
   *
   * @return null if there is none, or none that has a hash (Ed25519, for example)
   */
  public static byte @Nullable [] hashOfServer(SslHandler towardsServer) {
    try {
      Certificate[] chain = towardsServer.engine().getSession().getPeerCertificates();
      return chain[0] instanceof X509Certificate certificate ? hash(certificate) : null;
    } catch (SSLPeerUnverifiedException none) {
      return null;
    }
  }

  /**
   * The hash of the certificate that this side of a connection has shown as a server.
   *
   * @return null if there is none, or none that has a hash
   */
  public static byte @Nullable [] hashShown(SslHandler towardsClient) {
    Certificate[] chain = towardsClient.engine().getSession().getLocalCertificates();
    return chain != null && chain.length > 0 && chain[0] instanceof X509Certificate certificate
        ? hash(certificate)
        : null;
  }

  /** Whether the certificate shown to the client is the server's own, so that bindings agree. */
  public static boolean isSameCertificate(SslHandler towardsClient, SslHandler towardsServer) {
    try {
      Certificate[] shown = towardsClient.engine().getSession().getLocalCertificates();
      Certificate[] seen = towardsServer.engine().getSession().getPeerCertificates();
      return shown != null && shown.length > 0 && shown[0].equals(seen[0]);
    } catch (SSLPeerUnverifiedException none) {
      return false;
    }
  }

  static byte @Nullable [] hash(X509Certificate certificate) {
    String algorithm = hashAlgorithm(certificate);
    if (algorithm == null) {
      return null;
    }
    try {
      return MessageDigest.getInstance(algorithm).digest(certificate.getEncoded());
    } catch (GeneralSecurityException unknown) {
      return null;
    }
  }

  /** That of the certificate's signature; SHA-256 in the place of MD5 and SHA-1. */
  private static @Nullable String hashAlgorithm(X509Certificate certificate) {
    String signature = certificate.getSigAlgName().toUpperCase(Locale.ROOT);
    if (signature.equals("RSASSA-PSS")) {
      return pssHash(certificate);
    }
    Matcher parts = HASH_OF_SIGNATURE.matcher(signature);
    if (!parts.matches()) {
      return null;
    }
    String hash = parts.group(1);
    return hash.equals("MD5") || hash.equals("SHA1") ? "SHA-256" : "SHA-" + hash.substring(3);
  }

  private static @Nullable String pssHash(X509Certificate certificate) {
    try {
      AlgorithmParameters parameters = AlgorithmParameters.getInstance("RSASSA-PSS");
      parameters.init(certificate.getSigAlgParams());
      String hash = parameters.getParameterSpec(PSSParameterSpec.class).getDigestAlgorithm();
      return hash.equals("SHA-1") ? "SHA-256" : hash;
    } catch (GeneralSecurityException | IOException unknown) {
      return null;
    }
  }
}
