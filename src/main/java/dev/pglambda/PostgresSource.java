package dev.pglambda;

import dev.pglambda.config.Config;
import dev.pglambda.config.HostAndPort;
import dev.pglambda.config.Password;
import dev.pglambda.config.ServerAddress;
import dev.pglambda.embedded.DataDirectoryException;
import dev.pglambda.embedded.EmbeddedPostgres;
import dev.pglambda.embedded.EmbeddedPostgresException;
import dev.pglambda.embedded.GeneratedPassword;
import dev.pglambda.embedded.InstanceSettings;
import dev.pglambda.extension.CallbackSettings;
import dev.pglambda.extension.InstanceExtension;
import dev.pglambda.extension.TrustedRoles;
import dev.pglambda.protocol.auth.RandomToken;
import dev.pglambda.protocol.auth.ScramCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The PostgreSQL server behind the proxy: the one that was named, or an embedded one.
 *
 * @param address where the relay connects
 * @param embedded to be closed with the proxy; null if the server was named
 * @param password of the embedded server's user; null if none is needed
 * @param description lines for the user
 */
record PostgresSource(
    ServerAddress address,
    @Nullable EmbeddedPostgres embedded,
    @Nullable String password,
    List<String> description) {

  /** A database that each embedded server has. */
  static final String EMBEDDED_DATABASE = "postgres";

  private static final String INSTALLATION_FILE = "installation";

  /** PostgreSQL's own (src/include/common/scram-common.h, SCRAM_DEFAULT_SALT_LEN). */
  private static final int SALT_BYTES = 16;

  private static final Logger log = LoggerFactory.getLogger(PostgresSource.class);

  /** The parameters that RDS knows and an unmodified server does not; values as text. */
  private static final Map<String, String> LAMBDA_PARAMETERS =
      Map.of(
          "aws_lambda.connect_timeout_ms", "1000",
          "aws_lambda.request_timeout_ms", "3000",
          "aws_lambda.endpoint_override", "");

  PostgresSource {
    description = List.copyOf(description);
  }

  @Override
  public String toString() {
    return "PostgresSource[" + address + "]";
  }

  /**
   * Starts the embedded server unless one is named. Blocks.
   *
   * @param isLoopback whether only programs of this machine reach the proxy
   * @param calls what the embedded server's extension is to know
   */
  static PostgresSource open(
      Config config,
      boolean isLoopback,
      TrustedRoles trustedRoles,
      CallbackSource calls,
      Consumer<String> progress)
      throws StartException, InterruptedException {
    ServerAddress named = config.backend();
    if (named != null) {
      return new PostgresSource(named, null, null, List.of("real: " + named));
    }
    try {
      return embedded(config, isLoopback, trustedRoles, calls, progress);
    } catch (DataDirectoryException e) {
      throw StartException.badUsage(String.valueOf(e.getMessage()), e);
    } catch (EmbeddedPostgresException e) {
      throw StartException.failure(String.valueOf(e.getMessage()), e);
    }
  }

  private static PostgresSource embedded(
      Config config,
      boolean isLoopback,
      TrustedRoles trustedRoles,
      CallbackSource calls,
      Consumer<String> progress)
      throws EmbeddedPostgresException, InterruptedException {
    Password configured = config.embedded().password();
    GeneratedPassword generated =
        configured == null && !isLoopback ? GeneratedPassword.in(config.dataDirectory()) : null;
    String password =
        configured != null ? configured.text() : generated != null ? generated.text() : null;
    InstanceExtension extension = new InstanceExtension(trustedRoles, InstanceSettings.KEYS_FILE);
    InstanceSettings instance =
        new InstanceSettings(
            config.embedded().superuser(),
            password != null,
            password == null
                ? null
                : new ScramCredentials(password, RandomToken.bytes(SALT_BYTES)).verifier(),
            InstanceExtension.keys(keptSettings(config.dataDirectory(), calls)),
            extension.renewal());
    EmbeddedPostgres server =
        EmbeddedPostgres.start(
            new EmbeddedPostgres.EmbeddedSettings(
                config.dataDirectory(), 0, extension.files(), LAMBDA_PARAMETERS, instance),
            progress);
    server
        .onExit()
        .thenAccept(code -> log.error("embedded PostgreSQL ended by itself, code {}", code));
    return new PostgresSource(
        new HostAndPort(server.host(), server.port()),
        server,
        password,
        describe(config, server, generated, password != null));
  }

  /** All databases of a data directory are one installation, also of later starts. */
  private static CallbackSettings keptSettings(Path dataDirectory, CallbackSource calls)
      throws EmbeddedPostgresException {
    Path file = dataDirectory.resolve(INSTALLATION_FILE);
    try {
      CallbackSettings found =
          calls.settings(Files.exists(file) ? Files.readString(file).strip() : null);
      Files.createDirectories(dataDirectory);
      Files.writeString(file, found.installation() + "\n");
      return found;
    } catch (IOException e) {
      throw new DataDirectoryException("--data-dir: cannot keep " + file + ": " + e, e);
    }
  }

  private static List<String> describe(
      Config config,
      EmbeddedPostgres server,
      @Nullable GeneratedPassword generated,
      boolean hasPassword) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "embedded: version %d on %s:%d, data in %s%s"
            .formatted(
                server.majorVersion(),
                server.host(),
                server.port(),
                config.dataDirectory().toAbsolutePath(),
                server.runsAs() == null ? "" : ", runs as " + server.runsAs()));
    lines.add(
        config.embedded().superuser()
            ? "user postgres: a superuser, because of --embedded-superuser"
            : "user postgres: the master user, as on RDS, and not a superuser");
    if (generated != null) {
      lines.add(
          "password of postgres: %s (kept in %s)".formatted(generated.text(), generated.file()));
    } else {
      lines.add(
          hasPassword ? "password of postgres: the one of --embedded-password" : "no passwords");
    }
    return lines;
  }
}
