package dev.pglambda.callback;

import java.util.concurrent.atomic.AtomicInteger;

/** Counts the links that have authenticated. Thread-safe. */
final class LinkPlaces {
  private final int most;
  private final AtomicInteger taken = new AtomicInteger();

  LinkPlaces(int most) {
    this.most = most;
  }

  /** Takes a place, if there is one; {@link #leave} is to follow then. */
  boolean take() {
    if (taken.incrementAndGet() <= most) {
      return true;
    }
    taken.decrementAndGet();
    return false;
  }

  void leave() {
    taken.decrementAndGet();
  }
}
