package dev.pglambda.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.config.ConfigLoader.Exit;
import dev.pglambda.config.ConfigLoader.LoadResult;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Takes the command lines of {@code calls} and {@code replay} apart. */
final class AdminCommandLine {
  private static final String PROGRAM = "java -jar target/pg-lambda-proxy.jar ";
  private static final String CALLS = "calls";
  private static final String REPLAY = "replay";
  private static final String FOLLOW = "--follow";
  private static final String FAILED = "--failed";
  private static final String FUNCTION = "--function";
  private static final String LIMIT = "--limit";
  private static final String PAYLOAD = "--payload";
  private static final String PAYLOAD_FILE = "--payload-file";
  private static final String JSON = "--json";
  private static final String ID = "ID";
  private static final String EXPECTED_ADMIN =
      "host:port, :port or [IPv6]:port, with a port from 1 to 65535";
  private static final String EXPECTED_ID = "the number of a call, which calls lists";
  private static final int MOST_CALLS = 100_000;

  /** More than any call may have. */
  private static final int LONGEST_PAYLOAD = 16 << 20;

  private final CommandSpec command;

  private AdminCommandLine(CommandSpec command) {
    this.command = command;
  }

  /** Null if the arguments do not begin with one of the two commands. */
  static @Nullable LoadResult load(String[] arguments, Map<String, String> environment)
      throws ConfigException {
    String name = arguments.length == 0 ? "" : arguments[0];
    if (!name.equals(CALLS) && !name.equals(REPLAY)) {
      return null;
    }
    CommandSpec command = name.equals(CALLS) ? calls() : replay();
    parse(command, Arrays.copyOfRange(arguments, 1, arguments.length));
    AdminCommandLine given = new AdminCommandLine(command);
    if (given.has(Option.HELP.optionName())) {
      command.parser().separator(" "); // as it is shown; when it was read, = was one, too
      return new Exit(0, new CommandLine(command).getUsageMessage(Ansi.OFF).stripTrailing());
    }
    Settings settings = new Settings(given.settings(), environment);
    return name.equals(CALLS) ? given.calls(settings) : given.replay(settings);
  }

  private static CommandSpec calls() {
    CommandSpec command =
        command(CALLS, "[options]", "Prints the calls that a proxy has kept, the newest last.");
    flag(command, FOLLOW, "Go on with the calls that come, until it is stopped.");
    flag(command, FAILED, "Only calls that have failed.");
    option(command, FUNCTION, "name", "Only calls of this function, named as in SQL.");
    option(command, LIMIT, "count", "How many, at most; before those that come. Default: 20.");
    flag(command, JSON, "One JSON object a line, as the JSON API has them.");
    return common(command);
  }

  private static CommandSpec replay() {
    CommandSpec command =
        command(
            REPLAY, "ID [options]", "Makes a call once more, and prints what came of the new one.");
    command.addPositional(
        PositionalParamSpec.builder()
            .index("0")
            .arity("0..1")
            .paramLabel(ID)
            .type(String.class)
            .description("The call's number, which calls lists.")
            .build());
    option(command, PAYLOAD, "json", "Payload to send instead of the one that was sent.");
    option(command, PAYLOAD_FILE, "file", "File with that payload.");
    flag(command, JSON, "The new call as a JSON object, as the JSON API has it.");
    return common(command);
  }

  private static CommandSpec command(String name, String synopsis, String description) {
    CommandSpec command = CommandSpec.create().name(name);
    Help.layout(command)
        .customSynopsis(PROGRAM + name + " " + synopsis)
        .description("%n" + description + "%n")
        .footer("%nExit codes: 0 orderly end, 1 failure, 2 bad usage.");
    return command;
  }

  private static CommandSpec common(CommandSpec command) {
    option(
        command,
        Option.ADMIN.optionName(),
        "host:port",
        "Where the proxy shows its calls, as it prints at its start.%n(variable PGLAMBDA_ADMIN,"
            + " default 127.0.0.1:5480)");
    option(
        command,
        Option.ADMIN_TOKEN_FILE.optionName(),
        "file",
        "File with the token that the proxy asks for, if it does.%n(variables"
            + " PGLAMBDA_ADMIN_TOKEN_FILE and, with the token itself, PGLAMBDA_ADMIN_TOKEN)");
    flag(command, Option.HELP.optionName(), "Print this help and end.");
    return command;
  }

  private static void flag(CommandSpec command, String name, String meaning) {
    command.addOption(
        OptionSpec.builder(name).type(Boolean.class).arity("0").description(meaning).build());
  }

  private static void option(CommandSpec command, String name, String label, String meaning) {
    command.addOption(
        OptionSpec.builder(name)
            .type(String.class)
            .arity("1")
            .paramLabel(label)
            .description(meaning)
            .build());
  }

