package dev.pglambda.relay;

import dev.pglambda.intercept.Rewrite.Keys;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The delivery of the callback's keys in one session: the server is asked, without a key, whether
 * the current role may have them, and they are offered to the statement that installs the extension
 * only after a yes. Used on the session's event loop.
 */
final class SessionKeys {
  private final SessionContext context;
  private final CallbackKeyDelivery delivery;

  /** The role may have the keys, as the server said last in or before this series of messages. */
  private @Nullable List<byte @Nullable []> yes;

  /** The server has no procedure that installs the extension, or this role is not to do it. */
  private boolean noProcedures;

  SessionKeys(SessionContext context, CallbackKeyDelivery delivery) {
    this.context = context;
    this.delivery = delivery;
  }

  /** Whether the keys may have to be offered to a statement. */
  boolean areWantedBy(Keys keys) {
    return switch (keys) {
      case NONE -> false;
      case OF_STATEMENT -> true;
      case OF_PROCEDURE -> asksForProcedures();
    };
  }

  /**
   * Whether a CALL is to be held to ask whether a procedure may install the extension: once in a
   * session, and again after a text that may have created one.
   */
  boolean asksForProcedures() {
    return !noProcedures;
  }

  /** A text may create a procedure that installs the extension. */
  void mayCreateProcedure() {
    noProcedures = false;
  }

  /** A new series of messages begins: what was answered before does not count for it. */
  void seriesBegins() {
    yes = null;
  }

  /**
   * Asks whether the role may have the keys that the next statement wants, unless it has said yes
   * in this series. The query gives no rows if it has failed.
   */
  CompletionStage<Void> ask(
      Keys wanted, Function<String, CompletionStage<List<List<byte @Nullable []>>>> query) {
    if (yes != null) {
      return CompletableFuture.completedFuture(null);
    }
    boolean ofProcedure = wanted == Keys.OF_PROCEDURE;
    return query
        .apply(ofProcedure ? delivery.askForProcedure() : delivery.ask())
        .thenAccept(
            rows -> {
              yes = !rows.isEmpty() && CallbackKeyDelivery.isYes(rows.get(0)) ? rows.get(0) : null;
              noProcedures = ofProcedure && yes == null && !rows.isEmpty();
            });
  }

  /**
   * What offers the keys to the statement that is executed next, once after each yes, or null; the
   * query in it sees to it that the role may still have them.
   */
  @Nullable ByteBuf offer() {
    List<byte @Nullable []> answer = yes;
    yes = null;
    return answer == null ? null : delivery.offer(answer);
  }

  String parameters() {
    return delivery.parameters();
  }

  /**
   * Has the keys stored because a statement that has ended wants them; its ReadyForQuery waits.
   * Tells whether they are on their way, when the server has said whether the role may have them.
   */
  CompletionStage<Boolean> store() {
    return context
        .pipeline()
        .suppressNotices(true)
        .suppressErrors(error -> true)
        .query(delivery.ask())
        .sync()
        .send()
        .thenApply(asked -> store(asked.rows()));
  }

  private boolean store(List<List<byte @Nullable []>> rows) {
    if (rows.isEmpty() || !CallbackKeyDelivery.isYes(rows.get(0))) {
      return false;
    }
    context.replies().expectStore(CallbackKeyDelivery.STORE_TYPES);
    context.channels().flushToServer(delivery.store(rows.get(0)));
    return true;
  }
}
