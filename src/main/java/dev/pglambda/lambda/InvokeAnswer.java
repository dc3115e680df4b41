package dev.pglambda.lambda;

import dev.pglambda.protocol.SqlError;
import org.jspecify.annotations.Nullable;

/** What a call of {@code aws_lambda.invoke} comes to in SQL: a row or an error. */
public sealed interface InvokeAnswer {

  /**
   * The call returned a result, whose {@link InvocationResult#functionError()} is null and whose
   * payload is text in UTF-8 without zero characters, if not JSON. It raises a warning beside the
   * row if there is one.
   */
  record Row(InvocationResult result, @Nullable SqlError warning) implements InvokeAnswer {}

  /** The call raises an ordinary PostgreSQL error. */
  record Failure(SqlError error) implements InvokeAnswer {}
}
