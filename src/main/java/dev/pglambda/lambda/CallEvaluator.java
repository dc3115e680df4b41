package dev.pglambda.lambda;

import java.util.concurrent.CompletableFuture;

/** Evaluates calls of {@code aws_lambda.invoke}. Safe for use by many threads. */
@FunctionalInterface
public interface CallEvaluator {
  /**
   * Evaluates one call. Never blocks; completes on any thread and never exceptionally: what goes
   * wrong is an {@link InvokeAnswer.Failure}. Cancelling it cancels the invocation.
   */
  CompletableFuture<InvokeAnswer> call(InvokeArguments arguments, CallOrigin origin);
}
