package dev.pglambda.intercept.direct;

import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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

  private static final Set<String> NEVER =
      Set.of("One-Time Filter: false", "One-Time Filter: NULL::boolean");

  private static final String NODE = "->  ";

  /** What is evaluated for itself, if at all. */
  private static final Pattern SUB_PLAN = Pattern.compile("(?:InitPlan|SubPlan|CTE) ");

  /** A node that writes to a table; in older versions a temporary one's schema has a number. */
  private static final Pattern WRITE =
      Pattern.compile(
          "(?: +->  )?(?:Insert|Update|Delete|Merge) on (?<temporary>pg_temp(?:_\\d+)?\\.)?.*");

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

  /**
   * Whether the calls are reached. They are not if the plan has nothing but a condition that is
   * false, or if the server is going to refuse the statement before.
   */
  public boolean reachesCalls() {
    return !refusesToWrite() && !isEmpty();
  }

  /** Whether it writes, perhaps in its WITH: then all of its rows are made before one is sent. */
  public boolean writes() {
    return lines.stream().anyMatch(line -> WRITE.matcher(line).matches());
  }

  /** A temporary table can be written to in a read-only transaction, but not be created. */
  private boolean refusesToWrite() {
    return readOnly && (createsTable || lines.stream().anyMatch(PlanOutline::writesForGood));
  }

  private static boolean writesForGood(String line) {
    Matcher write = WRITE.matcher(line);
    return write.matches() && write.group("temporary") == null;
  }

  /** Whether each node has one other beneath it, and one of them a condition that is false. */
  private boolean isEmpty() {
    int depth = -1;
    boolean result = false;
    boolean never = false;
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).stripLeading();
      int indentation = lines.get(i).length() - line.length();
      if (SUB_PLAN.matcher(line).lookingAt()) {
        i = lastWithin(i, indentation);
      } else if (i == 0 || line.startsWith(NODE)) {
        if (indentation <= depth) {
          return false;
        }
        depth = indentation;
        result = line.equals("Result") || line.equals(NODE + "Result");
      } else {
        never |= result && NEVER.contains(line);
      }
    }
    return never;
  }

  private int lastWithin(int first, int indentation) {
    String inside = " ".repeat(indentation + 1);
    int last = first;
    while (last + 1 < lines.size() && lines.get(last + 1).startsWith(inside)) {
      last++;
    }
    return last;
  }
}
