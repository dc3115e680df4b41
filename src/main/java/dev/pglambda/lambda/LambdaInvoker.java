package dev.pglambda.lambda;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Something that runs Lambda functions: AWS, an endpoint that speaks its API, or functions inside
 * this process.
 */
public interface LambdaInvoker extends AutoCloseable {

  /**
   * Sends one invocation, at most once. Never blocks; completes on any thread, and fails only with
   * {@link InvocationException}. Cancelling it aborts the request.
   */
  CompletableFuture<InvocationResult> invoke(Invocation invocation);

  /** Where an invocation would go, for people; null: where all go. */
  default @Nullable String route(Invocation invocation) {
    return null;
  }

  /** What there is to choose from, in the order of choice. */
  default List<RouteState> routes() {
    return List.of();
  }

  /**
   * Completes, perhaps with a failure, when nothing is left to run behind calls that were answered
   * before: Events.
   */
  default CompletableFuture<Void> drained() {
    return CompletableFuture.completedFuture(null);
  }

  /** Ends what the invoker holds; calls in progress fail. May block for a short time. */
  @Override
  void close();
}
