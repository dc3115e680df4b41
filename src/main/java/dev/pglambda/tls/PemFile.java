package dev.pglambda.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A file of certificates, a key or a password.
 *
 * @param option the option that names it
 */
record PemFile(String option, Path path) {
  /** More than any chain needs: a mistaken path, say to a device, is not read for ever. */
  private static final int LONGEST = 1 << 20;

  private static final Pattern CERTIFICATE =
      Pattern.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", Pattern.DOTALL);

  /** Its bytes, as ISO 8859-1. */
  String text() throws TlsException {
    try (InputStream stream = Files.newInputStream(path)) {
      byte[] bytes = stream.readNBytes(LONGEST + 1);
      if (bytes.length > LONGEST) {
        throw unusable("more than 1 MB", "a PEM file");
      }
      return new String(bytes, StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException e) {
      throw unusable("no such file", "a readable file");
    } catch (AccessDeniedException e) {
      throw unusable("permission denied", "a readable file");
    } catch (IOException e) {
      throw unusable("cannot be read", "a readable file");
    }
  }

  /** The certificates in their order, at least one. */
  List<X509Certificate> certificates() throws TlsException {
    String expected = "a PEM file with a certificate";
    // One by one: what stands between them, such as the text that openssl prints, does not count.
    List<String> blocks =
        CERTIFICATE.matcher(text()).results().map(match -> match.group()).toList();
    if (blocks.isEmpty()) {
      throw unusable("no certificate in it", expected);
    }
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      X509Certificate[] certificates = new X509Certificate[blocks.size()];
      for (int i = 0; i < certificates.length; i++) {
        certificates[i] =
            (X509Certificate)
                factory.generateCertificate(
                    new ByteArrayInputStream(blocks.get(i).getBytes(StandardCharsets.US_ASCII)));
      }
      return List.of(certificates);
    } catch (CertificateException e) {
      throw unusable("a certificate that cannot be read", expected);
    }
  }

  TlsException unusable(String actual, String expected) {
    return new TlsException("%s %s".formatted(option, path), actual, expected);
  }
}
