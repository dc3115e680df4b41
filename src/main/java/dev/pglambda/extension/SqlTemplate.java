package dev.pglambda.extension;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * SQL text from a resource, with places {@code {{name}}} to be filled. {@code {{name.sql}}} is the
 * template of that name. What is filled in is not searched for further places.
 */
final class SqlTemplate {
  private static final Pattern PLACE = Pattern.compile("\\{\\{(\\w+)}}");
  private static final Pattern TEMPLATE = Pattern.compile("\\{\\{(\\w+\\.sql)}}");

  private final String name;
  private final String text;

  private SqlTemplate(String name, String text) {
    this.name = name;
    this.text = text;
  }

  /** The template in the resource of that name in {@code install/}. */
  static SqlTemplate named(String name) {
    String text = ExtensionScript.read("install/" + name).strip();
    return new SqlTemplate(
        name,
        TEMPLATE
            .matcher(text)
            .replaceAll(place -> Matcher.quoteReplacement(named(place.group(1)).text)));
  }

  /** The text as it is. */
  String text() {
    return text;
  }

  /** The text with all places filled, for each of which there must be a value. */
  String fill(Map<String, String> values) {
    return PLACE
        .matcher(text)
        .replaceAll(
            place -> {
              String value = values.get(place.group(1));
              if (value == null) {
                throw new IllegalArgumentException(name + ": no value for " + place.group());
              }
              return Matcher.quoteReplacement(value);
            });
  }

  /** A dollar-quoted constant that reads the same under every setting; NULL for null. */
  static String literal(@Nullable String value) {
    return value == null ? "NULL" : dollarQuoted(value, "pglambda");
  }

  /**
   * A constant in dollar quotes of a tag, or one like it if the text has it (PostgreSQL manual,
   * "Dollar-Quoted String Constants").
   */
  static String dollarQuoted(String text, String tag) {
    String free = tag;
    for (int i = 2; text.contains("$" + free); i++) {
      free = tag + "_" + i;
    }
    return "$" + free + "$" + text + "$" + free + "$";
  }
}
