package dev.pglambda.limits;

import org.jspecify.annotations.Nullable;

/**
 * The bytes that one session holds. Who reserves releases, once; what is left at the end is
 * released by {@link #close}, and everything after that counts for nothing. Thread-safe.
 */
public final class MemoryAccount implements AutoCloseable {
  private final MemoryBudget budget;
  private long used;
  private boolean closed;
  private @Nullable Refusal refusal;

  MemoryAccount(MemoryBudget budget) {
    this.budget = budget;
  }

  /**
   * Why bytes were not reserved.
   *
   * @param limit value of the option, in bytes
   * @param bytes how many were asked for
   */
  public record Refusal(String option, long limit, long bytes) {

    /** For the DETAIL of an error with SQLSTATE 53200, whose message is {@link #MESSAGE}. */
    public String detail() {
      return "pg-lambda-proxy cannot hold %d bytes more for this session (%s is %d kB)."
          .formatted(bytes, option, limit / 1024);
    }

    /** PostgreSQL's words for SQLSTATE 53200. */
    public static final String MESSAGE = "out of memory";
  }

  /** Reserves bytes, before they are allocated; false: too many, {@link #refusal} tells why. */
  public synchronized boolean reserve(long bytes) {
    if (closed) {
      return true;
    }
    Refusal refused = budget.reserve(used, bytes);
    if (refused != null) {
      refusal = refused;
      return false;
    }
    used += bytes;
    return true;
  }

  public synchronized Refusal refusal() {
    return refusal == null ? new Refusal("--max-memory-per-session", 0, 0) : refusal;
  }

  /** Reserves bytes that are there already, and counted elsewhere until now. */
  public synchronized void take(long bytes) {
    if (!closed) {
      used += bytes;
      budget.add(bytes);
    }
  }

  public synchronized void release(long bytes) {
    if (!closed) {
      used -= bytes;
      budget.add(-bytes);
    }
  }

  public synchronized long used() {
    return used;
  }

  @Override
  public synchronized void close() {
    release(used);
    closed = true;
  }
}
