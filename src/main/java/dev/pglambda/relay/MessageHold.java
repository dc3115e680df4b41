package dev.pglambda.relay;

import dev.pglambda.intercept.Rewrite;
import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.relay.LocalExecution.Result;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
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
 *                         │                                  (settings, MessageTurn)
 *                         └── the server skips up to a Sync, or copies ──► passing, the message too, unread
 * </pre>
 *
 * Used on the session's event loop.
 */
final class MessageHold {
  private final SessionContext context;
  private final StreamControl streams;
  private final ReplyQueue replies;
  private final ClientSeries series;
  private final ClientToServer client;
  private final SessionKeys keys;
  private final MessageTurn turn;
  private @Nullable HeldMessage held;

  /** Whether the keys are being stored, while all that the client sends waits. */
  private boolean storing;

  /** Whether the proxy's own messages are under way in the message's place. */
  private boolean working;

  private boolean flushed;

  MessageHold(
      SessionContext context,
      StreamControl streams,
      ClientToServer client,
      SessionKeys keys,
      @Nullable LocalExecution local) {
    this.context = context;
    this.streams = streams;
    this.replies = context.replies();
    this.series = context.series();
    this.client = client;
    this.keys = keys;
    this.turn = new MessageTurn(context, client, keys, local);
  }

  // ---- what is held

  boolean isHolding() {
    return held != null || storing;
  }

  /** Whether a message is to be held because of what was found in its text. */
  boolean isWanted(Rewrite text) {
    return turn.isToBeExecutedLocally(text)
        || (!context.settings().transactionFailed()
            && (text.readsParameters() || keys.areWantedBy(text.keys())));
  }

  /** Holds a message; {@link #advance} is to be called when the read is over. */
  void hold(ByteBuf buffer, int index, int length, @Nullable Rewrite text) {
    hold(new HeldMessage(buffer.copy(index, length), text, false, null));
  }

  /** The same with a Query or Parse whose text is of concern, until its settings are certain. */
  void holdUnread(ByteBuf buffer, int index, int length) {
    hold(new HeldMessage(buffer.copy(index, length), null, true, null));
  }

  /** A message of this type begins for which there is no memory: its turn is an error. */
  void holdRefused(byte type, MemoryAccount.Refusal why) {
    ByteBuf stub = frame(new FrontendMessage.Unknown(type, ByteBuffer.allocate(0)));
    hold(new HeldMessage(stub, null, false, why));
    streams.dropClientMessage();
  }

  private void hold(HeldMessage message) {
    held = message;
    flushed = false;
    streams.pauseClient();
  }

  /** The message that is held keeps what was reserved for it, until it is dealt with. */
  void keepReserved(long bytes) {
    if (held != null) {
      held.keepReserved(bytes);
    }
  }

  // ---- its turn

  /** Goes on if it is time; the message is no longer held when it is done. */
  void advance() {
    HeldMessage message = held;
    if (message == null || working || storing) {
      return;
    }
    if (replies.isSkipping()
        || replies.isCopyIn()
        || (replies.isEmpty() && (replies.isOutOfStep() || isRefused(message)))) {
      pass(message);
      done();
    } else if (replies.isEmpty()) {
      working = true;
      series.proxyBegins(replies.isIdle());
      if (!message.isUnread() || replies.isIdle()) {
        begin(message);
      } else if (message.isQuery() && !series.isQueryBehindExecute()) {
        endSeries();
      } else {
        series.proxyExecutes();
        askSettings(message);
      }
    } else if (!flushed && replies.awaitsSync()) {
      flushed = true;
      context.channels().flushToServer(frame(new FrontendMessage.Flush()));
    }
  }

  private ByteBuf frame(FrontendMessage message) {
    return MessageWriter.buffer(
        context.channels().allocator(), StandardCharsets.ISO_8859_1, message);
  }

  /**
   * Whether the server refuses to parse a text whatever it is, as the next message of a series that
   * has not left a failed transaction. It would refuse the proxy's messages, too, but in other
   * words and without dropping the unnamed statement (postgres.c, exec_parse_message).
   */
  private boolean isRefused(HeldMessage message) {
    return message.isUnread()
        && !message.isQuery()
        && !replies.isIdle()
        && !series.hasExecuted()
        && context.settings().transactionFailed();
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
  private void askSettings(HeldMessage message) {
    context
        .pipeline()
        .suppressNotices(true)
        .query("SHOW client_encoding")
        .query("SHOW standard_conforming_strings")
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

  private void begin(HeldMessage message) {
    turn.take(message).whenComplete(this::ended);
  }

  /**
   * Has the keys stored because a statement that has ended wants them. What the client sends
   * meanwhile waits, and so does its ReadyForQuery.
   */
  void storeKeys() {
    storing = true;
    streams.pauseClient();
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
    HeldMessage message = held;
    ServerError answered = error == null ? null : ServerError.of(error);
    if (error != null && answered == null) {
      context.session().ownMessagesFailed(error);
      return;
    }
    if (answered == null) {
      if (message != null && result == Result.PASSES) {
        if (series.isOwnTransaction() && !replies.isIdle() && message.isQuery()) {
          context.pipeline().sync().send();
        }
        pass(message);
      }
    } else if (message != null && message.isQuery() && !answered.isSynced()) {
      context.errors().endQuery();
    } else {
      context.errors().leftStatement();
      if (message != null && message.isParseOfUnnamed()) {
        context.errors().leftUnnamed();
      }
    }
    done();
  }

  /** Sends the message as it would have been if nobody had held it. */
  private void pass(HeldMessage message) {
    client.pass(message.frame(), message.rewrite(), message.takeOffer());
  }

  private void done() {
    HeldMessage message = held;
    held = null;
    working = false;
    if (message != null) {
      if (message.isQuery()) {
        series.queryEnds();
      }
      message.release(context.session().memory());
    }
  }

  void close() {
    done();
  }
}
