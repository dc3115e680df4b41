package dev.pglambda.lambda.aws;

import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Lets so many calls in at a time, whatever clients they use, and the others in the order in which
 * they came. Safe for use by many threads.
 */
final class ConcurrencyLimit {
  private final int most;

  // Guarded by this.
  private final Set<Place> waiting = new LinkedHashSet<>();
  private int taken;
  private boolean closed;

  ConcurrencyLimit(int most) {
    this.most = most;
  }

  /** What one call has or waits for; left once or more often, whatever becomes of the call. */
  final class Place {
    private final Runnable start;
    private final boolean isFree;

    /** Guarded by the limit. */
    private boolean held;

    private Place(Runnable start, boolean isFree) {
      this.start = start;
      this.isFree = isFree;
    }

    /** Whether the call does not have to wait, and begins by itself. */
    boolean isFree() {
      return isFree;
    }

    /** Never blocks, but starts the call that has waited longest. */
    void leave() {
      Place next = leaveFor();
      if (next != null) {
        next.start.run();
      }
    }

    private @Nullable Place leaveFor() {
      synchronized (ConcurrencyLimit.this) {
        if (!held) {
          waiting.remove(this);
          return null;
        }
        held = false;
        taken--;
        return closed ? null : next();
      }
    }

    private void take() {
      held = true;
      taken++;
    }
  }

  /**
   * Asks for a place. Where another one is left, {@code start} begins a call that has had to wait;
   * it must not block, nor leave its own place before it returns.
   */
  synchronized Place enter(Runnable start) {
    Place place = new Place(start, taken < most);
    if (place.isFree) {
      place.take();
    } else {
      waiting.add(place);
    }
    return place;
  }

  int most() {
    return most;
  }

  private @Nullable Place next() {
    var first = waiting.iterator();
    if (!first.hasNext()) {
      return null;
    }
    Place next = first.next();
    first.remove();
    next.take();
    return next;
  }

  /** Starts nothing any more. */
  synchronized void close() {
    closed = true;
    waiting.clear();
  }
}
