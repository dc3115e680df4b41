package dev.pglambda.lambda.local;

/** A function's program cannot be started; the message is what the caller reads. */
final class EntrypointException extends Exception {
  private static final long serialVersionUID = 1L;

  EntrypointException(String message) {
    super(message);
  }

  /** In the words of the service. */
  static EntrypointException of(String program, String reason) {
    return new EntrypointException("fork/exec " + program + ": " + reason);
  }
}
