package dev.pglambda.relay;

import dev.pglambda.intercept.Rewrite;
import dev.pglambda.intercept.Rewrite.Keys;
import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.protocol.BindMessage;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.Frames;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import dev.pglambda.relay.LocalExecution.Result;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Holds a message of the client's, and all that the client sends behind it, until the server has
 * answered everything before it. Then it is known by which settings a text is read and what names
 * mean, and the proxy's own messages can go before the message or take its place in the order of
 * replies.
 *
 * <pre>
 *              hold                     nothing unanswered
 *   passing ─────────► waiting ────────────────────────────► working ──► passing
 *                         │                                  (settings, keys, LocalExecution)
 *                         └── the server skips up to a Sync, or copies ──► passing, the message too, unread
 * </pre>
 *
 * Used on the session's event loop.
 */
public final class MessageHold {
  private final SessionContext context;
  private final ReplyQueue replies;
  private final PreparedStatements prepared;
  private final ClientToServer client;
  private final SessionKeys keys;
  private final @Nullable LocalExecution local;

  /** The message that waits, and what is known of its text. */
  private @Nullable ByteBuf held;

  private @Nullable Rewrite rewrite;

  /** Whether the text of the message is still to be looked at. */
  private boolean unread;

  /** Whether the keys are being stored, while all that the client sends waits. */
  private boolean storing;

  /** Bytes reserved for the message. */
  private long reserved;

  /** Why the message was too long to be held; else null. */
  private MemoryAccount.@Nullable Refusal refusal;

  /** Whether the proxy's own messages are under way in its place. */
  private boolean working;

  private boolean flushed;

  /**
   * Whether the server's transaction was begun by the proxy's own messages, and the client has
   * executed nothing in it. Nor has it ended it, as a Sync does; a Query would not from PostgreSQL
   * 18 on, which takes it for a part of the pipeline (postgres.c, start_xact_command).
   */
  private boolean ownTransaction;

  /** Whether the client has executed a portal since its last Sync or Query. */
  private boolean executing;

  /** The same when it sent its last Query. */
  private boolean queryBehindExecute;

  /** Names of the prepared statements that an error has left, perhaps. */
  private final Set<String> leftBehind = new LinkedHashSet<>();

  MessageHold(
      SessionContext context,
      ClientToServer client,
      SessionKeys keys,
      LocalExecution.@Nullable Factory localExecution) {
    this.context = context;
    this.replies = context.replies();
    this.prepared = context.prepared();
    this.client = client;
    this.keys = keys;
    this.local = localExecution == null ? null : localExecution.create(context, this);
  }

  /** Null if nothing is executed locally. */
  @Nullable LocalExecution local() {
    return local;
  }

  // ---- what is held

  /** Whether what the client sends has to wait. */
  boolean isHolding() {
    return held != null || storing;
  }

  /** Whether a message is to be held because of what was found in its text. */
  boolean isWanted(Rewrite text) {
    return isToBeExecutedLocally(text)
        || (!context.settings().transactionFailed()
            && (text.readsParameters() || keys.areWantedBy(text.keys())));
  }

  private boolean isToBeExecutedLocally(Rewrite text) {
    return local != null && local.isWanted(text);
  }

  /** Holds a message; {@link #advance} is to be called when the read is over. */
  void hold(ByteBuf buffer, int index, int length, @Nullable Rewrite text) {
    hold(buffer.copy(index, length));
    rewrite = text;
  }

  /** The same with a Query or Parse whose text is of concern, until its settings are certain. */
  void holdUnread(ByteBuf buffer, int index, int length) {
    hold(buffer.copy(index, length));
    unread = true;
  }

  /** A message of this type begins for which there is no memory: its turn is an error. */
  void holdRefused(byte type, MemoryAccount.Refusal why) {
    ByteBuf stub = context.session().client().alloc().buffer(Frame.HEADER_LENGTH);
    Frames.end(stub, Frames.begin(stub, type));
    hold(stub);
    refusal = why;
    context.session().dropClientMessage();
  }

  private void hold(ByteBuf message) {
    held = message;
    flushed = false;
    context.session().pauseClient();
  }

