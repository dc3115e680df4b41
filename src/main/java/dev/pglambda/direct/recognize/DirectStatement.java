package dev.pglambda.direct.recognize;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A statement all of whose calls of the extensions' functions stand where the proxy can serve them
 * itself.
 *
 * @param statementIndex which of the text's non-empty statements it is, from 0
 * @param start offset of its first character
 * @param end offset just past its last token
 * @param parameters the highest number of a parameter in it, 0 if there is none
 * @param tail if the calls stand in the target list, the offset just past that list's last token
 *     (what follows up to {@code end} is nothing, or its WHERE, LIMIT, OFFSET and FETCH); otherwise
 *     {@code end}
 * @param condition of the WHERE behind the target list; null if there is none
 * @param calls in the order in which they stand; at least one
 */
public record DirectStatement(
    int statementIndex,
    int start,
    int end,
    int parameters,
    int tail,
    @Nullable Condition condition,
    List<DirectCall> calls) {

  /**
   * The condition of a WHERE.
   *
   * @param start offset of its first token
   * @param end offset just past its last token
   */
  public record Condition(int start, int end) {}
}
