package dev.pglambda.config;

import java.util.EnumMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The options that were given, as text: on the command line and, where that is silent, in the
 * environment.
 */
final class Settings {
  /** Set to anything but nothing, it says that a user wants no colours (no-color.org). */
  private static final String NO_COLOUR = "NO_COLOR";

  private final Map<Option, Setting> given = new EnumMap<>(Option.class);
  private final boolean colourUnwanted;

  /**
   * One option that was given.
   *
   * @param source the option or the variable that gave it
   * @param text its value, unchecked
   */
  private record Setting(String source, String text, boolean onCommandLine) {}

  /**
   * Merges both. A variable that is empty counts as not set.
   *
   * @throws ConfigException if there is a variable {@code PGLAMBDA_*} that is none of ours
   */
  Settings(Map<Option, String> commandLine, Map<String, String> environment)
      throws ConfigException {
    refuseUnknownVariables(environment);
    colourUnwanted = !environment.getOrDefault(NO_COLOUR, "").isEmpty();
    for (Option option : Option.values()) {
      String variable = option.variable();
      String text = variable == null ? null : environment.get(variable);
      if (variable != null && text != null && !text.isEmpty()) {
        given.put(option, new Setting(variable, text, false));
      }
    }
    commandLine.forEach(
        (option, text) -> given.put(option, new Setting(option.optionName(), text, true)));
  }

  private static void refuseUnknownVariables(Map<String, String> environment)
      throws ConfigException {
    TreeSet<String> unknown = new TreeSet<>(environment.keySet());
    unknown.removeIf(variable -> !variable.startsWith(Option.VARIABLE_PREFIX));
    for (Option option : Option.values()) {
      unknown.removeIf(variable -> variable.equals(option.variable()));
    }
    if (unknown.isEmpty()) {
      return;
    }
    String variable = unknown.first();
    String expected =
        variable.equals(Option.VARIABLE_PREFIX + Option.LAMBDA_ENDPOINT)
            ? "AWS_ENDPOINT_URL_LAMBDA, which the AWS SDK reads"
            : "a variable that --help lists";
    // Not its value: it may be a secret under a mistyped name.
    String actual = "unknown variable " + ConfigException.quote(variable);
    throw new ConfigException("environment", actual, expected);
  }

  /**
   * The value of an option that has a default; the parser throws IllegalArgumentException for a
   * text that is none.
   */
  <T> T value(Option option, Function<String, T> parser) throws ConfigException {
    T value = optional(option, parser);
    if (value != null) {
      return value;
    }
    String text = option.defaultText();
    if (text == null) {
      throw new IllegalStateException(option + " has no default");
    }
    return parser.apply(text);
  }

  /** The value of an option, or null if it is not given; otherwise like {@link #value}. */
  <T> @Nullable T optional(Option option, Function<String, T> parser) throws ConfigException {
    Setting setting = given.get(option);
    if (setting == null) {
      return null;
    }
    try {
      return parser.apply(setting.text());
    } catch (IllegalArgumentException e) {
      String actual =
          option == Option.EMBEDDED_PASSWORD
              ? String.valueOf(e.getMessage()) // which does not show it
              : ConfigException.quote(setting.text());
      throw new ConfigException(setting.source(), actual, option.expected());
    }
  }

  /** Like {@link #value} for a whole number within bounds. */
  int integer(Option option, int least, int most) throws ConfigException {
    return value(option, text -> Values.integer(text, least, most));
  }

  /** Like {@link #value} for the name of a constant, in any case, with hyphens. */
  <E extends Enum<E>> E constant(Option option, Class<E> type) throws ConfigException {
    return value(option, text -> Values.constant(type, text));
  }

  /** Whether the environment says that a terminal is to show no colours. */
  boolean isColourUnwanted() {
    return colourUnwanted;
  }

  boolean isGiven(Option option) {
    return given.containsKey(option);
  }

  /** Where an option that was given was given: its own name, or its variable's. */
  String source(Option option) {
    Setting setting = given.get(option);
    return setting == null ? option.toString() : setting.source();
  }

  /** The callback secret, or null if none is given: as text, or in a file. */
  @Nullable Secret callbackSecret() throws ConfigException {
    return textOrFile(
        Option.CALLBACK_SECRET,
        SecretReader::text,
        Option.CALLBACK_SECRET_FILE,
        SecretReader::file);
  }

  /** The same of the token for {@code --admin}. */
  @Nullable Password adminToken() throws ConfigException {
    return textOrFile(
        Option.ADMIN_TOKEN, SecretReader::token, Option.ADMIN_TOKEN_FILE, SecretReader::tokenFile);
  }

  /** The same of the password for users of IAM. */
  @Nullable Password iamPassword() throws ConfigException {
    return textOrFile(
        Option.IAM_PASSWORD,
        SecretReader::password,
        Option.IAM_PASSWORD_FILE,
        SecretReader::passwordFile);
  }

  /** Reads a secret from the text of a setting, which has a source. */
  private interface Reader<T> {
    T read(String source, String text) throws ConfigException;
  }

  private <T> @Nullable T textOrFile(
      Option textOption, Reader<T> ofText, Option fileOption, Reader<T> ofFile)
      throws ConfigException {
    Setting text = given.get(textOption);
    Setting file = given.get(fileOption);
    if (text == null) {
      return file == null ? null : ofFile.read(file.source(), file.text());
    }
    if (file == null || (text.onCommandLine() && !file.onCommandLine())) {
      return ofText.read(text.source(), text.text());
    }
    if (file.onCommandLine() && !text.onCommandLine()) {
      return ofFile.read(file.source(), file.text());
    }
    throw new ConfigException(
        file.source(),
        ConfigException.quote(file.text()),
        "not beside " + text.source() + ", which is given too");
  }
}