  /** The message that is held keeps what was reserved for it, until it is dealt with. */
  void keepReserved(long bytes) {
    reserved += bytes;
  }

  // ---- its turn

  /** Goes on if it is time; the message is no longer held when it is done. */
  void advance() {
    ByteBuf message = held;
    if (message == null || working || storing) {
      return;
    }
    if (replies.isSkipping()
        || replies.isCopyIn()
        || (replies.isEmpty() && replies.isOutOfStep())) {
      passOn(null);
    } else if (replies.isEmpty()) {
      boolean idle = replies.isIdle();
      ownTransaction |= idle;
      working = true;
      if (!unread || idle) {
        begin(message);
      } else if (isQuery(message) && !queryBehindExecute) {
        endSeries();
      } else {
        // If nothing but what is asked was executed, a Query must not become a part of the series.
        ownTransaction |= !executing;
        askSettings(message);
      }
    } else if (!flushed && replies.awaitsSync()) {
      flushed = true;
      ByteBuf flush = context.session().client().alloc().buffer(Frame.HEADER_LENGTH);
      Frames.end(flush, Frames.begin(flush, FrontendMessage.FLUSH));
      context.session().flushToServer(flush);
    }
  }

  private static boolean isQuery(ByteBuf message) {
    return message.getByte(0) == FrontendMessage.QUERY;
  }

  /**
   * Ends a series of messages in which nothing was executed, as the Query behind it would: then the
   * server has reported its settings, and the message's turn comes again.
   */
  private void endSeries() {
    context.pipeline().sync().send().whenComplete((ended, error) -> settled(error));
  }

  private void settled(@Nullable Throwable error) {
    if (error == null) {
      working = false;
    } else {
      ended(null, error);
    }
  }

  /**
   * Within a series of messages the server does not report its settings. SHOW takes no snapshot, so
   * that SET TRANSACTION may follow.
   */
  private void askSettings(ByteBuf message) {
    context
        .pipeline()
        .suppressNotices(true)
        .query("SHOW client_encoding", List.of(), List.of(), false)
        .query("SHOW standard_conforming_strings", List.of(), List.of(), false)
        .sendAndFlush()
        .whenComplete(
            (shown, error) -> {
              if (error != null) {
                ended(null, error);
                return;
              }
              context.settings().asked(value(shown.rows().get(0)), value(shown.rows().get(1)));
              begin(message);
            });
  }

  private static String value(List<byte @Nullable []> row) {
    byte[] value = row.get(0);
    return value == null ? "" : new String(value, StandardCharsets.ISO_8859_1);
  }

  private void begin(ByteBuf message) {
    dispatch(message).whenComplete(this::ended);
  }

  private CompletionStage<Result> dispatch(ByteBuf message) {
    if (refusal != null) {
      return raise(RaiseBlock.error(outOfMemory(refusal)));
    }
    return switch (message.getByte(0)) {
      case FrontendMessage.QUERY, FrontendMessage.PARSE -> text(message);
      case FrontendMessage.BIND -> bind(message);
      case FrontendMessage.DESCRIBE -> describe(message);
      default -> execute(message);
    };
  }

  private CompletionStage<Result> text(ByteBuf message) {
    if (unread) {
      unread = false;
      rewrite = client.read(message);
    }
    Rewrite text = rewrite;
    if (text == null) {
      return passes();
    }
    if (!text.spans().isEmpty()) {
      keys.mayCreateProcedure();
    }
    return giveParameters(text)
        .thenCompose(given -> isToBeExecutedLocally(text) ? local(message, text) : keys(text));
  }

  /** The session gets the run-time parameters of the extension before a text that reads them. */
  private CompletionStage<?> giveParameters(Rewrite text) {
    return text.readsParameters() && !isKnownToHaveFailed()
        ? queryBefore(keys.parameters())
        : CompletableFuture.completedFuture(null);
  }

  private CompletionStage<Result> local(ByteBuf message, Rewrite text) {
    LocalExecution execution = java.util.Objects.requireNonNull(local);
    return isQuery(message) ? execution.query(text) : execution.parse(message, text);
  }

