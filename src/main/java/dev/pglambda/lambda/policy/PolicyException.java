package dev.pglambda.lambda.policy;

/**
 * A policy that cannot be used. The message is one line: the file, the place in it, what stands
 * there and what is expected.
 */
public final class PolicyException extends Exception {
  private static final long serialVersionUID = 1L;
  private static final int LONGEST_QUOTE = 200;

  PolicyException(String place, String actual, String expected) {
    super("%s: %s (expected: %s)".formatted(place, shortened(actual), expected));
  }

  private static String shortened(String text) {
    String line = text.replaceAll("\\s+", " ");
    return line.length() > LONGEST_QUOTE ? line.substring(0, LONGEST_QUOTE) + "..." : line;
  }
}
