package dev.pglambda.tls;

import io.netty.handler.ssl.SslHandler;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * The name by which a certificate stands for a user (PostgreSQL manual, "Certificate
 * Authentication").
 */
final class CommonName {
  private CommonName() {}

  /** Whether the other side has shown a certificate, which is verified then. */
  static boolean isShown(SslHandler encryption) {
    try {
      return encryption.engine().getSession().getPeerCertificates().length > 0;
    } catch (SSLPeerUnverifiedException none) {
      return false;
    }
  }

  /** Of the certificate that the other side has shown; null: none, or it has no such name. */
  static @Nullable String ofPeer(SslHandler encryption) {
    try {
      Certificate[] chain = encryption.engine().getSession().getPeerCertificates();
      return chain[0] instanceof X509Certificate certificate ? of(certificate) : null;
    } catch (SSLPeerUnverifiedException none) {
      return null;
    }
  }

  /** The first, if there are several, as OpenSSL's X509_NAME_get_text_by_NID. */
  static @Nullable String of(X509Certificate certificate) {
    try {
      for (Rdn part : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
        if (part.getType().equalsIgnoreCase("CN")) {
          return part.getValue() instanceof String name ? name : null;
        }
      }
    } catch (InvalidNameException notToBeUnderstood) {
      return null;
    }
    return null;
  }
}
