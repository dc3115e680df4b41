package dev.pglambda;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.config.Config;
import dev.pglambda.config.HostAndPort;
import dev.pglambda.embedded.DataDirectoryException;
import dev.pglambda.embedded.EmbeddedPostgres;
import dev.pglambda.embedded.EmbeddedPostgres.ExtensionFile;
import dev.pglambda.embedded.EmbeddedPostgresException;
import dev.pglambda.extension.ExtensionFiles;
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
 * @param description line for the user
 */
record PostgresSource(
    HostAndPort address, @Nullable EmbeddedPostgres embedded, String description) {

  /** A database that each embedded server has. */
  static final String EMBEDDED_DATABASE = "postgres";

  private static final Logger log = LoggerFactory.getLogger(PostgresSource.class);

  /** The parameters that RDS knows and an unmodified server does not; values as text. */
  private static final Map<String, String> LAMBDA_PARAMETERS =
      Map.of(
          "aws_lambda.connect_timeout_ms", "1000",
          "aws_lambda.request_timeout_ms", "3000",
          "aws_lambda.endpoint_override", "");

  /** Starts the embedded server unless one is named. Blocks. */
  static PostgresSource open(Config config, Consumer<String> progress)
      throws StartException, InterruptedException {
    HostAndPort named = config.backend();
    if (named != null) {
      return new PostgresSource(named, null, "real: " + named);
    }
    try {
      EmbeddedPostgres server =
          EmbeddedPostgres.start(
              new EmbeddedPostgres.Settings(
                  config.dataDirectory(), 0, extensionFiles(), LAMBDA_PARAMETERS),
              progress);
      server
          .onExit()
          .thenAccept(code -> log.error("embedded PostgreSQL ended by itself, code {}", code));
      String description =
          "embedded: version %d on %s:%d, no passwords, data in %s"
              .formatted(
                  server.majorVersion(),
                  server.host(),
                  server.port(),
                  config.dataDirectory().toAbsolutePath());
      return new PostgresSource(new HostAndPort(server.host(), server.port()), server, description);
    } catch (DataDirectoryException e) {
      throw StartException.badUsage(String.valueOf(e.getMessage()), e);
    } catch (EmbeddedPostgresException e) {
      throw StartException.failure(String.valueOf(e.getMessage()), e);
    }
  }

  private static List<ExtensionFile> extensionFiles() {
    return ExtensionFiles.all().entrySet().stream()
        .map(file -> new ExtensionFile(file.getKey(), new String(file.getValue(), UTF_8)))
        .toList();
  }
}
