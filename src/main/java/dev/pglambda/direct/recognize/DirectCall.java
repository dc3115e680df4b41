package dev.pglambda.direct.recognize;

import dev.pglambda.sql.ExtensionCall;
import org.jspecify.annotations.Nullable;

/**
 * A call that the proxy can serve itself.
 *
 * @param position where it stands
 * @param call the call
 * @param start offset of what is to be replaced: of the call if it stands in FROM, otherwise of the
 *     whole expression, with its parentheses and field selection, but without its alias
 * @param end offset just past that
 * @param field what is selected from the call's result, as {@code payload} in {@code
 *     (invoke(..)).payload}, or {@code *}; null for all of it as one value
 * @param named whether an alias follows
 * @param arn if the call's {@code function_name} is exactly a call of {@code
 *     create_lambda_function_arn}, perhaps in parentheses, that call; otherwise null
 */
public record DirectCall(
    Position position,
    ExtensionCall call,
    int start,
    int end,
    @Nullable String field,
    boolean named,
    @Nullable ExtensionCall arn) {

  /** Where a call stands. */
  public enum Position {
    /** It is the first item of the statement's FROM. */
    FROM,
    /** It is an item of the target list of a SELECT without FROM. */
    TARGET
  }
}
