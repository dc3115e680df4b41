package dev.pglambda.config;

import dev.pglambda.config.HostAndPort.HostAndOptionalPort;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * Makes the configuration from the command line, the environment and the defaults, in this order of
 * precedence. Nothing else reads options or variables, except that the AWS SDK reads its own.
 */
public final class ConfigLoader {
  static final HostAndPort ADMIN_BY_DEFAULT = new HostAndPort("127.0.0.1", 5480);

  private static final int EXIT_BAD_USAGE = 2;
  private static final int MOST_CLIENTS = 1_000_000;

  private ConfigLoader() {}

  /** What a command line asks for. */
  public sealed interface LoadResult permits Run, Exit, AdminCommand {}

  /** Run the proxy, with a configuration that is checked and complete. */
  public record Run(Config config) implements LoadResult {}

  /**
   * Print and end.
   *
   * @param code exit code: 0 (print to standard output) or 2 (one line, to standard error)
   * @param message what to print, without the last line's end
   */
  public record Exit(int code, String message) implements LoadResult {}

  /** Reads everything; opens nothing but files of secrets, and that of a command's payload. */
  public static LoadResult load(String[] arguments, Map<String, String> environment) {
    try {
      LoadResult adminCommand = AdminCommandLine.load(arguments, environment);
      if (adminCommand != null) {
        return adminCommand;
      }
      Map<Option, String> commandLine = CommandLineArguments.parse(arguments);
      if (commandLine.containsKey(Option.HELP)) {
        return new Exit(0, Help.text());
      }
      if (commandLine.containsKey(Option.VERSION)) {
        return new Exit(0, Help.version());
      }
      return new Run(config(new Settings(commandLine, environment)));
    } catch (ConfigException e) {
      return new Exit(EXIT_BAD_USAGE, String.valueOf(e.getMessage()));
    }
  }

  private static Config config(Settings settings) throws ConfigException {
    boolean once = settings.value(Option.ONCE, Values::onOff);
    boolean guide = settings.value(Option.GUIDE, Values::onOff);
    ServerAddress backend = settings.optional(Option.BACKEND, Values::server);
    if ((guide || once) && backend != null) {
      throw new ConfigException(
          settings.source(once ? Option.ONCE : Option.GUIDE),
          "given beside " + settings.source(Option.BACKEND),
          "the embedded server, on which the guide's example runs");
    }
    Balancers balancers = settings.optional(Option.PROXY_PROTOCOL_FROM, Balancers::parse);
    return new Config(
        settings.value(Option.LISTEN, ListenAddresses::parse),
        balancers == null ? Balancers.NONE : balancers,
        backend,
        BackendSsl.of(settings, backend),
        settings.constant(Option.LOGIN, LoginMode.class),
        settings.value(Option.DATA_DIR, Values::directory),
        new Config.Embedded(
            settings.value(Option.EMBEDDED_SUPERUSER, Values::onOff),
            settings.optional(Option.EMBEDDED_PASSWORD, Password::ofVisible)),
        tls(settings),
        IamAuthentication.of(settings),
        lambda(settings),
        callback(settings),
        limits(settings),
        log(settings),
        new Config.KeptCalls(
            settings.optional(Option.JOURNAL_SIZE, Values::memory),
            settings.optional(Option.JOURNAL_FILE, Values::file),
            settings.value(Option.JOURNAL_PAYLOADS, Values::onOff)),
        admin(settings, backend),
        guide || once,
        once);
  }

  private static Config.Tls tls(Settings settings) throws ConfigException {
    return new Config.Tls(
        settings.optional(Option.TLS_MODE, text -> Values.constant(TlsMode.class, text)),
        settings.optional(Option.TLS_CERT, Values::file),
        settings.optional(Option.TLS_KEY, Values::file),
        settings.optional(Option.TLS_KEY_PASSWORD_FILE, Values::file),
        settings.value(Option.TLS_MIN_VERSION, TlsVersion::numbered),
        settings.optional(Option.TLS_CLIENT_CA, Values::file),
        settings.constant(Option.TLS_CLIENT_CERT, ClientCertificates.class),
        settings.optional(Option.TLS_SELF_SIGNED, Values::onOff));
  }

