package dev.pglambda.direct.plan;

import dev.pglambda.sql.ExtensionCall;
import dev.pglambda.sql.ExtensionCall.Argument;
import org.jspecify.annotations.Nullable;

/**
 * An expression whose value is an argument of a call.
 *
 * @param call of which function it is an argument
 * @param name its name in named notation; null in positional notation
 * @param start offset of its first token
 * @param end offset just past its last token
 * @param unknown whether PostgreSQL gives it no type of its own: a constant in quotes, NULL, or a
 *     parameter without a type (manual, "Type Conversion")
 */
record ArgumentExpression(
    ExtensionCall call, @Nullable String name, int start, int end, boolean unknown) {

  ArgumentExpression(ExtensionCall call, Argument argument, boolean unknown) {
    this(call, argument.name(), argument.start(), argument.end(), unknown);
  }
}
