package dev.pglambda.relay;

import dev.pglambda.intercept.Rewrite;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.FrontendMessage.Bind;
import io.netty.buffer.ByteBuf;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Executes what the server does not execute by itself, for one session. A message is given to it
 * when the server owes nothing ({@link MessageHold}); all that the client sends behind it waits
 * until the stage that is returned completes. A stage that fails with a {@link ServerError} says
 * that the client has got an error.
 *
 * <p>Used on the session's event loop, but for {@link #calledBack}.
 */
public interface LocalExecution {

  /** What has become of a message. */
  enum Result {
    /** The server is to get it, as if nobody had held it. */
    PASSES,
    /** It is answered, or what answers it is on its way to the server. */
    ANSWERED
  }

  /** Makes those of a listener's sessions. */
  interface Provider {
    Provider NONE = (database, context) -> null;

    /**
     * Makes it when a session begins, for a database as the client names it; null: executes
     * nothing.
     */
    @Nullable LocalExecution create(String database, SessionContext context);

    /**
     * The server is ready for the first time, owes nothing, and the client does not know yet.
     * Returns whether messages were sent whose last reply, a ReadyForQuery, is the client's.
     */
    default boolean atFirstReady(String database, SessionContext context) {
      return false;
    }
  }

  /** Whether a text has statements that may have to be executed here. */
  boolean isWanted(Rewrite text);

  /** In place of a Query, whose text is wanted. */
  CompletionStage<Result> query(Rewrite text);

  /** In place of a Parse, whole and not to be consumed, whose text is wanted. */
  CompletionStage<Result> parse(ByteBuf message, Rewrite text);

  /** In place of a Bind, of so many bytes, to a statement with an attachment of this feature. */
  CompletionStage<Result> bind(Bind message, int length);

  /** In place of the Describe, not to be consumed, of a statement with such an attachment. */
  CompletionStage<Result> describe(ByteBuf message, String statement);

  /** In place of the Execute, for so many rows or, 0, all, of a portal with such an attachment. */
  CompletionStage<Result> execute(String portal, int maxRows);

  void sawError(ErrorFields fields);

  /** Ends what runs here because of a cancel request; false: the server must know of that. */
  boolean cancel();

  /** A call of the server's for this session has come. Any thread. */
  void calledBack();

  void close();
}
