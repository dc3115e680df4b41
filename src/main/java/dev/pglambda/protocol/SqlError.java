package dev.pglambda.protocol;

import dev.pglambda.limits.MemoryAccount;
import org.jspecify.annotations.Nullable;

/**
 * An error or a warning as PostgreSQL is to raise it.
 *
 * @param sqlState five characters (PostgreSQL manual, appendix "PostgreSQL Error Codes")
 * @param message primary message
 * @param detail DETAIL, or null
 * @param hint HINT, or null
 */
public record SqlError(
    String sqlState, String message, @Nullable String detail, @Nullable String hint) {

  public SqlError(String sqlState, String message) {
    this(sqlState, message, null, null);
  }

  /** The proxy does not hold what was to be held. */
  public static SqlError outOfMemory(MemoryAccount.Refusal refusal) {
    return new SqlError(
        SqlState.OUT_OF_MEMORY, MemoryAccount.Refusal.MESSAGE, refusal.detail(), null);
  }
}
