package dev.pglambda.limits;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * How many bytes the process may hold for its sessions, and each of them; what is only passed on
 * does not count. Thread-safe.
 *
 * <p>No session gets more than is left for all others: the first can have half, two of them a third
 * each, so that a session that comes later always finds something (dynamic thresholds, as switches
 * share their buffers: Choudhury and Hahne, IEEE/ACM Transactions on Networking 6.2).
 */
public final class MemoryBudget {
  /**
   * A message up to here is not worth an account: a read of a connection that is relayed takes as
   * much.
   */
  public static final int SMALL = 64 * 1024;

  private static final int SHARE_OF_HEAP = 2;

  private final long limit;
  private final long accountLimit;
  private final AtomicLong used = new AtomicLong();

  /** Limits in bytes: of the process, and of each session. */
  public MemoryBudget(long limit, long accountLimit) {
    this.limit = limit;
    this.accountLimit = accountLimit;
  }

  public static long defaultLimit() {
    return Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP;
  }

  public static MemoryBudget unlimited() {
    return new MemoryBudget(Long.MAX_VALUE / 4, Long.MAX_VALUE / 4);
  }

  /** An account of a session, or of what else holds bytes by itself. */
  public MemoryAccount open() {
    return new MemoryAccount(this);
  }

  public long used() {
    return used.get();
  }

  /** Reserves for an account that has {@code own}; null, or why it cannot. */
  MemoryAccount.@Nullable Refusal reserve(long own, long bytes) {
    if (own + bytes > accountLimit) {
      return new MemoryAccount.Refusal("--max-memory-per-session", accountLimit, bytes);
    }
    while (true) {
      long before = used.get();
      if (own + bytes > limit - before - bytes) {
        return new MemoryAccount.Refusal("--max-memory", limit, bytes);
      }
      if (used.compareAndSet(before, before + bytes)) {
        return null;
      }
    }
  }

  void add(long bytes) {
    used.addAndGet(bytes);
  }
}