  private CompletionStage<Result> keys(Rewrite text) {
    boolean query = held != null && isQuery(held);
    return query ? keysOf(text.keys()) : keysBeforeSeries(text.keys());
  }

  private CompletionStage<Result> bind(ByteBuf message) {
    BindMessage bind = BindMessage.read(message);
    if (bind == null) {
      return passes();
    }
    return local != null && prepared.attachment(bind.statement()) != null
        ? local.bind(bind, message.readableBytes())
        : keysBeforeSeries(prepared.keysOfStatement(bind.statement()));
  }

  private CompletionStage<Result> describe(ByteBuf message) {
    int body = Frame.HEADER_LENGTH + 1;
    String name = name(message, body, message.indexOf(body, message.writerIndex(), (byte) 0));
    return local != null && prepared.attachment(name) != null
        ? local.describe(message, name)
        : passes();
  }

  private CompletionStage<Result> execute(ByteBuf message) {
    int body = Frame.HEADER_LENGTH;
    int nameEnd = message.indexOf(body, message.writerIndex(), (byte) 0);
    String name = name(message, body, nameEnd);
    if (local == null || prepared.portalAttachment(name) == null) {
      return keysOf(prepared.keys(name));
    }
    return message.writerIndex() - nameEnd == 1 + Integer.BYTES
        ? local.execute(name, message.getInt(nameEnd + 1))
        : passes();
  }

  private static String name(ByteBuf message, int from, int end) {
    return message.toString(from, end - from, StandardCharsets.ISO_8859_1);
  }

  private static CompletionStage<Result> passes() {
    return CompletableFuture.completedFuture(Result.PASSES);
  }

  // ---- keys

  /** Asks whether the role may have the keys, for a statement that is executed now. */
  private CompletionStage<Result> keysOf(Keys wanted) {
    if (!keys.areWantedBy(wanted) || isKnownToHaveFailed()) {
      return passes();
    }
    return keys.ask(wanted, this).thenApply(asked -> passOn(keys.offer()));
  }

  /** The same before the series of messages that executes the statement begins. */
  private CompletionStage<Result> keysBeforeSeries(Keys wanted) {
    if (!keys.areWantedBy(wanted) || !replies.isIdle() || context.settings().transactionFailed()) {
      return passes();
    }
    return keys.ask(wanted, this).thenApply(asked -> Result.PASSES);
  }

