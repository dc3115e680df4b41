package dev.pglambda.intercept;

import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides what becomes of the SQL text of a Query or Parse message. Called on event loops; must not
 * block.
 */
public interface Interceptor {
  /** No text is of concern. */
  Interceptor NONE = (buffer, index, length) -> Concern.NONE;

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
   * Whether a text, without its terminating NUL, is to be shown to {@link #inspect}, whatever the
   * session's settings: a search through its bytes, which allocates nothing. The buffer's indexes
   * must not be moved.
   */
  Concern concern(ByteBuf buffer, int index, int length);

  /**
   * Looks at one text that is of concern.
   *
   * @param buffer as in {@link #concern}
   * @param parameterTypes that a Parse message declares; null: the text has no parameters
   * @param settings the session's settings with which the server is going to read the text
   * @return null if the text passes unchanged
   */
  default @Nullable Rewrite inspect(
      ByteBuf buffer,
      int index,
      int length,
      @Nullable List<Integer> parameterTypes,
      ServerSettings settings) {
    return null;
  }
}