  private static Config.Lambda lambda(Settings settings) throws ConfigException {
    List<Path> policies = settings.optional(Option.POLICY, Values::files);
    return new Config.Lambda(
        settings.optional(Option.LAMBDA_ENDPOINT, Values::httpUrl),
        settings.optional(Option.REGION, Values::region),
        settings.optional(Option.ROLE_ARN, Values::roleArn),
        settings.integer(Option.LAMBDA_RETRIES, 0, 10),
        settings.integer(Option.MAX_CONCURRENT_INVOCATIONS, 1, 1_000_000),
        settings.constant(Option.SAMPLE_FUNCTIONS, SampleFunctionsMode.class),
        settings.optional(Option.FUNCTIONS, Values::text),
        policies == null ? List.of() : policies);
  }

  private static Config.Callback callback(Settings settings) throws ConfigException {
    HostAndOptionalPort address = settings.optional(Option.CALLBACK_ADDRESS, Values::target);
    return new Config.Callback(
        address == null ? null : address.host(),
        address == null ? null : address.port(),
        settings.callbackSecret(),
        settings.value(Option.CALLBACK_PARAMETER, Values::onOff),
        settings.optional(Option.CALLBACK_TLS, text -> Values.constant(TlsMode.class, text)),
        settings.optional(Option.CALLBACK_ALLOW, CallbackPeers::parse),
        settings.constant(Option.DIRECT_CALLS, DirectCallMode.class),
        settings.value(Option.TRUSTED_ROLES, Values::names));
  }

  private static Config.Limits limits(Settings settings) throws ConfigException {
    return new Config.Limits(
        settings.value(Option.INSPECT_LIMIT, Values::size),
        settings.value(Option.STARTUP_TIMEOUT, Values::duration),
        settings.value(Option.CONNECT_TIMEOUT, Values::duration),
        new ClientLimits(
            settings.integer(Option.MAX_CLIENTS, 1, MOST_CLIENTS),
            settings.integer(Option.MAX_CLIENTS_PER_ADDRESS, 0, MOST_CLIENTS),
            settings.integer(Option.MAX_UNAUTHENTICATED_CLIENTS, 1, MOST_CLIENTS),
            settings.integer(Option.MAX_PENDING_CLIENTS, 1, MOST_CLIENTS),
            settings.integer(Option.MAX_CANCEL_REQUESTS, 1, MOST_CLIENTS)),
        settings.integer(Option.MAX_CALLBACK_LINKS, 1, MOST_CLIENTS),
        settings.optional(Option.MAX_MEMORY, Values::memory),
        settings.value(Option.MAX_MEMORY_PER_SESSION, Values::memory),
        new Config.Keepalives(
            settings.value(Option.TCP_KEEPALIVES_IDLE, Values::keepalive),
            settings.value(Option.TCP_KEEPALIVES_INTERVAL, Values::keepalive),
            settings.integer(Option.TCP_KEEPALIVES_COUNT, 0, 127)),
        settings.value(Option.SHUTDOWN_GRACE, Values::durationOrNone));
  }

  private static Config.Log log(Settings settings) throws ConfigException {
    return new Config.Log(
        settings.constant(Option.LOG_LEVEL, Level.class),
        settings.constant(Option.LOG_FORMAT, LogFormat.class),
        settings.optional(Option.LOG_CALLS, Values::onOff),
        settings.isColourUnwanted());
  }

  /** Null: off. */
  private static Config.@Nullable Admin admin(Settings settings, @Nullable ServerAddress backend)
      throws ConfigException {
    Password token = settings.adminToken();
    Optional<HostAndPort> given = settings.optional(Option.ADMIN, ConfigLoader::adminAddress);
    if (given == null) {
      return backend == null ? new Config.Admin(ADMIN_BY_DEFAULT, false, token) : null;
    }
    return given.map(address -> new Config.Admin(address, true, token)).orElse(null);
  }

  private static Optional<HostAndPort> adminAddress(String text) {
    return text.equals("off")
        ? Optional.empty()
        : Optional.of(HostAndPort.parse(text).orPort(ADMIN_BY_DEFAULT.port()));
  }
}
