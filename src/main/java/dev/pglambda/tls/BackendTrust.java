package dev.pglambda.tls;

import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Trusts servers whose certificates the given ones sign. The JDK's trust manager takes a
 * certificate that is itself among the trusted ones as it is; this one looks at its dates, too, as
 * OpenSSL does.
 */
final class BackendTrust extends X509ExtendedTrustManager {
  private final X509ExtendedTrustManager jdk;

  private BackendTrust(X509ExtendedTrustManager jdk) {
    this.jdk = jdk;
  }

  static BackendTrust of(List<X509Certificate> roots) throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    for (X509Certificate root : roots) {
      store.setCertificateEntry(Integer.toString(store.size()), root);
    }
    return of(store);
  }

  /** The root certificates of the JVM. */
  static BackendTrust ofSystem() throws GeneralSecurityException {
    return of((KeyStore) null);
  }

  private static BackendTrust of(@Nullable KeyStore store) throws GeneralSecurityException {
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(store);
    for (TrustManager each : factory.getTrustManagers()) {
      if (each instanceof X509ExtendedTrustManager found) {
        return new BackendTrust(found);
      }
    }
    throw new GeneralSecurityException("no trust manager for X.509");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    jdk.checkServerTrusted(chain, authType, engine);
    chain[0].checkValidity();
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    jdk.checkServerTrusted(chain, authType, socket);
    chain[0].checkValidity();
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    jdk.checkServerTrusted(chain, authType);
    chain[0].checkValidity();
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    throw new CertificateException("not for clients");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw new CertificateException("not for clients");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw new CertificateException("not for clients");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return jdk.getAcceptedIssuers();
  }

  /** What a failed handshake with a host is to be blamed on. */
  static String reason(Throwable failure, String host) {
    for (Throwable each = failure; each != null; each = each.getCause()) {
      if (each instanceof CertificateExpiredException
          || (each instanceof CertPathValidatorException path
              && path.getReason() == BasicReason.EXPIRED)) {
        return "certificate verify failed: certificate has expired";
      }
      if (each instanceof CertificateNotYetValidException) {
        return "certificate verify failed: certificate is not yet valid";
      }
      if (each instanceof CertPathBuilderException) {
        return "certificate verify failed: no certificate of --backend-sslrootcert signs it";
      }
      if (each instanceof CertificateException && each.getCause() == null && isOfName(each)) {
        return "server certificate does not match host name \"" + host + "\"";
      }
    }
    String message = failure.getMessage();
    return message == null ? failure.getClass().getSimpleName() : message;
  }

  /**
   * The JDK's words where the certificate is another host's (sun.security.util.HostnameChecker).
   */
  private static boolean isOfName(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    return message.startsWith("No name matching")
        || message.startsWith("No subject alternative")
        || message.startsWith("Illegal given domain name");
  }
}
