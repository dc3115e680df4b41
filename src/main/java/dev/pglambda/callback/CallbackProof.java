package dev.pglambda.callback;

import java.time.Clock;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Whether the server has been seen to reach the proxy: unknown until a link has been admitted, or
 * until the server has tried and failed. What was seen last counts. Safe for use by many threads.
 */
public final class CallbackProof {
  private static final Seen NOTHING = new Seen(null, null);

  private final Clock clock;
  private final AtomicReference<Seen> seen = new AtomicReference<>(NOTHING);

  /** Neither: nothing was seen. */
  private record Seen(@Nullable Instant provenAt, @Nullable String failure) {}

  public CallbackProof(Clock clock) {
    this.clock = clock;
  }

  private Seen seen() {
    return Objects.requireNonNull(seen.get());
  }

  /** A link has been admitted. */
  public void proven() {
    seen.set(new Seen(clock.instant(), null));
  }

  /** The server could not reach the proxy, for a reason on one line; whether that is news. */
  public boolean failed(String reason) {
    return Objects.requireNonNull(seen.getAndSet(new Seen(null, reason))).failure == null;
  }

  /** When the last link was admitted; null if there was none, or the server has failed since. */
  public @Nullable Instant provenAt() {
    return seen().provenAt;
  }

  /** Why the server could not reach the proxy when it last tried; null if it could, or has not. */
  public @Nullable String failure() {
    return seen().failure;
  }

  /** {@code unknown}, {@code proven at <time>} or {@code failed: <reason>}. */
  @Override
  public String toString() {
    Seen now = seen();
    return now.failure != null
        ? "failed: " + now.failure
        : now.provenAt != null ? "proven at " + now.provenAt : "unknown";
  }
}
