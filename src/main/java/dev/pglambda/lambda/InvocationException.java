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
  private final boolean outcomeUnknown;

  /** Of a request that was not sent, or not accepted. */
  public InvocationException(String message, @Nullable Throwable cause) {
    this(message, false, null, cause);
  }

  /**
   * @param message what the Lambda client says of the failure
   * @param outcomeUnknown whether the request had been sent, so that the function may have run
   * @param hint for the HINT: a cause that a user can do something about, or null
   * @param cause what really happened, or null
   */
  InvocationException(
      String message, boolean outcomeUnknown, @Nullable String hint, @Nullable Throwable cause) {
    super(message, cause);
    this.outcomeUnknown = outcomeUnknown;
    this.hint = hint;
  }

  /** Whether the request had been sent, so that the function may have run. */
  public boolean isOutcomeUnknown() {
    return outcomeUnknown;
  }

  /**
   * What really happened, for the log; never the payload, which no exception of the SDK carries.
   */
  String reason() {
    Throwable first = getCause();
    if (first == null) {
      return String.valueOf(getMessage());
    }
    Throwable root = first;
    for (Throwable cause = root; cause != null; cause = cause.getCause()) {
      root = cause;
    }
    return root == first ? first.toString() : first.getMessage() + "; root cause: " + root;
  }

  /** A cause that a user can do something about, or null. */
  public @Nullable String hint() {
    return hint;
  }
}
