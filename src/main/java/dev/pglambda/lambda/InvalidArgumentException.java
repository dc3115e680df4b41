package dev.pglambda.lambda;

import dev.pglambda.protocol.SqlError;

/** An argument that {@code aws_lambda.invoke} refuses before anything is sent. */
final class InvalidArgumentException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient SqlError error;

  InvalidArgumentException(SqlError error) {
    super(error.message());
    this.error = error;
  }

  SqlError error() {
    return error;
  }
}
