package dev.pglambda.callback;

import dev.pglambda.lambda.CallOrigin;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What a call back can learn of the clients' sessions at this proxy, by a session's token ({@link
 * CallbackParameter#session()}). Thread-safe.
 */
@FunctionalInterface
public interface ProxySessions {
  /**
   * A call of a session is about to be made.
   *
   * @return completes, on any thread, when the session ends, complete if it has; null if it is not
   *     known here
   */
  @Nullable CompletionStage<?> end(String token);

  /** Where the calls of a session come from. */
  default CallOrigin origin(String token) {
    return CallOrigin.UNKNOWN;
  }
}
