package dev.pglambda.conformance;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads what {@code direct:} says of a case or a statement. */
final class Range {
  private static final Pattern OUT_OF_RANGE = Pattern.compile("(?s)no,\\s*(\\S.*)");

  private Range() {}

  /**
   * Why the proxy does not serve it itself.
   *
   * @throws IllegalArgumentException if that is not what it says
   */
  static String reason(String value) {
    Matcher matcher = OUT_OF_RANGE.matcher(value);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "direct: %s (expected: no, and the reason behind a comma)".formatted(value));
    }
    return matcher.group(1).replaceAll("\\s+", " ");
  }
}
