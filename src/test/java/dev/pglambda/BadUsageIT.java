package dev.pglambda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.pglambda.testing.ProxyProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The jar, started wrongly: exactly one line says what was given where, and the exit code is 2. */
@Timeout(60)
class BadUsageIT {
  private static final Path FILE = Path.of("pom.xml").toAbsolutePath();

  @TempDir private Path directory;

  static Stream<Arguments> badOptions() {
    return Stream.of(
        arguments("--bogus", "x"),
        arguments("--listen", "127.0.0.1:99999"),
        arguments("--listen", "192.0.2.1:5433"), // nobody's address (RFC 5737)
        arguments("--listen", "no-such-host.invalid:0"),
        arguments("--backend", ":5432"),
        arguments("--lambda-endpoint", "ftp://127.0.0.1"),
        arguments("--startup-timeout", "soon"),
        arguments("--callback-secret-file", "/no/such/file"),
        arguments("--callback-secret-file", "/proc"),
        arguments("--data-dir", FILE.toString()),
        arguments("--data-dir", FILE + "/below-a-file"),
        arguments("--data-dir", "/proc/nobody-can-write-here"));
  }

  @ParameterizedTest
  @MethodSource("badOptions")
  void namesOptionAndValue(String option, String value) throws Exception {
    ProxyProcess.Builder builder = ProxyProcess.with(option, value);
    if (!option.equals("--listen")) {
      builder.arguments("--listen", "127.0.0.1:0");
    }
    if (!option.equals("--data-dir")) {
      builder.arguments("--data-dir", directory.toString());
    }
    try (ProxyProcess proxy = builder.run()) {
      assertBadUsage(proxy, option, option.equals("--bogus") ? "unknown" : value);
    }
  }

  @Test
  void namesADataDirectoryThatCannotKeepTheSecret() throws Exception {
    String value = FILE + "/below-a-file";
    try (ProxyProcess proxy =
        ProxyProcess.with("--backend", "127.0.0.1:1", "--listen", "127.0.0.1:0")
            .arguments("--data-dir", value)
            .run()) {
      assertBadUsage(proxy, "--data-dir", value);
    }
  }

  @Test
  void namesAPortInUse() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String value = "127.0.0.1:" + other.getLocalPort();
      try (ProxyProcess proxy = ProxyProcess.with("--listen", value).run()) {
        assertBadUsage(proxy, "--listen", value);
        assertThat(proxy.err().text()).contains("Address already in use");
      }
    }
  }

  @Test
  void namesAnUnknownVariableButNotItsValue() throws Exception {
    try (ProxyProcess proxy =
        ProxyProcess.with().variable("PGLAMBDA_CALLBACK_SECERT", "my secret value").run()) {
      assertBadUsage(proxy, "environment", "PGLAMBDA_CALLBACK_SECERT");
      assertThat(proxy.err().text()).doesNotContain("my secret value");
    }
  }

  @Test
  void namesAVariableWithABadValue() throws Exception {
    try (ProxyProcess proxy = ProxyProcess.with().variable("PGLAMBDA_LOG_LEVEL", "loud").run()) {
      assertBadUsage(proxy, "PGLAMBDA_LOG_LEVEL", "loud");
    }
  }

  @Test
  void doesNotShowASecretThatIsTooShort() throws Exception {
    Path file = Files.writeString(directory.resolve("secret"), "hush-hush");
    try (ProxyProcess proxy = ProxyProcess.with("--callback-secret-file", file.toString()).run()) {
      assertBadUsage(proxy, "--callback-secret-file", file.toString());
      assertThat(proxy.err().text()).doesNotContain("hush-hush");
    }
  }

  @Test
  void helpAndVersionGoToStandardOutput() throws Exception {
    try (ProxyProcess proxy = ProxyProcess.with("--help").run()) {
      assertThat(proxy.awaitExit()).isZero();
      assertThat(proxy.err().lines()).isEmpty();
      assertThat(proxy.out().text())
          .startsWith("Usage: java -jar ")
          .contains("  --backend host:port");
    }
    try (ProxyProcess proxy = ProxyProcess.with("--version").run()) {
      assertThat(proxy.awaitExit()).isZero();
      assertThat(proxy.err().lines()).isEmpty();
      assertThat(proxy.out().text()).matches("pg-lambda-proxy \\d+\\.\\d+\\.\\d+\\S*");
    }
  }

  private static void assertBadUsage(ProxyProcess proxy, String option, String value)
      throws IOException, InterruptedException {
    assertThat(proxy.awaitExit()).isEqualTo(2);
    assertThat(proxy.out().lines()).isEmpty();
    assertThat(proxy.err().lines()).hasSize(1);
    assertThat(proxy.err().text()).contains(option).contains(value);
  }
}
