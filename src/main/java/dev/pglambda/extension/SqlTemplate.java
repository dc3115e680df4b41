package dev.pglambda.extension;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * SQL text from a resource, with places {@code {{name}}} to be filled. What is filled in is not
 * searched for further places.
 */
final class SqlTemplate {
  private static final Pattern PLACE = Pattern.compile("\\{\\{(\\w+)}}");

  private final String name;
  private final String text;

  private SqlTemplate(String name, String text) {
    this.name = name;
    this.text = text;
  }

  /** The template in the resource of that name in {@code install/}. */
  static SqlTemplate named(String name) {
    return new SqlTemplate(
        name, new String(ExtensionFiles.read("install/" + name), US_ASCII).strip());
  }

  /** The text as it is. */
  String text() {
    return text;
  }

  /**
   * The text with all places filled.
   *
   * @throws IllegalArgumentException if there is no value for a place
   */
  String fill(Map<String, String> values) {
    return PLACE.matcher(text).replaceAll(place -> replacement(place.group(1), values));
  }

  private String replacement(String place, Map<String, String> values) {
    String value = values.get(place);
    if (value == null) {
      throw new IllegalArgumentException(name + ": no value for {{" + place + "}}");
    }
    return Matcher.quoteReplacement(value);
  }

  /** A dollar-quoted constant that reads the same under every setting; NULL for null. */
  static String literal(@Nullable String value) {
    return value == null ? "NULL" : dollarQuoted(value, "pglambda");
  }

  /**
   * A dollar-quoted constant (PostgreSQL manual, "Dollar-Quoted String Constants").
   *
   * @param tag preferred tag; one like it is taken if the text has it
   */
  static String dollarQuoted(String text, String tag) {
    String free = tag;
    for (int i = 2; text.contains("$" + free); i++) {
      free = tag + "_" + i;
    }
    return "$" + free + "$" + text + "$" + free + "$";
  }
}
