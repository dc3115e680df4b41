package dev.pglambda.direct.flow;

import dev.pglambda.direct.plan.DirectPlan;
import dev.pglambda.intercept.ErrorPosition;
import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import dev.pglambda.protocol.ErrorFields;
import java.util.List;

/**
 * A prepared statement whose calls the proxy serves.
 *
 * @param plan how
 * @param before how many characters of the client's text stand before the statement
 * @param completed what was replaced in the client's text before the plan was made
 * @param clientText the client's text, cut in the middle if it is long, for people to read
 * @param parameterTypes object ids of the types of the client's own parameters
 */
record ServedStatement(
    DirectPlan plan,
    int before,
    List<ReplacedSpan> completed,
    String clientText,
    List<Integer> parameterTypes) {

  /** Bytes that the statement takes, about: its texts are there as characters. */
  long bytes() {
    long characters =
        (long) plan.rewritten().text().length()
            + plan.statementToExplain().length()
            + clientText.length();
    for (String each : plan.statementsToPlan()) {
      characters += each.length();
    }
    return 2 * characters;
  }

  /** Turns the position of an error in the statement into the one in the client's text. */
  void restorePosition(ErrorFields fields) {
    restorePosition(fields, plan.rewritten().spans());
  }

  /** The same of one in another form of the statement. */
  void restorePosition(ErrorFields fields, List<ReplacedSpan> rewritten) {
    ErrorPosition.restore(fields, rewritten);
    ErrorPosition.move(fields, before);
    ErrorPosition.restore(fields, completed);
  }
}
