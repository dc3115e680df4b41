package dev.pglambda.lambda.route;

import dev.pglambda.lambda.FunctionReference;
import dev.pglambda.lambda.InvocationException;
import org.jspecify.annotations.Nullable;

/** Who may call what. */
@FunctionalInterface
public interface Permissions {

  /**
   * The refusal of a call, in the service's words; null: the call may be made. Never blocks.
   *
   * @param role ARN of the role that calls; null: the proxy's own
   */
  @Nullable InvocationException refusal(FunctionReference function, @Nullable String role);
}
