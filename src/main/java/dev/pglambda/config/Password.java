package dev.pglambda.config;

import java.util.regex.Pattern;

/** A password that must not be shown: {@link #toString()} hides it. */
public record Password(String text) {
  private static final Pattern ALLOWED = Pattern.compile("[^\\p{Cntrl}]{1,1000}");
  private static final Pattern VISIBLE = Pattern.compile("[!-~]{8,128}");
  private static final Pattern TOKEN = Pattern.compile("[!-~]{16,1000}");

  /**
   * Throws IllegalArgumentException for a wrong length or a control character, without showing
   * them.
   */
  public Password {
    require(ALLOWED, text);
  }

  /** One that is new, of visible ASCII and long enough; otherwise like the constructor. */
  static Password ofVisible(String text) {
    require(VISIBLE, text);
    return new Password(text);
  }

  /** A token, of visible ASCII; otherwise like the constructor. */
  static Password ofToken(String text) {
    require(TOKEN, text);
    return new Password(text);
  }

  private static void require(Pattern allowed, String text) {
    if (!allowed.matcher(text).matches()) {
      throw new IllegalArgumentException(text.length() + " characters, not shown");
    }
  }

  @Override
  public String toString() {
    return "(hidden)";
  }
}
