package dev.pglambda.relay;

import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * An error of the server's has ended a series of the proxy's own messages; the client has got it.
 */
public final class ServerError extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean synced;

  /**
   * @param synced whether a Sync was sent behind it, whose ReadyForQuery is the client's; else the
   *     server skips what was sent behind it, up to a Sync
   */
  ServerError(boolean synced) {
    super("the server has answered an error", null, false, false);
    this.synced = synced;
  }

  boolean isSynced() {
    return synced;
  }

  /** Why a stage has failed; null if the server's error is not the reason. */
  static @Nullable ServerError of(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof ServerError error ? error : null;
  }
}
