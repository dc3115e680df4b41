package dev.pglambda.config;

/**
 * A configuration that cannot be used. The message is one line: where the value comes from, the
 * value, and what is expected.
 */
final class ConfigException extends Exception {
  private static final long serialVersionUID = 1L;
  private static final int LONGEST_QUOTE = 200;

  /** Names the option or the variable, what is there (see {@link #quote}), and what should be. */
  ConfigException(String source, String actual, String expected) {
    super(source + ": " + actual + " (expected: " + expected + ")");
  }

  /** The text in quotes, on one line, not too long, and without the password of a URL. */
  static String quote(String text) {
    String line = text.replaceAll("\\p{Cntrl}", "?").replaceAll("//[^/@]*@", "//...@");
    return "\""
        + (line.length() > LONGEST_QUOTE ? line.substring(0, LONGEST_QUOTE) + "..." : line)
        + "\"";
  }
}
