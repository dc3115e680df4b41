package dev.pglambda.lambda;

import dev.pglambda.protocol.SqlError;
import org.jspecify.annotations.Nullable;

/** What a call of {@code aws_lambda.invoke} comes to in SQL: a row or an error. */
public sealed interface InvokeAnswer {

  /**
   * The call returned.
   *
   * @param result the four OUT columns; {@link InvocationResult#functionError()} is null
   * @param warning a WARNING to raise beside the row, or null
   */
  record Row(InvocationResult result, @Nullable SqlError warning) implements InvokeAnswer {}

  /**
   * The call raises an ordinary PostgreSQL error.
   *
   * @param error what to raise
   */
  record Failure(SqlError error) implements InvokeAnswer {}
}
