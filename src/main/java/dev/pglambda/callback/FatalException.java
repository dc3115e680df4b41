package dev.pglambda.callback;

import dev.pglambda.lambda.SqlError;

/** The link cannot go on: FATAL is answered and it is closed. */
final class FatalException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient SqlError error;

  FatalException(SqlError error) {
    // A peer's mistake, not ours: a stack trace would say nothing.
    super(error.message(), null, false, false);
    this.error = error;
  }

  /** The peer broke the protocol. */
  static FatalException protocolViolation(String message) {
    return new FatalException(new SqlError("08P01", message, null, null));
  }

  SqlError error() {
    return error;
  }
}
