package dev.pglambda.intercept;

import dev.pglambda.protocol.ParseMessage;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Decides what becomes of the SQL text of a Query or Parse message. Called on event loops; must not
 * block.
 */
public interface Interceptor {
  /** No text is of concern. */
  Interceptor NONE =
      new Interceptor() {
        @Override
        public Concern concern(ByteBuf buffer, int index, int length) {
          return Concern.NONE;
        }

        @Override
        public @Nullable Rewrite inspect(
            ByteBuf buffer, int index, int length, int parameterTypes, ServerSettings settings) {
          return null;
        }
      };

  /** The text has no parameters. */
  int NO_PARAMETERS = ParseMessage.NO_TYPES;

  /** Why a text is to be shown to {@link #inspect}. */
  enum Concern {
    /** It is not. */
    NONE,
    /** It calls a procedure, which may install the extension. */
    PROCEDURE,
    /** It mentions the extensions. */
    EXTENSION
  }

  /**
   * Whether a text is to be shown to {@link #inspect}, whatever the session's settings: a search
   * through its bytes, which allocates nothing.
   *
   * @param buffer holds the text, without its terminating NUL; indexes must not be moved
   * @param index where it begins
   * @param length its bytes
   */
  Concern concern(ByteBuf buffer, int index, int length);

  /**
   * Looks at one text that is of concern.
   *
   * @param buffer holds the text, without its terminating NUL; indexes must not be moved
   * @param index where it begins
   * @param length its bytes
   * @param parameterTypes where, behind the text, a Parse message has the number of parameter types
   *     and then their object ids; {@link #NO_PARAMETERS} in a Query message, or if they are not
   *     there
   * @param settings the session's settings with which the server is going to read the text
   * @return null if the text passes unchanged
   */
  @Nullable Rewrite inspect(
      ByteBuf buffer, int index, int length, int parameterTypes, ServerSettings settings);
}
