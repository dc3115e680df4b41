package dev.pglambda.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.testing.TestCertificates;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys as OpenSSL writes them. */
class PemPrivateKeyTest {
  private static final String MAKE_RSA =
      "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=x -keyout plain.key -out x.crt";
  private static final String MAKE_EC =
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=x"
          + " -keyout plain.key -out x.crt";
  private static final String MAKE_P384 =
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:secp384r1 -nodes -days 2 -subj /CN=x"
          + " -keyout plain.key -out x.crt";
  private static final String MAKE_ED25519 =
      "req -x509 -newkey ed25519 -nodes -days 2 -subj /CN=x -keyout plain.key -out x.crt";
  private static final String PASS = " -passout pass:" + TestCertificates.PASSWORD;

  @TempDir private Path directory;

  private TlsIdentity read(String key, String password) throws Exception {
    Path passwordFile = directory.resolve("password");
    Files.writeString(passwordFile, password + "\r\n");
    return TlsIdentity.read(
        new PemFile("--tls-cert", directory.resolve("x.crt")),
        new PemFile("--tls-key", directory.resolve(key)),
        password.isEmpty() ? null : new PemFile("--tls-key-password-file", passwordFile));
  }

  private void make(String how, String conversion) throws Exception {
    TestCertificates.openssl(directory, how);
    if (!conversion.isEmpty()) {
      TestCertificates.openssl(directory, conversion + " -in plain.key -out other.key");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {MAKE_RSA, MAKE_EC, MAKE_P384, MAKE_ED25519})
  void readsPkcs8(String how) throws Exception {
    make(how, "pkcs8 -topk8" + PASS);

    assertThat(read("plain.key", "").key()).isNotNull();
    assertThat(read("other.key", TestCertificates.PASSWORD).key())
        .isEqualTo(read("plain.key", "").key());
  }

  @ParameterizedTest
  @CsvSource({
    MAKE_RSA + ",rsa -traditional",
    MAKE_RSA + ",rsa -traditional -aes256" + PASS,
    MAKE_RSA + ",rsa -traditional -des3" + PASS,
    MAKE_EC + ",ec",
    MAKE_P384 + ",ec -aes128" + PASS,
    MAKE_RSA + ",pkcs8 -topk8 -v2 aes-128-cbc -v2prf hmacWithSHA1" + PASS
  })
  void readsOlderForms(String how, String conversion) throws Exception {
    make(how, conversion);
    boolean encrypted = conversion.endsWith(PASS);

    // Which also signs, and verifies by the certificate.
    assertThat(read("other.key", encrypted ? TestCertificates.PASSWORD : "").key()).isNotNull();
    if (encrypted) {
      assertThatThrownBy(() -> read("other.key", "wrong password"))
          .isInstanceOf(TlsException.class)
          .hasMessageMatching(
              "--tls-key .*other.key: a private key that cannot be read, perhaps because of a wrong"
                  + " password \\(expected: the private key of the certificate, in PEM\\)");
      assertThatThrownBy(() -> read("other.key", ""))
          .hasMessageContaining(": an encrypted private key, but no password file (");
    }
  }

  @Test
  void readsOneFileWithEverything() throws Exception {
    make(MAKE_EC, "");
    TestCertificates.openssl(directory, "x509 -in x.crt -text -out text.crt");
    Files.writeString(
        directory.resolve("x.crt"),
        Files.readString(directory.resolve("plain.key"))
            + Files.readString(directory.resolve("text.crt")));

    assertThat(read("x.crt", "").chain()).hasSize(1);
  }

  @Test
  void saysWhatIsWrong() throws Exception {
    make(MAKE_EC, "");
    String key = Files.readString(directory.resolve("plain.key"));
    List<String> lines = key.lines().toList();
    Files.writeString(directory.resolve("cut.key"), lines.get(0) + "\nMIGH\n" + lines.get(4));
    Files.createFile(directory.resolve("empty.key"));
    Files.copy(TestCertificates.key("ca"), directory.resolve("ca.key"));

    assertMessage("none.key", "no such file (expected: a readable file)");
    assertMessage("empty.key", "no private key in it (expected: ");
    assertMessage("x.crt", "no private key in it (expected: ");
    assertMessage("cut.key", "a private key that cannot be read (expected: ");
    assertMessage("ca.key", "does not match the certificate in ");
    Files.writeString(directory.resolve("x.crt"), key);
    assertThatThrownBy(() -> read("plain.key", ""))
        .hasMessageEndingWith(
            "x.crt: no certificate in it (expected: a PEM file with a certificate)");
    Files.writeString(
        directory.resolve("x.crt"),
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
    assertThatThrownBy(() -> read("plain.key", ""))
        .hasMessageContaining("x.crt: a certificate that cannot be read (");
  }

  private void assertMessage(String key, String message) {
    assertThatThrownBy(() -> read(key, ""))
        .isInstanceOf(TlsException.class)
        .hasMessageStartingWith("--tls-key " + directory.resolve(key) + ": " + message)
        .hasNoCause();
  }
}
