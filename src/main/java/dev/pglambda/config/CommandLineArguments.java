package dev.pglambda.config;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.StringJoiner;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Takes a command line apart with picocli. The options are declared by its model rather than by
 * annotations, which saves a third of its start-up time.
 */
final class CommandLineArguments {
  private static final String COMMAND = "run";
  private static final String ANY_OPTION = "an option that --help lists";

  private CommandLineArguments() {}

  /**
   * Reads {@code [run] [options]}: the texts of the options that are there; {@code on} for one that
   * stands alone.
   */
  static Map<Option, String> parse(String[] arguments) throws ConfigException {
    String[] options =
        arguments.length > 0 && arguments[0].equals(COMMAND)
            ? Arrays.copyOfRange(arguments, 1, arguments.length)
            : arguments;
    Map<Option, String> texts = new EnumMap<>(Option.class);
    if (options.length == 0) {
      return texts; // without loading picocli
    }
    CommandSpec command = CommandSpec.create();
    for (Option option : Option.values()) {
      command.addOption(declare(option));
    }
    try {
      new CommandLine(command)
          .setExpandAtFiles(false)
          .setAllowOptionsAsOptionParameters(false)
          .parseArgs(options);
    } catch (ParameterException e) {
      throw explain(e, options);
    }
    for (Option option : Option.values()) {
      Object value = command.findOption(option.optionName()).getValue();
      if (value instanceof String text) {
        texts.put(option, text);
      } else if (value instanceof Boolean given) {
        texts.put(option, given ? "on" : "off");
      }
    }
    return texts;
  }

  /** An option as the help describes it. */
  static OptionSpec declare(Option option) {
    OptionSpec.Builder builder =
        OptionSpec.builder(option.optionName()).description(option.meaning() + origins(option));
    return option.label() == null
        ? builder.type(Boolean.class).arity("0").build()
        : builder.type(String.class).arity("1").paramLabel(option.label()).build();
  }

  /** Where else its value comes from. */
  private static String origins(Option option) {
    StringJoiner origins = new StringJoiner(", ", "%n(", ")").setEmptyValue("");
    if (option.variable() != null) {
      origins.add("variable " + option.variable());
    }
    if (option.defaultText() != null) {
      origins.add("default " + option.defaultText());
    }
    return origins.toString();
  }

  /** In our words: picocli's quote the value, which may be a secret. */
  private static ConfigException explain(ParameterException e, String[] arguments) {
    if (e instanceof UnmatchedArgumentException unmatched) {
      return unknown(unmatched.getUnmatched().get(0));
    }
    if (e instanceof OverwrittenOptionException twice) {
      return new ConfigException(nameOf(twice.getOverwritten()), "given twice", "once");
    }
    if (e instanceof MissingParameterException missing) {
      Option option = Option.named(nameOf(missing.getMissing().get(0)));
      return new ConfigException(option.optionName(), "no value", option.expected());
    }
    // What is left is a value for an option that takes none, which picocli names in words only.
    for (Option option : Option.values()) {
      for (String argument : arguments) {
        if (option.label() == null && argument.startsWith(option.optionName() + "=")) {
          String value = argument.substring(option.optionName().length() + 1);
          String actual = ConfigException.quote(value);
          return new ConfigException(option.optionName(), actual, "no value");
        }
      }
    }
    String message = e.getMessage();
    return new ConfigException(
        "command line", ConfigException.quote(message == null ? "" : message), ANY_OPTION);
  }

  private static ConfigException unknown(String argument) {
    if (!argument.startsWith("-")) {
      String actual = ConfigException.quote(argument);
      return new ConfigException("command line", actual, ANY_OPTION);
    }
    String name = ConfigException.quote(argument.replaceFirst("(?s)=.*", ""));
    return new ConfigException("command line", "unknown option " + name, ANY_OPTION);
  }

  private static String nameOf(ArgSpec specification) {
    return ((OptionSpec) specification).longestName();
  }
}
