package dev.pglambda.callback;

import dev.pglambda.limits.LogThrottle;
import dev.pglambda.protocol.SqlError;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Refuses links that prove no password. Where an address has had several refused within a minute,
 * each further one waits for its answer. Links that prove it never wait, and one address is no
 * matter of another's. Thread-safe.
 */
final class FailedLogins {
  private static final Logger log = LoggerFactory.getLogger(FailedLogins.class);

  /** In a minute, before further ones wait. */
  static final int ANSWERED_AT_ONCE = 5;

  static final Duration DELAY = Duration.ofSeconds(1);
  private static final long MINUTE_NS = TimeUnit.MINUTES.toNanos(1);
  private static final int MOST_ADDRESSES = 1000;
  private static final LogThrottle MANY = new LogThrottle();

  private final LongSupplier nanoTime;

  /** Guarded by itself. The addresses with the latest failures. */
  private final Map<InetAddress, Failures> byAddress =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<InetAddress, Failures> eldest) {
          return size() > MOST_ADDRESSES;
        }
      };

  private record Failures(long since, int count) {}

  /** The clock is {@link System#nanoTime} but in tests. */
  FailedLogins(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /**
   * Answers FATAL and closes, now or later; until then no further message is handled. Called on the
   * link's event loop.
   *
   * @return what is to be cancelled when the link is closed; null: it was answered
   */
  @Nullable ScheduledFuture<?> refuse(Link link, SqlError error) {
    link.refused(error); // its client may not wait for the answer
    if (!(link.peer() instanceof InetSocketAddress peer)
        || count(peer.getAddress()) <= ANSWERED_AT_ONCE) {
      link.fail(error);
      return null;
    }
    link.hold();
    return link.schedule(() -> link.fail(error), DELAY);
  }

  /** Counts one failure more; returns how many there were within the last minute. */
  int count(InetAddress address) {
    long now = nanoTime.getAsLong();
    int count;
    synchronized (byAddress) {
      Failures before = byAddress.get(address);
      Failures after =
          before == null || now - before.since() >= MINUTE_NS
              ? new Failures(now, 1)
              : new Failures(before.since(), before.count() + 1);
      byAddress.put(address, after);
      count = after.count();
    }
    if (count == ANSWERED_AT_ONCE + 1) {
      MANY.warn(
          log,
          "{} callback links of {} were refused within a minute; further ones are answered after {} s",
          count,
          address.getHostAddress(),
          DELAY.toSeconds());
    }
    return count;
  }

  /** How many addresses are known. */
  int addresses() {
    synchronized (byAddress) {
      return byAddress.size();
    }
  }
}
