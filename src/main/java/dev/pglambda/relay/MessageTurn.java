package dev.pglambda.relay;

import dev.pglambda.intercept.Rewrite;
import dev.pglambda.intercept.Rewrite.Keys;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.protocol.FrontendMessage.Describe;
import dev.pglambda.protocol.FrontendMessage.Execute;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.relay.LocalExecution.Result;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What is done with a message of the client's when its turn has come: the server owes nothing, and
 * it is certain by which settings a text is read. Used on the session's event loop.
 *
 * <pre>
 *   Query, Parse ──► run-time parameters, if its text reads them ──► {@link LocalExecution}, or keys
 *   Bind         ──► LocalExecution, or the question whether the role may have the keys
 *   Describe     ──► LocalExecution
 *   Execute      ──► LocalExecution, or the same question and the keys
 * </pre>
 */
record MessageTurn(
    SessionContext context,
    ClientToServer client,
    SessionKeys keys,
    @Nullable LocalExecution local) {

  boolean isToBeExecutedLocally(Rewrite text) {
    return local != null && local.isWanted(text);
  }

  /** Answers the message, or says that it passes. */
  CompletionStage<Result> take(HeldMessage message) {
    if (message.refusal() != null) {
      return context.errors().raise(RaiseBlock.error(SqlError.outOfMemory(message.refusal())));
    }
    if (message.isQuery() || message.type() == FrontendMessage.PARSE) {
      return text(message);
    }
    FrontendMessage decoded =
        FrontendMessage.read(message.frame(), 0, message.frame().writerIndex());
    if (decoded instanceof Bind bind) {
      return bind(message, bind);
    } else if (decoded instanceof Describe describe) {
      return describe(message, describe.name());
    }
    return decoded instanceof Execute execute ? execute(message, execute) : passes();
  }

  private CompletionStage<Result> text(HeldMessage message) {
    if (message.isUnread()) {
      message.read(client.read(message.frame()));
    }
    Rewrite text = message.rewrite();
    if (text == null) {
      return passes();
    }
    if (!text.spans().isEmpty()) {
      keys.mayCreateProcedure();
    }
    return giveParameters(message, text)
        .thenCompose(
            given ->
                isToBeExecutedLocally(text) ? local(message, text) : keys(message, text.keys()));
  }

  /** The session gets the run-time parameters of the extension before a text that reads them. */
  private CompletionStage<?> giveParameters(HeldMessage message, Rewrite text) {
    return text.readsParameters() && !isKnownToHaveFailed()
        ? queryBefore(message, keys.parameters())
        : CompletableFuture.completedFuture(null);
  }

  private CompletionStage<Result> local(HeldMessage message, Rewrite text) {
    LocalExecution execution = Objects.requireNonNull(local);
    return message.isQuery() ? execution.query(text) : execution.parse(message.frame(), text);
  }

  private CompletionStage<Result> keys(HeldMessage message, Keys wanted) {
    return message.isQuery() ? keysNow(message, wanted) : keysBeforeSeries(message, wanted);
  }

  private CompletionStage<Result> bind(HeldMessage message, Bind bind) {
    return local != null && context.prepared().statements().attachment(bind.statement()) != null
        ? local.bind(bind, message.frame().readableBytes())
        : keysBeforeSeries(message, context.prepared().statements().keys(bind.statement()));
  }

  private CompletionStage<Result> describe(HeldMessage message, String name) {
    return local != null && context.prepared().statements().attachment(name) != null
        ? local.describe(message.frame(), name)
        : passes();
  }

  private CompletionStage<Result> execute(HeldMessage message, Execute execute) {
    return local != null && context.prepared().portals().attachment(execute.portal()) != null
        ? local.execute(execute.portal(), execute.maxRows())
        : keysNow(message, context.prepared().portals().keys(execute.portal()));
  }

  private static CompletionStage<Result> passes() {
    return CompletableFuture.completedFuture(Result.PASSES);
  }

  // ---- keys

  /** Asks whether the role may have the keys, for a statement that is executed now. */
  private CompletionStage<Result> keysNow(HeldMessage message, Keys wanted) {
    if (!keys.areWantedBy(wanted) || isKnownToHaveFailed()) {
      return passes();
    }
    return keys.ask(wanted, question -> queryBefore(message, question))
        .thenApply(
            asked -> {
              message.offer(keys.offer());
              return Result.PASSES;
            });
  }

  /** The same before the series of messages that executes the statement begins. */
  private CompletionStage<Result> keysBeforeSeries(HeldMessage message, Keys wanted) {
    if (!keys.areWantedBy(wanted)
        || !context.replies().isIdle()
        || context.settings().transactionFailed()) {
      return passes();
    }
    return keys.ask(wanted, question -> queryBefore(message, question))
        .thenApply(asked -> Result.PASSES);
  }

  /** Whether the server would refuse the proxy's own messages, as the client's. */
  private boolean isKnownToHaveFailed() {
    return context.series().isOwnTransaction() && context.settings().transactionFailed();
  }

  /**
   * Executes a query of the proxy's own before the message. Where no series of messages has begun
   * it has one of its own: from PostgreSQL 18 on, what is executed behind it in the same series is
   * in a transaction block, which a procedure cannot end; nor would a Query. Where a block is open
   * this makes no difference, and a failure of the query ends the block: the error is then the
   * answer to the message.
   *
   * @return the rows; none if the query has failed and the client was not told
   */
  private CompletionStage<List<List<byte @Nullable []>>> queryBefore(
      HeldMessage message, String text) {
    boolean query = message.isQuery();
    boolean first = !query && context.replies().isIdle() && !context.settings().inTransaction();
    ExtendedQueryPipeline asked =
        context.pipeline().suppressNotices(true).suppressErrors(error -> first).query(text);
    CompletionStage<PipelineReplies> answered =
        first || (query && context.series().isOwnTransaction())
            ? asked.sync().send()
            : asked.sendAndFlush();
    return answered.thenApply(
        done -> {
          if (done.rows().isEmpty()) {
            context.errors().leftStatement();
          }
          return done.rows();
        });
  }
}
