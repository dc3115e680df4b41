package dev.pglambda.lambda;

import org.jspecify.annotations.Nullable;

/**
 * The Lambda API could not be reached, did not answer in time, or refused the request. The message
 * is the text that RDS quotes as {@code AWS Lambda client returned '...'}; the cause, if any, is
 * for the proxy's own log.
 */
public final class InvocationException extends Exception {
  private static final long serialVersionUID = 1L;

  private final @Nullable String hint;

  /**
   * @param message what the Lambda client says of the failure
   * @param cause what really happened, or null
   */
  public InvocationException(String message, @Nullable Throwable cause) {
    this(message, null, cause);
  }

  /**
   * @param message what the Lambda client says of the failure
   * @param hint for the HINT: a cause that a user can do something about, or null
   * @param cause what really happened, or null
   */
  public InvocationException(String message, @Nullable String hint, @Nullable Throwable cause) {
    super(message, cause);
    this.hint = hint;
  }

  /** A cause that a user can do something about, or null. */
  public @Nullable String hint() {
    return hint;
  }
}
