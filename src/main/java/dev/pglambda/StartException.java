package dev.pglambda;

import org.jspecify.annotations.Nullable;

/**
 * The proxy cannot start as configured. The message is one line that names the option and its
 * value.
 */
public final class StartException extends Exception {
  private static final long serialVersionUID = 1L;

  /**
   * @param message one line for the user
   * @param cause what happened, or null
   */
  public StartException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