  private static void parse(CommandSpec command, String[] arguments) throws ConfigException {
    try {
      new CommandLine(command)
          .setExpandAtFiles(false)
          .setAllowOptionsAsOptionParameters(false)
          .parseArgs(arguments);
    } catch (UnmatchedArgumentException e) {
      throw wrong(command, e.getUnmatched().get(0).replaceFirst("(?s)=.*", ""));
    } catch (ParameterException e) {
      throw wrong(command, String.valueOf(e.getMessage()));
    }
  }

  private static ConfigException wrong(CommandSpec command, String actual) {
    return new ConfigException(
        command.name(), ConfigException.quote(actual), "what " + command.name() + " --help lists");
  }

  /** What is an option of the proxy, too. */
  private Map<Option, String> settings() {
    Map<Option, String> texts = new EnumMap<>(Option.class);
    for (Option option : new Option[] {Option.ADMIN, Option.ADMIN_TOKEN_FILE}) {
      String text = text(option.optionName());
      if (text != null) {
        texts.put(option, text);
      }
    }
    return texts;
  }

  private AdminCommand calls(Settings settings) throws ConfigException {
    return new AdminCommand.Calls(
        admin(settings),
        settings.adminToken(),
        has(FOLLOW),
        has(FAILED),
        text(FUNCTION),
        limit(),
        has(JSON));
  }

  private AdminCommand replay(Settings settings) throws ConfigException {
    return new AdminCommand.ReplayCall(
        admin(settings), settings.adminToken(), id(), payload(), has(JSON));
  }

  /** An address to listen on may be all of a machine's; the client takes the loopback one then. */
  private static HostAndPort admin(Settings settings) throws ConfigException {
    String text = settings.optional(Option.ADMIN, Values::text);
    if (text == null || text.equals("off")) {
      return ConfigLoader.ADMIN_BY_DEFAULT;
    }
    try {
      HostAndPort address = HostAndPort.parse(text).orPort(ConfigLoader.ADMIN_BY_DEFAULT.port());
      String host =
          switch (address.host()) {
            case "", "0.0.0.0" -> "127.0.0.1";
            case "::" -> "::1";
            default -> address.host();
          };
      HostAndPort reachable = new HostAndPort(host, address.port());
      if (address.port() != 0 && URI.create("http://" + reachable).getHost() != null) {
        return reachable;
      }
    } catch (IllegalArgumentException e) {
      // As for one that HTTP cannot name.
    }
    String actual = ConfigException.quote(text);
    throw new ConfigException(settings.source(Option.ADMIN), actual, EXPECTED_ADMIN);
  }

  private int limit() throws ConfigException {
    String text = text(LIMIT);
    try {
      return text == null ? 20 : Values.integer(text, 1, MOST_CALLS);
    } catch (IllegalArgumentException e) {
      String actual = ConfigException.quote(String.valueOf(text));
      throw new ConfigException(LIMIT, actual, "a whole number from 1 to " + MOST_CALLS);
    }
  }

  private long id() throws ConfigException {
    Object id = command.positionalParameters().get(0).getValue();
    if (id instanceof String text && text.matches("[1-9][0-9]{0,17}")) {
      return Long.parseLong(text);
    }
    String actual = id instanceof String text ? ConfigException.quote(text) : "no number";
    throw new ConfigException(REPLAY, actual, EXPECTED_ID);
  }

  private @Nullable String payload() throws ConfigException {
    String text = text(PAYLOAD);
    String file = text(PAYLOAD_FILE);
    if (file == null) {
      return text;
    }
    if (text != null) {
      String actual = ConfigException.quote(file);
      throw new ConfigException(PAYLOAD_FILE, actual, "not beside " + PAYLOAD);
    }
    try (InputStream stream = Files.newInputStream(Path.of(file))) {
      byte[] bytes = stream.readNBytes(LONGEST_PAYLOAD + 1);
      if (bytes.length > LONGEST_PAYLOAD) {
        throw unusable(file, "more than 16 MB");
      }
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw unusable(file, "not in UTF-8");
    } catch (IOException | InvalidPathException e) {
      throw unusable(file, "cannot be read");
    }
  }

  private static ConfigException unusable(String file, String reason) {
    String actual = ConfigException.quote(file) + ", " + reason;
    return new ConfigException(PAYLOAD_FILE, actual, "a readable file in UTF-8");
  }

  private boolean has(String flag) {
    return Boolean.TRUE.equals(command.findOption(flag).getValue());
  }

  private @Nullable String text(String option) {
    return command.findOption(option).getValue();
  }
}
