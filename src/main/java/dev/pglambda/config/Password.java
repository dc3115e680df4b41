package dev.pglambda.config;

import java.util.regex.Pattern;

/** A password, of visible ASCII, that must not be shown: {@link #toString()} hides it. */
public record Password(String text) {
  private static final Pattern ALLOWED = Pattern.compile("[!-~]{8,128}");

  /**
   * Throws IllegalArgumentException for a wrong length or other characters, without showing them.
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
