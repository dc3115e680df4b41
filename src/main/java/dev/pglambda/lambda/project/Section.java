package dev.pglambda.lambda.project;

import dev.pglambda.lambda.project.SourceValue.Shape;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A map of the functions file, of whose keys and values only some are allowed. A value is null if
 * the key is not there.
 */
final class Section {
  private static final Pattern DURATION = Pattern.compile("([1-9]\\d{0,6})(ms|s|m)");
  private static final Pattern INTEGER = Pattern.compile("\\d{1,9}");

  private final SourceValue map;

  private Section(SourceValue map) {
    this.map = map;
  }

  /**
   * @param what the map's name in messages
   * @param keys those it may have
   */
  static Section of(SourceValue value, String what, List<String> keys) throws FunctionsException {
    if (!value.isMap()) {
      throw value.wrong(what, "a map with the keys " + String.join(", ", keys));
    }
    for (Map.Entry<String, SourceValue> entry : value.entries().entrySet()) {
      if (!keys.contains(entry.getKey())) {
        throw unknown(entry.getValue(), "key of " + what, entry.getKey(), keys);
      }
    }
    return new Section(value);
  }

  private static FunctionsException unknown(
      SourceValue at, String what, String word, List<String> known) {
    String expected =
        NearestWord.of(word, known)
            .map(nearest -> "\"" + nearest + "\"")
            .orElse(String.join(", ", known));
    return at.wrong(what, '"' + word + '"', expected);
  }

  boolean has(String key) {
    return map.entries().containsKey(key);
  }

  /** Which of some keys are there. */
  List<String> present(String... keys) {
    return Stream.of(keys).filter(this::has).toList();
  }

  @Nullable SourceValue value(String key) {
    return map.entries().get(key);
  }

  SourceValue required(String key, String expected) throws FunctionsException {
    SourceValue value = value(key);
    if (value == null) {
      throw map.wrong(key, "not there", expected);
    }
    return value;
  }

  /** That the text of a key is wrong. */
  FunctionsException valueWrong(String key, String expected) {
    SourceValue value = value(key);
    return (value == null ? map : value).wrong(key, expected);
  }

  FunctionsException wrong(String what, String actual, String expected) {
    return map.wrong(what, actual, expected);
  }

  @Nullable Section section(String key, List<String> keys) throws FunctionsException {
    SourceValue value = value(key);
    return value == null ? null : of(value, key, keys);
  }

  @Nullable String text(String key, String expected) throws FunctionsException {
    SourceValue value = value(key);
    if (value == null) {
      return null;
    }
    if (value.shape() != Shape.TEXT || value.text().isBlank()) {
      throw value.wrong(key, expected);
    }
    return value.text();
  }

  @Nullable String text(String key, Pattern form, String expected) throws FunctionsException {
    String text = text(key, expected);
    if (text != null && !form.matcher(text).matches()) {
      throw required(key, expected).wrong(key, expected);
    }
    return text;
  }

  /** One of some words, with what it stands for. */
  <T> T choice(String key, Map<String, T> choices, T byDefault) throws FunctionsException {
    List<String> words = choices.keySet().stream().sorted().toList();
    String text = text(key, String.join(", ", words));
    if (text == null) {
      return byDefault;
    }
    T choice = choices.get(text);
    if (choice == null) {
      throw unknown(required(key, text), key, text, words);
    }
    return choice;
  }

  @Nullable Duration duration(String key) throws FunctionsException {
    SourceValue value = value(key);
    if (value == null) {
      return null;
    }
    Matcher parts = DURATION.matcher(value.text());
    if (value.shape() != Shape.TEXT || !parts.matches()) {
      throw value.wrong(key, "a whole number with its unit, such as 300ms, 3s or 2m");
    }
    long number = Long.parseLong(parts.group(1));
    return switch (parts.group(2)) {
      case "ms" -> Duration.ofMillis(number);
      case "s" -> Duration.ofSeconds(number);
      default -> Duration.ofMinutes(number);
    };
  }

  Duration duration(String key, Duration byDefault) throws FunctionsException {
    Duration duration = duration(key);
    return duration == null ? byDefault : duration;
  }

  @Nullable Integer integer(String key, int least, int most) throws FunctionsException {
    SourceValue value = value(key);
    if (value == null) {
      return null;
    }
    boolean integer = value.shape() == Shape.NUMBER && INTEGER.matcher(value.text()).matches();
    int number = integer ? Integer.parseInt(value.text()) : -1;
    if (number < least || number > most) {
      throw value.wrong(key, "a whole number from %d to %d".formatted(least, most));
    }
    return number;
  }

  int integer(String key, int least, int most, int byDefault) throws FunctionsException {
    Integer integer = integer(key, least, most);
    return integer == null ? byDefault : integer;
  }

  /** A number from 0 to 1. */
  double rate(String key, double byDefault) throws FunctionsException {
    SourceValue value = value(key);
    if (value == null) {
      return byDefault;
    }
    double rate = value.shape() == Shape.NUMBER ? Double.parseDouble(value.text()) : -1;
    if (rate < 0 || rate > 1) {
      throw value.wrong(key, "a number from 0 (never) to 1 (always)");
    }
    return rate;
  }

  /** The elements of a list that is not empty; none if the key is not there. */
  List<SourceValue> list(String key, String expected) throws FunctionsException {
    SourceValue value = value(key);
    if (value == null) {
      return List.of();
    }
    if (value.elements().isEmpty()) {
      throw value.wrong(
          key, value.shape() == Shape.LIST ? "an empty list" : value.described(), expected);
    }
    return value.elements();
  }

  /** A list of texts or numbers, as they were written. */
  List<String> words(String key, Pattern form, String expected) throws FunctionsException {
    List<String> words = new ArrayList<>();
    for (SourceValue element : list(key, "a list of " + expected)) {
      if (!element.isScalar() || !form.matcher(element.text()).matches()) {
        throw element.wrong("element of " + key, expected);
      }
      words.add(element.text());
    }
    return words;
  }

  /** A map whose values are texts, numbers, true or false, as they were written; never shown. */
  Map<String, String> variables(String key, Pattern names, String expectedName)
      throws FunctionsException {
    Map<String, String> variables = new LinkedHashMap<>();
    SourceValue value = value(key);
    if (value == null) {
      return variables;
    }
    if (!value.isMap()) {
      throw value.wrong(key, "not a map", "a map");
    }
    for (Map.Entry<String, SourceValue> entry : value.entries().entrySet()) {
      SourceValue variable = entry.getValue();
      if (!names.matcher(entry.getKey()).matches()) {
        throw variable.wrong("key of " + key, '"' + entry.getKey() + '"', expectedName);
      } else if (!variable.isScalar()) {
        throw variable.wrong(key + "." + entry.getKey(), "text");
      } else if (!EnvironmentFile.canHold(variable.text())) {
        throw variable.wrong(key + "." + entry.getKey(), "text with U+0000", "text without it");
      }
      variables.put(entry.getKey(), variable.text());
    }
    return variables;
  }
}
