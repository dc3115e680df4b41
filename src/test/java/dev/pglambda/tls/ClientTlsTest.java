package dev.pglambda.tls;

import static dev.pglambda.testing.Awaiting.await;
import static dev.pglambda.testing.TestCertificates.shown;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.pglambda.config.Config;
import dev.pglambda.config.ConfigLoader;
import dev.pglambda.testing.LogCapture;
import dev.pglambda.testing.TestCertificates;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClientTlsTest {
  private static final String[] BACKEND = {"--backend", "db.example"};

  @TempDir private Path directory;

  private Config config(String... options) {
    List<String> all = new ArrayList<>(List.of(options));
    all.addAll(List.of("--data-dir", directory.resolve("data").toString()));
    ConfigLoader.LoadResult result = ConfigLoader.load(all.toArray(String[]::new), Map.of());
    return ((ConfigLoader.Run) result).config();
  }

  private static String[] with(String[] first, String... more) {
    List<String> all = new ArrayList<>(List.of(first));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  @Test
  void isOffWithoutACertificate() throws Exception {
    assertThat(ClientTls.open(config(BACKEND))).isNull();
    assertThat(ClientTls.open(config("--tls-self-signed", "off"))).isNull();
    assertThat(ClientTls.open(config("--tls-mode", "disable"))).isNull();
    assertThat(ClientTls.open(config(shown("server", "--tls-mode", "disable")))).isNull();
    assertThat(directory.resolve("data")).doesNotExist();
  }

  @Test
  void keepsOneSelfSignedCertificateForTheEmbeddedServer() throws Exception {
    List<String> lines;
    try (ClientTls tls = requireNonNull(ClientTls.open(config()))) {
      lines = tls.description();
    }
    Path data = directory.resolve("data");
    String printed =
        TestCertificates.openssl(
            data, "x509 -noout -fingerprint -sha256 -text -in tls-certificate.pem");

    assertThat(lines.get(0)).isEqualTo("allowed, with a self-signed certificate");
    assertThat(lines.get(1)).startsWith("SHA-256 ");
    assertThat(printed)
        .contains("sha256 Fingerprint=" + lines.get(1).substring("SHA-256 ".length()))
        .contains("DNS:localhost", "IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1", "CA:FALSE")
        .contains("Version: 3", "prime256v1");
    assertThat(lines.get(2)).endsWith("sslrootcert=" + data.resolve("tls-certificate.pem"));
    assertThat(Files.getPosixFilePermissions(data.resolve("tls-key.pem")))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    TestCertificates.openssl(data, "verify -CAfile tls-certificate.pem tls-certificate.pem");
    try (ClientTls again = requireNonNull(ClientTls.open(config("--tls-mode", "require")))) {
      assertThat(again.description().get(1)).isEqualTo(lines.get(1));
      assertThat(again.description().get(0)).startsWith("required");
      assertThat(again.isRequired()).isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "--tls-mode require, --tls-mode: no certificate",
    "--tls-mode allow, --tls-mode: no certificate",
    "--tls-key x, --tls-key: given without --tls-cert",
    "--tls-key-password-file x, --tls-key-password-file: given without --tls-cert",
    "--tls-client-ca x, --tls-client-ca: given without TLS",
    "--tls-cert x --tls-client-ca y --tls-client-cert verify-full, --tls-client-cert: verify-full without TLS for all",
    "--tls-cert x --tls-mode require --tls-client-cert verify-full, --tls-client-cert: verify-full without an authority",
    "--tls-cert none.crt, --tls-cert none.crt: no such file"
  })
  void saysWhatIsMissing(String options, String message) {
    assertThatThrownBy(() -> ClientTls.open(config(with(BACKEND, options.split(" ", -1)))))
        .isInstanceOf(TlsException.class)
        .hasMessageStartingWith(message)
        .hasMessageContaining(" (expected: ");
  }

  private interface WithFiles {
    void run(ClientTls tls, Path certificate, Path key, LogCapture log) throws Exception;
  }

  /** With a certificate that may be replaced. */
  private void withFiles(WithFiles test) throws Exception {
    Path certificate = directory.resolve("proxy.crt");
    Files.copy(TestCertificates.certificate("server"), certificate);
    Path key = directory.resolve("proxy.key");
    Files.copy(TestCertificates.key("server"), key);
    try (LogCapture log = LogCapture.of(ClientTls.class).at(Level.INFO);
        ClientTls tls =
            requireNonNull(
                ClientTls.open(
                    config("--tls-cert", certificate.toString(), "--tls-key", key.toString())))) {
      test.run(tls, certificate, key, log);
    }
  }

  @Test
  void saysOnceWhyChangedFilesAreNotTaken() throws Exception {
    withFiles(
        (tls, certificate, key, log) -> {
          assertThat(tls.isRequired()).isFalse();
          Files.writeString(key, "secret text");
          await("a warning").until(() -> !log.lines().isEmpty());
          Files.writeString(key, Files.readString(TestCertificates.key("server")));
          await("the right key is read").until(() -> log.lines().size() > 1);

          assertThat(log.lines().get(0))
              .isEqualTo(
                  "the TLS certificate in use stays: --tls-key "
                      + key
                      + ": no private key in it (expected: the private key of the certificate, in PEM)");
          assertThat(log.lines().get(1)).startsWith("TLS certificate read from ");
          assertThat(log.lines()).hasSize(2);
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void keepsACertificateThatHasAHashIfThatIsAskedFor(boolean asked) throws Exception {
    withFiles(
        (tls, certificate, key, log) -> {
          if (asked) {
            tls.keepBindable();
          }
          TestCertificates.openssl(
              directory,
              "req -x509 -newkey ed25519 -nodes -days 2 -subj /CN=x -keyout proxy.key -out"
                  + " proxy.crt");
          await("it is read").until(() -> !log.lines().isEmpty());

          assertThat(tls.isBindable()).isEqualTo(asked);
          assertThat(log.lines().get(0))
              .startsWith(
                  asked
                      ? "the TLS certificate in use stays: --tls-cert %s: signed by Ed25519, so that SCRAM's channel binding has no hash of it (expected: one that RSA or ECDSA has signed, or a start with --callback-tls disable)"
                          .formatted(certificate)
                      : "TLS certificate read from " + certificate);
        });
  }
}