  /** Whether the server would refuse the proxy's own messages, as the client's. */
  private boolean isKnownToHaveFailed() {
    return ownTransaction && context.settings().transactionFailed();
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
  CompletionStage<List<List<byte @Nullable []>>> queryBefore(String text) {
    boolean query = held != null && isQuery(held);
    boolean first = !query && replies.isIdle() && !context.settings().inTransaction();
    ExtendedQueryPipeline asked =
        context
            .pipeline()
            .suppressNotices(true)
            .suppressErrors(error -> first)
            .query(text, List.of(), List.of(), false);
    CompletionStage<ExtendedQueryPipeline> answered =
        first || (query && ownTransaction) ? asked.sync().send() : asked.sendAndFlush();
    return answered.thenApply(
        done -> {
          if (done.rows().isEmpty()) {
            leftBehind();
          }
          return done.rows();
        });
  }

  /**
   * Has the keys stored because a statement that has ended wants them. What the client sends
   * meanwhile waits, and so does its ReadyForQuery.
   */
  void storeKeys() {
    storing = true;
    context.session().pauseClient();
    keys.store()
        .whenComplete(
            (stored, error) -> {
              storing = false;
              if (error == null && !stored) { // else the client gets a ReadyForQuery anyway
                context.pipeline().forClient(true).sync().send();
              }
            });
  }

  // ---- its end

  /** The message was dealt with, or cannot be. */
  private void ended(@Nullable Result result, @Nullable Throwable error) {
    if (error == null) {
      if (result == Result.PASSES) {
        passOn(null);
      }
      done();
      return;
    }
    ServerError answered = ServerError.of(error);
    if (answered == null) {
      context.session().ownMessagesFailed(error);
    } else if (held != null && isQuery(held) && !answered.isSynced()) {
      endQuery();
    } else {
      leftBehind();
      done();
    }
  }

  /**
   * Sends the message as it would have been if nobody had held it.
   *
   * @param offer of the keys, to be sent before it; released here
   */
  private Result passOn(@Nullable ByteBuf offer) {
    ByteBuf message = held;
    if (message != null) {
      if (working && ownTransaction && !replies.isIdle() && isQuery(message)) {
        context.pipeline().sync().send();
      }
      client.pass(message, rewrite, offer);
    } else if (offer != null) {
      offer.release();
    }
    done();
    return Result.ANSWERED;
  }

  /**
   * Raises an error in the message's place.
   *
   * @param raiseBlock a statement that raises it
   */
  public CompletionStage<Result> raise(String raiseBlock) {
    return raise(context.pipeline(), raiseBlock);
  }

  /** The same behind other messages. */
  public CompletionStage<Result> raise(ExtendedQueryPipeline pipeline, String raiseBlock) {
    pipeline
        .onError(fields -> fields.with(ErrorFields.CONTEXT, null))
        .query(raiseBlock, List.of(), List.of(), false)
        .send()
        .whenComplete(
            (raised, error) -> {
              if (error != null) {
                leftBehind();
              }
            });
    return CompletableFuture.completedFuture(Result.ANSWERED);
  }

  /**
   * The proxy's own messages in place of a Query have failed: it is answered. Behind a Query there
   * is no unnamed statement.
   */
  private void endQuery() {
    context
        .pipeline()
        .sync()
        .closeStatement("")
        .closeStatement(ExtendedQueryPipeline.OWN_NAME)
        .forClient(true)
        .sync()
        .send();
    done();
  }

  /** An error has ended what is on its way to the server: it may leave our prepared statement. */
  public void leftBehind() {
    leftBehind.add(ExtendedQueryPipeline.OWN_NAME);
  }

  /** The same of the last statement of a Query, behind which there is no unnamed one. */
  public void queryLeftBehind() {
    leftBehind();
    leftBehind.add("");
  }

  /**
   * Closes what an error has left, if there is something.
   *
   * @param alone whether the client has sent nothing more; else the unnamed statement may be its
   *     own by now, and the others wait for the next ReadyForQuery
   * @return whether another ReadyForQuery comes in place of the one that has come now
   */
  boolean tidy(boolean alone) {
    if (!alone) {
      leftBehind.remove("");
    }
    if (!alone || leftBehind.isEmpty()) {
      return false;
    }
    ExtendedQueryPipeline closing = context.pipeline();
    leftBehind.forEach(closing::closeStatement);
    leftBehind.clear();
    closing.forClient(true).sync().send();
    return true;
  }

  private void done() {
    if (held != null) {
      ownTransaction &= !isQuery(held);
      held.release();
      held = null;
    }
    rewrite = null;
    unread = false;
    refusal = null;
    context.session().memory().release(reserved);
    reserved = 0;
    working = false;
  }

  /** The session has ended. */
  void close() {
    if (local != null) {
      local.close();
    }
    done();
  }

  /** What the proxy cannot hold for a session. */
  static SqlError outOfMemory(MemoryAccount.Refusal refusal) {
    return new SqlError(
        SqlState.OUT_OF_MEMORY, MemoryAccount.Refusal.MESSAGE, refusal.detail(), null);
  }

  // ---- what the client sends

  /** Whether a Sync can, and before a Query must, end the transaction: it is not the client's. */
  public boolean isOwnTransaction() {
    return ownTransaction;
  }

  /** The client executes a portal. */
  void clientExecutes() {
    ownTransaction = false;
    executing = true;
  }

  /** The client ends a series of messages, and its transaction if it has begun one. */
  void clientSyncs() {
    ownTransaction = false;
    executing = false;
    keys.seriesBegins();
  }

  /** The client sends a Query. */
  void clientQueries() {
    queryBehindExecute = executing;
    executing = false;
    keys.seriesBegins();
  }
}
