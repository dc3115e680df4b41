package dev.pglambda.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The text forms of composite values and of arrays with one dimension (manual, "Composite Type
 * Input and Output Syntax" and "Array Input and Output Syntax").
 */
final class NestedLiteral {
  private static final Pattern BARE_FIELD = Pattern.compile("[^\"\\\\(),\\s]+");
  private static final Pattern BARE_ELEMENT = Pattern.compile("(?!(?i:NULL)$)[^\"\\\\{},\\s]+");

  private NestedLiteral() {}

  static String composite(List<? extends @Nullable String> fields) {
    List<String> parts = new ArrayList<>();
    for (String field : fields) {
      if (field == null) {
        parts.add("");
      } else if (BARE_FIELD.matcher(field).matches()) {
        parts.add(field);
      } else {
        parts.add('"' + field.replace("\\", "\\\\").replace("\"", "\"\"") + '"');
      }
    }
    return "(" + String.join(",", parts) + ")";
  }

  static String array(List<? extends @Nullable String> elements) {
    List<String> parts = new ArrayList<>();
    for (String element : elements) {
      if (element == null) {
        parts.add("NULL");
      } else if (BARE_ELEMENT.matcher(element).matches()) {
        parts.add(element);
      } else {
        parts.add('"' + element.replace("\\", "\\\\").replace("\"", "\\\"") + '"');
      }
    }
    return "{" + String.join(",", parts) + "}";
  }

  /**
   * The fields of a composite value.
   *
   * @throws IllegalArgumentException if it is not well formed
   */
  static List<@Nullable String> fields(String literal) {
    List<@Nullable String> fields = new ArrayList<>();
    for (Part part : parts(literal, '(', ')')) {
      fields.add(part.text().isEmpty() && !part.quoted() ? null : part.text());
    }
    return fields;
  }

  /**
   * The elements of an array.
   *
   * @throws IllegalArgumentException if it is not well formed
   */
  static List<@Nullable String> elements(String literal) {
    List<@Nullable String> elements = new ArrayList<>();
    if (!literal.equals("{}")) {
      for (Part part : parts(literal, '{', '}')) {
        elements.add(part.text().equalsIgnoreCase("NULL") && !part.quoted() ? null : part.text());
      }
    }
    return elements;
  }

  private record Part(String text, boolean quoted) {}

  private static List<Part> parts(String literal, char open, char close) {
    int end = literal.length() - 1;
    if (end < 1 || literal.charAt(0) != open || literal.charAt(end) != close) {
      throw new IllegalArgumentException(literal);
    }
    List<Part> parts = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    boolean inQuotes = false;
    boolean quoted = false;
    for (int i = 1; i < end; i++) {
      char c = literal.charAt(i);
      if (c == '\\' || (c == '"' && inQuotes && literal.charAt(i + 1) == '"')) {
        text.append(literal.charAt(++i));
      } else if (c == '"') {
        inQuotes = !inQuotes;
        quoted = true;
      } else if (c == ',' && !inQuotes) {
        parts.add(new Part(text.toString(), quoted));
        text.setLength(0);
        quoted = false;
      } else if ((c == open || c == close) && !inQuotes) {
        throw new IllegalArgumentException(literal + " (expected: one dimension)");
      } else {
        text.append(c);
      }
    }
    if (inQuotes) {
      throw new IllegalArgumentException(literal + " (expected: closing quote)");
    }
    parts.add(new Part(text.toString(), quoted));
    return parts;
  }
}
