package dev.pglambda.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.config.ConfigLoader.Exit;
import dev.pglambda.config.ConfigLoader.Run;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which options {@code --backend-ssl*} go together, and what they mean then. */
class BackendSslTest {

  private static ConfigLoader.LoadResult load(String options) {
    List<String> arguments = new ArrayList<>(List.of("--backend", "db"));
    if (!options.isEmpty()) {
      arguments.addAll(List.of(options.split(" ")));
    }
    return ConfigLoader.load(arguments.toArray(String[]::new), Map.of());
  }

  @ParameterizedTest
  @CsvSource({
    "'', PREFER, false, , POSTGRES",
    "--backend-sslmode disable, DISABLE, false, , POSTGRES",
    "--backend-sslmode REQUIRE, REQUIRE, false, , POSTGRES",
    "--backend-sslmode require --backend-sslrootcert r, VERIFY_CA, false, r, POSTGRES",
    "--backend-sslmode prefer --backend-sslrootcert r, PREFER, false, r, POSTGRES",
    "--backend-sslmode verify-ca --backend-sslrootcert r, VERIFY_CA, false, r, POSTGRES",
    "--backend-sslmode verify-full --backend-sslrootcert r, VERIFY_FULL, false, r, POSTGRES",
    "--backend-sslmode verify-full --backend-sslrootcert system, VERIFY_FULL, true, , POSTGRES",
    "--backend-sslrootcert system, VERIFY_FULL, true, , POSTGRES",
    "--backend-sslrootcert r, VERIFY_FULL, false, r, POSTGRES",
    "--backend-sslmode require --backend-sslnegotiation direct, REQUIRE, false, , DIRECT",
  })
  void meansWhatItMeansToLibpq(
      String options, SslMode mode, boolean system, Path root, SslNegotiation negotiation) {
    assertThat(load(options)).isInstanceOf(Run.class);
    BackendSsl expected = new BackendSsl(mode, system, root, null, negotiation);

    assertThat(((Run) load(options)).config().backendSsl()).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--backend-sslmode allow | --backend-sslmode: \"allow\" (expected: disable, prefer, require,"
            + " verify-ca or verify-full)",
        "--backend-sslmode verify_ca | --backend-sslmode: \"verify_ca\" (expected: disable, prefer,"
            + " require, verify-ca or verify-full)",
        "--backend-sslmode verify-ca | --backend-sslmode: no root certificate to verify the server's"
            + " with (expected: beside --backend-sslrootcert)",
        "--backend-sslmode require --backend-sslrootcert system | --backend-sslrootcert: \"system\""
            + " with a weak sslmode (expected: --backend-sslmode verify-full beside it)",
        "--backend-sslnegotiation direct | --backend-sslnegotiation: direct with a weak sslmode"
            + " (expected: --backend-sslmode require, verify-ca or verify-full beside it)",
        "--backend-sslkey k | --backend-sslkey: no certificate of that key (expected: beside"
            + " --backend-sslcert)",
        "--backend-sslkey-password-file p | --backend-sslkey-password-file: no certificate of that"
            + " key (expected: beside --backend-sslcert)",
        "--backend-sslrootcert= | --backend-sslrootcert: \"\" (expected: a file of certificates in"
            + " PEM, or system)",
      })
  void refusesWhatMeansNothing(String options, String message) {
    assertThat(load(options)).isEqualTo(new Exit(2, message));
  }

  @Test
  void takesThemFromVariables() {
    Map<String, String> environment =
        Map.of(
            "PGLAMBDA_BACKEND", "db",
            "PGLAMBDA_BACKEND_SSLMODE", "verify-full",
            "PGLAMBDA_BACKEND_SSLROOTCERT", "r",
            "PGLAMBDA_BACKEND_SSLNEGOTIATION", "direct");

    Run run = (Run) ConfigLoader.load(new String[0], environment);

    assertThat(run.config().backendSsl())
        .isEqualTo(
            new BackendSsl(SslMode.VERIFY_FULL, false, Path.of("r"), null, SslNegotiation.DIRECT));
  }

  @ParameterizedTest
  @CsvSource({
    "--backend-sslcert c, c, c,",
    "--backend-sslcert c --backend-sslkey k, c, k,",
    "--backend-sslcert c --backend-sslkey k --backend-sslkey-password-file p, c, k, p",
  })
  void showsACertificate(String options, Path certificate, Path key, Path password) {
    assertThat(((Run) load(options)).config().backendSsl().shown())
        .isEqualTo(new BackendSsl.KeyFiles(certificate, key, password));
  }

  @Test
  void refusesThemForTheEmbeddedServer() {
    assertThat(ConfigLoader.load(new String[] {"--backend-sslmode", "require"}, Map.of()))
        .isEqualTo(refusal("given without a server"));
  }

  @Test
  void refusesThemForAUnixSocket() {
    String[] arguments = {"--backend", "unix:/run/postgresql", "--backend-sslmode", "require"};

    assertThat(ConfigLoader.load(arguments, Map.of()))
        .isEqualTo(refusal("given for a Unix-domain socket"));
  }

  private static Exit refusal(String actual) {
    return new Exit(
        2,
        "--backend-sslmode: %s (expected: beside --backend host:port, as other servers are reached on this machine only)"
            .formatted(actual));
  }
}
