package dev.pglambda.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Certificates that OpenSSL makes once for all tests of a JVM: {@code ca}, which has signed {@code
 * server} and {@code client}, and {@code other}, which has signed {@code impostor} and {@code
 * stranger}. Each has a file {@code .crt} and a file {@code .key}. If there is no openssl the
 * calling test is skipped.
 */
public final class TestCertificates {
  /** Of the files that need one. */
  public static final String PASSWORD = "opensesame";

  /**
   * Whether all servers and proxies take TLS, and pgjdbc and {@link WireClient} demand it: {@code
   * -Dpglambda.test.tls=true}.
   */
  static final boolean EVERYWHERE = Boolean.getBoolean("pglambda.test.tls");

  private static final Logger log = LoggerFactory.getLogger(TestCertificates.class);
  private static @Nullable Path directory;

  private TestCertificates() {}

  public static Path certificate(String name) {
    return directory().resolve(name + ".crt");
  }

  public static Path key(String name) {
    return directory().resolve(name + ".key");
  }

  /** Arguments of a proxy that shows one of them. */
  public static String[] shown(String name, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of("--tls-cert", certificate(name).toString(), "--tls-key", key(name).toString()));
    arguments.addAll(List.of(more));
    return arguments.toArray(String[]::new);
  }

  private static synchronized Path directory() {
    if (directory == null) {
      try {
        Path parent = Files.createDirectories(Path.of("target", "certificates"));
        Path made = Files.createTempDirectory(parent, "test").toAbsolutePath();
        makeAll(made);
        directory = made;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return directory;
  }

  private static void makeAll(Path in) throws IOException {
    Files.writeString(in.resolve("server.ext"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
    Files.writeString(in.resolve("client.ext"), "extendedKeyUsage=clientAuth\n");
    for (String name : List.of("ca", "other")) {
      openssl(
          in,
          "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30"
              + " -subj /CN=test-NAME -keyout NAME.key -out NAME.crt".replace("NAME", name));
    }
    signed(in, "server", "server", "ca");
    signed(in, "client", "client", "ca");
    signed(in, "impostor", "server", "other");
    signed(in, "stranger", "client", "other");
  }

  private static void signed(Path in, String name, String purpose, String authority)
      throws IOException {
    openssl(
        in,
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
            + " -subj /CN=NAME -keyout NAME.key -out NAME.csr".replace("NAME", name));
    openssl(
        in,
        "x509 -req -in %1$s.csr -CA %3$s.crt -CAkey %3$s.key -CAcreateserial -days 30 -extfile %2$s.ext -out %1$s.crt"
            .formatted(name, purpose, authority));
    openssl(
        in, "pkcs8 -topk8 -nocrypt -in NAME.key -outform DER -out NAME.pk8".replace("NAME", name));
  }

  /** Runs openssl in a directory, with arguments separated by spaces; returns what it prints. */
  public static String openssl(Path in, String arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(find()));
    command.addAll(List.of(arguments.split(" ", -1)));
    Process process =
        new ProcessBuilder(command).directory(in.toFile()).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    try {
      if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new IllegalStateException(command + ": " + output);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
    return output;
  }

  private static String find() {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
        .map(path -> Path.of(path, "openssl"))
        .filter(Files::isExecutable)
        .findFirst()
        .map(Path::toString)
        .orElseGet(
            () -> {
              String reason = "no openssl on PATH (expected: Debian's package openssl)";
              log.warn("SKIPPED: {}", reason);
              return Assumptions.abort(reason);
            });
  }
}
