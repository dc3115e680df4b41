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
   * An option has a value with which no start can succeed; the message is one line that names both.
   */
  static StartException badUsage(String message, @Nullable Throwable cause) {
    return new StartException(message, true, cause);
  }

  /**
   * Something else failed, such as the embedded server, the end of whose log may follow the
   * message.
   */
  static StartException failure(String message, @Nullable Throwable cause) {
    return new StartException(message, false, cause);
  }

  /** Whether the user must change an option. */
  public boolean isBadUsage() {
    return badUsage;
  }
}
