package dev.pglambda.intercept.direct;

import java.util.List;

/**
 * What PostgreSQL's plan for a statement tells before it is executed. EXPLAIN also checks the
 * privileges, and whether the table that is to be created is there. Its words are the same in all
 * languages.
 */
public final class PlanOutline {
  /** Goes before the statement. */
  public static final String EXPLAIN = "EXPLAIN (VERBOSE, COSTS OFF) ";

  /** Tells whether the transaction is read-only: on or off. */
  public static final String READ_ONLY_QUERY =
      "SELECT pg_catalog.current_setting('transaction_read_only')";

  private static final String NEVER = "One-Time Filter: false";

  private final List<String> lines;
  private final boolean readOnly;
  private final boolean createsTable;

  /**
   * @param lines of EXPLAIN's answer
   * @param readOnly whether the transaction is
   * @param createsTable whether the statement is CREATE TABLE AS
   */
  public PlanOutline(List<String> lines, boolean readOnly, boolean createsTable) {
    this.lines = lines;
    this.readOnly = readOnly;
    this.createsTable = createsTable;
  }

  /** Whether it is an INSERT. */
  public boolean inserts() {
    return !lines.isEmpty() && lines.get(0).startsWith("Insert on ");
  }

  /**
   * Whether the calls are reached. They are not if the plan has nothing but a condition that is
   * false, or if the server is going to refuse the statement before.
   */
  public boolean reachesCalls() {
    return !refusesToWrite()
        && !isEmpty("", "Result", "  ")
        && !(inserts() && isEmpty("  ->  ", "Result", "        "));
  }

  /** A temporary table can be written to in a read-only transaction, but not be created. */
  private boolean refusesToWrite() {
    return readOnly
        && (createsTable || (inserts() && !lines.get(0).startsWith("Insert on pg_temp.")));
  }

  private boolean isEmpty(String arrow, String node, String indentation) {
    int place = arrow.isEmpty() ? 0 : lines.indexOf(arrow + node);
    return place >= 0
        && lines.size() > place
        && lines.get(place).equals(arrow + node)
        && lines.contains(indentation + NEVER);
  }
}
