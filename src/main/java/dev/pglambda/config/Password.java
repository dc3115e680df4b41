package dev.pglambda.config;

import java.util.regex.Pattern;

/**
 * A password that must not be shown: {@link #toString()} hides it.
 *
 * @param text visible ASCII
 */
public record Password(String text) {
  private static final Pattern ALLOWED = Pattern.compile("[!-~]{8,128}");

  /**
   * @throws IllegalArgumentException if it is too short or has other characters; the message does
   *     not show it
   */
  public Password {
    if (!ALLOWED.matcher(text).matches()) {
      throw new IllegalArgumentException(text.length() + " characters, not shown");
    }
  }

  @Override
  public String toString() {
    return "(hidden)";
  }
}
