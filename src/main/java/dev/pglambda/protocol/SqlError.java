package dev.pglambda.protocol;

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

  /** Without DETAIL and HINT. */
  public SqlError(String sqlState, String message) {
    this(sqlState, message, null, null);
  }
}
