package dev.pglambda.listener;

import io.netty.channel.Channel;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The connections that have not said yet what they want, or were refused and are not closed yet.
 *
 * <p>A client, a cancel request and a call of the server's are told apart by their first packet. So
 * where there are too many, the one that has waited longest is closed: a newcomer may be any of
 * them, and most send their packet at once. Thread-safe.
 */
final class PendingClients {
  private final int most;

  /** In the order in which they came. Guarded by this. */
  private final Set<Channel> waiting = new LinkedHashSet<>();

  PendingClients(int most) {
    this.most = most;
  }

  void add(Channel channel) {
    List<Channel> surplus;
    synchronized (this) {
      waiting.add(channel);
      surplus = takeOldest(waiting.size() - most);
    }
    surplus.forEach(Channel::close);
  }

  /** A connection has said what it wants, or is closed. */
  synchronized void remove(Channel channel) {
    waiting.remove(channel);
  }

  /** Closes the older half: the process needs their file descriptors. */
  void closeHalf() {
    List<Channel> half;
    synchronized (this) {
      half = takeOldest((waiting.size() + 1) / 2);
    }
    half.forEach(Channel::close);
  }

  private List<Channel> takeOldest(int count) {
    List<Channel> oldest = new ArrayList<>(Math.max(0, count));
    Iterator<Channel> next = waiting.iterator();
    for (int i = 0; i < count; i++) {
      oldest.add(next.next());
      next.remove();
    }
    return oldest;
  }
}
