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
     * Makes it when a session begins; null: nothing is executed locally.
     *
     * @param database its name, as the client has given it
     */
    @Nullable LocalExecution create(String database, SessionContext context);
  }

  /** Whether a text has statements that may have to be executed here. */
  boolean isWanted(Rewrite text);

  /** In place of a Query, whose text is wanted. */
  CompletionStage<Result> query(Rewrite text);

  /**
   * In place of a Parse, whose text is wanted.
   *
   * @param message the client's, whole; not to be consumed
   */
  CompletionStage<Result> parse(ByteBuf message, Rewrite text);

  /**
   * In place of a Bind to a statement with an attachment of this feature.
   *
   * @param length of the message in bytes
   */
  CompletionStage<Result> bind(Bind message, int length);

  /**
   * In place of the Describe of a statement with an attachment of this feature.
   *
   * @param message the client's, whole; not to be consumed
   */
  CompletionStage<Result> describe(ByteBuf message, String statement);

  /**
   * In place of the Execute of a portal with an attachment of this feature.
   *
   * @param maxRows 0: all
   */
  CompletionStage<Result> execute(String portal, int maxRows);

  void sawError(ErrorFields fields);

  /**
   * A cancel request for this session has come.
   *
   * @return whether it has ended something here, so that the server need not know of it
   */
  boolean cancel();

  /** A call of the server's for this session has come. Any thread. */
  void calledBack();

  void close();
}
