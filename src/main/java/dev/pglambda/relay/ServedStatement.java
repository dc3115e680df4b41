package dev.pglambda.relay;

import dev.pglambda.intercept.ErrorPosition;
import dev.pglambda.intercept.Rewrite.RewrittenStatement;
import dev.pglambda.intercept.direct.DirectPlan;
import dev.pglambda.protocol.ErrorFields;
import java.util.List;

/**
 * A prepared statement whose calls the proxy serves.
 *
 * @param plan how
 * @param completed what was replaced in the client's text before the plan was made
 * @param parameterTypes object ids of the types of the client's own parameters
 */
record ServedStatement(
    DirectPlan plan, List<RewrittenStatement> completed, List<Integer> parameterTypes) {

  /** Octets that the statement takes, about: its texts are there as characters. */
  long octets() {
    long characters = (long) plan.text().length() + plan.statementToExplain().length();
    for (String each : plan.statementsToPlan()) {
      characters += each.length();
    }
    return 2 * characters;
  }

  /** Turns the position of an error in the statement into the one in the client's text. */
  void mend(ErrorFields fields) {
    ErrorPosition.mend(fields, plan.rewritten());
    ErrorPosition.mend(fields, completed);
  }
}
