package dev.pglambda.intercept;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Decides what becomes of the SQL text of a Query or Parse message. Called on event loops; must not
 * block.
 */
@FunctionalInterface
public interface Interceptor {
  /** The text has no parameters. */
  int NO_PARAMETERS = -1;

  /**
   * Looks at one text.
   *
   * @param buffer holds the text, without its terminating NUL; indexes must not be moved
   * @param index where it begins
   * @param length its octets
   * @param parameterTypes where, behind the text, a Parse message has the number of parameter types
   *     and then their object ids; {@link #NO_PARAMETERS} in a Query message, or if they are not
   *     there
   * @param settings what the server has reported of the session's settings
   * @return null if the text passes unchanged
   */
  @Nullable Rewrite inspect(
      ByteBuf buffer, int index, int length, int parameterTypes, ServerSettings settings);
}
