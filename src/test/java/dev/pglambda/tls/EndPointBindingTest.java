package dev.pglambda.tls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.TestCertificates;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndPointBindingTest {
  @TempDir private Path directory;

  /** RFC 5929, section 4.1; the certificates are openssl's. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "rsa:2048 -sha256 | SHA-256",
        "rsa:2048 -sha384 | SHA-384",
        "rsa:2048 -sha512 | SHA-512",
        "rsa:2048 -sha1 | SHA-256",
        "rsa:2048 -md5 | SHA-256",
        "rsa:2048 -sha384 -sigopt rsa_padding_mode:pss | SHA-384",
        "ec -pkeyopt ec_paramgen_curve:prime256v1 -sha256 | SHA-256",
        "ec -pkeyopt ec_paramgen_curve:secp384r1 -sha384 | SHA-384",
        "ed25519 | ",
      })
  void isTheHashOfTheCertificateByTheHashOfItsSignature(String key, @Nullable String algorithm)
      throws Exception {
    TestCertificates.openssl(
        directory,
        "req -x509 -nodes -days 1 -subj /CN=x -keyout key.pem -out cert.pem -newkey " + key);
    X509Certificate certificate =
        new PemFile("test", directory.resolve("cert.pem")).certificates().get(0);

    byte[] hash = EndPointBinding.hash(certificate);

    if (algorithm == null) {
      assertThat(hash).isNull();
    } else {
      assertThat(hash)
          .isEqualTo(MessageDigest.getInstance(algorithm).digest(certificate.getEncoded()));
    }
  }
}
