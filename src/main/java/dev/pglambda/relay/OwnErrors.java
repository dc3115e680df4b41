package dev.pglambda.relay;

import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.relay.LocalExecution.Result;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Errors about the proxy's own messages: how the proxy raises one, and what one leaves behind in
 * the server. Used on the session's event loop.
 */
public final class OwnErrors {
  private final MemoryAccount memory;
  private final ChannelPair channels;
  private final ReplyQueue replies;

  /** Names of the prepared statements that an error has left, perhaps. */
  private final Set<String> left = new LinkedHashSet<>();

  OwnErrors(MemoryAccount memory, ChannelPair channels, ReplyQueue replies) {
    this.memory = memory;
    this.channels = channels;
    this.replies = replies;
  }

  private ExtendedQueryPipeline pipeline() {
    return new ExtendedQueryPipeline(memory, channels, replies);
  }

  /** Raises an error, by a {@link RaiseBlock}, in the place of a message of the client's. */
  public CompletionStage<Result> raise(String raiseBlock) {
    return raise(pipeline(), raiseBlock);
  }

  /** The same behind other messages. */
  public CompletionStage<Result> raise(ExtendedQueryPipeline pipeline, String raiseBlock) {
    pipeline
        .onError(fields -> fields.with(ErrorFields.CONTEXT, null))
        .query(raiseBlock)
        .send()
        .whenComplete(this::sent);
    return CompletableFuture.completedFuture(Result.ANSWERED);
  }

  /** An error has ended what is on its way to the server: it may leave our prepared statement. */
  void leftStatement() {
    left.add(ExtendedQueryPipeline.OWN_NAME);
  }

  /** An error has answered what would have dropped the unnamed statement. */
  void leftUnnamed() {
    left.add("");
  }

  /** What was sent, and other messages behind it, has been answered or has failed. */
  public void sent(@Nullable Object answered, @Nullable Throwable error) {
    if (error != null) {
      leftStatement();
    }
  }

  /** The same of the last statement of a Query, behind which there is no unnamed one. */
  public void querySent(@Nullable Object answered, @Nullable Throwable error) {
    sent(answered, error);
    if (error != null) {
      leftUnnamed();
    }
  }

  /**
   * What was sent in the place of a Query has failed: the Query is answered. Behind one there is no
   * unnamed statement.
   */
  void endQuery() {
    pipeline()
        .sync()
        .closeStatement("")
        .closeStatement(ExtendedQueryPipeline.OWN_NAME)
        .forClient(true)
        .sync()
        .send();
  }

  /**
   * Closes what an error has left, if there is something: then another ReadyForQuery comes in place
   * of the one that has come now. If the client has sent more, the unnamed statement may be its own
   * by now, and the others wait for the next ReadyForQuery.
   */
  boolean tidy(boolean alone) {
    if (!alone) {
      left.remove("");
    }
    if (!alone || left.isEmpty()) {
      return false;
    }
    ExtendedQueryPipeline closing = pipeline();
    left.forEach(closing::closeStatement);
    left.clear();
    closing.forClient(true).sync().send();
    return true;
  }
}
