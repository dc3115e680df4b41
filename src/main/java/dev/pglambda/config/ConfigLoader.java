package dev.pglambda.config;

import dev.pglambda.config.HostAndPort.HostAndOptionalPort;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes the configuration from the command line, the environment and the defaults, in this order of
 * precedence. Nothing else reads options or variables, except that the AWS SDK reads its own.
 */
public final class ConfigLoader {
  /** PostgreSQL's port. */
  private static final int BACKEND_PORT = 5432;

  private static final int LISTEN_PORT = 5433;
  private static final int EXIT_BAD_USAGE = 2;
  private static final int MOST_CLIENTS = 1_000_000;

  private ConfigLoader() {}

  /** What a command line asks for. */
  public sealed interface LoadResult {}

  /**
   * Run the proxy.
   *
   * @param config checked and complete
   */
  public record Run(Config config) implements LoadResult {}

  /**
   * Print and end.
   *
   * @param code exit code: 0 (print to standard output) or 2 (one line, to standard error)
   * @param message what to print, without the last line's end
   */
  public record Exit(int code, String message) implements LoadResult {}

  /**
   * Reads everything; opens nothing but the file of the callback secret.
   *
   * @param arguments the command line
   * @param environment the environment variables
   */
  public static LoadResult load(String[] arguments, Map<String, String> environment) {
    try {
      Map<Option, String> commandLine = CommandLineArguments.parse(arguments);
      if (commandLine.containsKey(Option.HELP)) {
        return new Exit(0, Help.text());
      }
      if (commandLine.containsKey(Option.VERSION)) {
        return new Exit(0, Help.version());
      }
      return new Run(config(new Settings(commandLine, environment)));
    } catch (ConfigException e) {
      return new Exit(EXIT_BAD_USAGE, e.line());
    }
  }

  private static Config config(Settings settings) throws ConfigException {
    boolean once = settings.value(Option.ONCE, Values::onOff);
    boolean guide = settings.value(Option.GUIDE, Values::onOff);
    HostAndPort backend =
        settings.optional(Option.BACKEND, text -> Values.target(text, BACKEND_PORT));
    if ((guide || once) && backend != null) {
      throw new ConfigException(
          settings.source(once ? Option.ONCE : Option.GUIDE),
          "given beside " + settings.source(Option.BACKEND),
          "the embedded server, on which the guide's example runs");
    }
    return new Config(
        settings.value(Option.LISTEN, text -> HostAndPort.parse(text, LISTEN_PORT)),
        backend,
        settings.value(Option.DATA_DIR, Values::directory),
        new Config.Embedded(
            settings.value(Option.EMBEDDED_SUPERUSER, Values::onOff), settings.embeddedPassword()),
        lambda(settings),
        callback(settings),
        limits(settings),
        log(settings),
        guide || once,
        once);
  }

  private static Config.Lambda lambda(Settings settings) throws ConfigException {
    return new Config.Lambda(
        settings.optional(Option.LAMBDA_ENDPOINT, Values::httpUrl),
        settings.optional(Option.REGION, Values::region),
        settings.optional(Option.ROLE_ARN, Values::roleArn),
        settings.value(Option.LAMBDA_RETRIES, text -> Values.integer(text, 0, 10)),
        settings.value(
            Option.MAX_CONCURRENT_INVOCATIONS, text -> Values.integer(text, 1, 1_000_000)),
        settings.value(
            Option.SAMPLE_FUNCTIONS, text -> Values.constant(SampleFunctionsMode.class, text)));
  }

  private static Config.Callback callback(Settings settings) throws ConfigException {
    boolean parameter = settings.value(Option.CALLBACK_PARAMETER, Values::onOff);
    Secret secret = settings.callbackSecret();
    DirectCallMode directCalls =
        settings.value(Option.DIRECT_CALLS, text -> Values.constant(DirectCallMode.class, text));
    List<String> trustedRoles = settings.value(Option.TRUSTED_ROLES, Values::names);
    HostAndOptionalPort address =
        settings.optional(Option.CALLBACK_ADDRESS, text -> Values.target(text));
    if (address == null) {
      return new Config.Callback(null, null, secret, parameter, directCalls, trustedRoles);
    }
    @Nullable Integer port = address.hasPort() ? address.port() : null;
    return new Config.Callback(address.host(), port, secret, parameter, directCalls, trustedRoles);
  }

  private static Config.Limits limits(Settings settings) throws ConfigException {
    return new Config.Limits(
        settings.value(Option.INSPECT_LIMIT, Values::size),
        settings.value(Option.STARTUP_TIMEOUT, Values::duration),
        settings.value(Option.CONNECT_TIMEOUT, Values::duration),
        settings.value(Option.MAX_CLIENTS, text -> Values.integer(text, 1, MOST_CLIENTS)),
        settings.value(
            Option.MAX_CLIENTS_PER_ADDRESS, text -> Values.integer(text, 0, MOST_CLIENTS)),
        settings.value(
            Option.MAX_UNAUTHENTICATED_CLIENTS, text -> Values.integer(text, 1, MOST_CLIENTS)),
        settings.value(Option.MAX_PENDING_CLIENTS, text -> Values.integer(text, 1, MOST_CLIENTS)),
        settings.value(Option.MAX_CANCEL_REQUESTS, text -> Values.integer(text, 1, MOST_CLIENTS)),
        settings.value(Option.MAX_CALLBACK_LINKS, text -> Values.integer(text, 1, MOST_CLIENTS)),
        settings.optional(Option.MAX_MEMORY, Values::memory),
        settings.value(Option.MAX_MEMORY_PER_SESSION, Values::memory),
        new Config.Keepalives(
            settings.value(Option.TCP_KEEPALIVES_IDLE, Values::keepalive),
            settings.value(Option.TCP_KEEPALIVES_INTERVAL, Values::keepalive),
            settings.value(Option.TCP_KEEPALIVES_COUNT, text -> Values.integer(text, 0, 127))),
        settings.value(Option.SHUTDOWN_GRACE, Values::durationOrNone));
  }

  private static Config.Log log(Settings settings) throws ConfigException {
    return new Config.Log(
        settings.value(Option.LOG_LEVEL, text -> Values.constant(LogLevel.class, text)),
        settings.value(Option.LOG_FORMAT, text -> Values.constant(LogFormat.class, text)));
  }
}
