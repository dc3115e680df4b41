package dev.pglambda;

import org.jspecify.annotations.Nullable;

/** The proxy cannot start as configured. */
public final class StartException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean badUsage;

  private StartException(String message, boolean badUsage, @Nullable Throwable cause) {
    super(message, cause);
    this.badUsage = badUsage;
  }

  /**
   * An option has a value with which no start can succeed.
   *
   * @param message one line that names the option and its value
   * @param cause what happened, or null
   */
  static StartException badUsage(String message, @Nullable Throwable cause) {
    return new StartException(message, true, cause);
  }

  /**
   * Something else failed, such as the embedded server.
   *
   * @param message for the user; further lines may be the end of a log
   * @param cause what happened, or null
   */
  static StartException failure(String message, @Nullable Throwable cause) {
    return new StartException(message, false, cause);
  }

  /** Whether the user must change an option. */
  public boolean isBadUsage() {
    return badUsage;
  }
}
