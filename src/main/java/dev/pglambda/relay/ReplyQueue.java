package dev.pglambda.relay;

import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.relay.PreparedStatements.SentMessage;
import dev.pglambda.relay.ReplyOwner.OwnMessage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Knows, for every message of the client's that is still unanswered, which replies the server owes,
 * in order; so it can tell which statement a reply belongs to. It has no I/O.
 *
 * <pre>
 *   sent(Query)      ──►  C | I ...           until Z
 *   sent(Parse)      ──►  1                   ┐
 *   sent(Bind)       ──►  2                   │ E: all up to the next Sync
 *   sent(Describe)   ──►  [t] T | n           │ gets no reply, whatever it is,
 *   sent(Execute)    ──►  C | I | s           │ and what is sent until then
 *   sent(Close)      ──►  3                   ┘ neither ("skipping")
 *   sent(Sync)       ──►  Z
 *   sent(Function..) ──►  V Z
 *   G (COPY .. FROM STDIN begins): the server reads CopyData, and ignores Flush and Sync, up to CopyDone or CopyFail
 * </pre>
 *
 * <p>Rules from the PostgreSQL manual, "Message Flow" (Extended Query, COPY Operations). A reply
 * that fits nothing changes nothing, and ReadyForQuery brings the queue back in step, so that a
 * surprise can at worst spoil the command tag of a rewritten statement. Not thread-safe. Allocates
 * only to grow.
 */
public final class ReplyQueue {
  private static final byte STARTUP = 0;

  /** Not a message with a reply: where CopyDone or CopyFail stood between the others. */
  private static final byte COPY_END = FrontendMessage.COPY_DONE;

  private final ReplyRing ring = new ReplyRing();

  /** After an error: the server ignores everything up to Sync, and no Sync has been sent yet. */
  private boolean skipping;

  /** The server reads COPY data, and the client has not ended it yet. */
  private boolean copyIn;

  /**
   * A reply came that nothing was owed for, or the client sent what has no place in COPY: from then
   * on it is not sure which reply belongs to what.
   */
  private boolean outOfStep;

  /**
   * The last message is one of the extended query protocol whose Sync was not sent yet: what it did
   * is not committed, though it may be answered.
   */
  private boolean awaitingSync;

  /**
   * A Sync came to a COPY. The server ignores it, unless the COPY has failed before, which is known
   * only when that reply comes.
   */
  private boolean syncInCopy;

  /** CommandCompletes so far of the Query at the head. */
  private int completed;

  private record SentText(List<ReplacedSpan> rewritten) implements SentMessage {}

  ReplyQueue() {
    push(STARTUP, null);
  }

  boolean isEmpty() {
    return ring.size() == 0;
  }

  /** Whether the server owes nothing, and waits for no Sync. */
  public boolean isIdle() {
    return ring.size() == 0 && !skipping && !copyIn && !awaitingSync;
  }

  /** Whether the server may keep replies back until a Sync or a Flush. */
  boolean awaitsSync() {
    return awaitingSync;
  }

  /**
   * Whether messages of the proxy's own can be sent whose replies will be known as such, whatever
   * the client has done. They can hold what the client must not see: a client gets the values of
   * parameters in notices if it asks for them ({@code debug_print_plan}, {@code
   * client_min_messages}).
   */
  boolean canOffer() {
    return ring.size() == 0 && !skipping && !copyIn && !syncInCopy && !outOfStep;
  }

  boolean isSkipping() {
    return skipping;
  }

  /** Whether a reply that comes now may belong to something else than what is owed. */
  boolean isOutOfStep() {
    return outOfStep || syncInCopy;
  }

  boolean isCopyIn() {
    return copyIn;
  }

  /** Whether the reply that is owed next ends with ReadyForQuery. */
  boolean owesReady() {
    return ring.size() > 0 && endsWithReady(ring.kind());
  }

  int size() {
    return ring.size();
  }

  /** A message was sent to the server, unchanged. */
  void sent(byte type) {
    switch (type) {
      case FrontendMessage.QUERY,
          FrontendMessage.PARSE,
          FrontendMessage.BIND,
          FrontendMessage.DESCRIBE,
          FrontendMessage.EXECUTE,
          FrontendMessage.CLOSE,
          FrontendMessage.FUNCTION_CALL ->
          expect(type, null);
      case FrontendMessage.SYNC -> {
        syncInCopy |= copyIn;
        if (!copyIn) {
          skipping = false;
          push(type, null);
        }
      }
      case FrontendMessage.COPY_DONE, FrontendMessage.COPY_FAIL -> {
        if (copyIn) {
          copyIn = false;
        } else if (ring.size() > 0 && !skipping) {
          push(COPY_END, null);
        }
      }
      default -> {
        // Flush, CopyData, Terminate, passwords: no reply of their own.
      }
    }
  }

  /** A message was sent of whose text these spans, by ascending index, were replaced. */
  void sent(byte type, List<ReplacedSpan> spans) {
    expect(type, new SentText(spans));
  }

  /** A message was sent that names a prepared statement or portal; null: of no rewritten text. */
  void sentByName(byte type, @Nullable SentMessage message) {
    expect(type, message);
  }

  /** A message was sent to whose replies somebody listens. */
  public void expect(ReplyListener listener, byte type) {
    if (type == FrontendMessage.SYNC) {
      skipping = false;
    }
    if (!skipping) {
      push(type, listener);
    }
  }

  /** Who listens to the reply that comes now; null if nobody does. */
  @Nullable ReplyListener listener() {
    return ring.owner() instanceof ReplyListener listener ? listener : null;
  }

  private void expect(byte type, @Nullable ReplyOwner owner) {
    outOfStep |= copyIn;
    if (!skipping && !copyIn) {
      push(type, owner);
    }
  }

  /**
   * Messages of the proxy's own were sent, and a message of the client's follows: if one fails, the
   * client gets that error, because the server then skips its message, too.
   */
  void expectOffer(byte... types) {
    for (byte type : types) {
      push(type, OwnMessage.OFFER);
    }
  }

  /**
   * Messages of the proxy's own were sent, the last a Sync. Its ReadyForQuery is the client's: it
   * takes the place of one that the client was not given. An error of the Sync, which ends the
   * transaction, is not.
   */
  void expectStore(byte... types) {
    for (byte type : types) {
      push(type, OwnMessage.STORE);
    }
  }

  /**
   * Whether a reply of this type, coming now, belongs to a message of the proxy's own, so that the
   * client must not see it.
   */
  boolean swallows(byte type) {
    ReplyOwner owner = ring.owner();
    return switch (type) {
      case BackendMessage.PARAMETER_STATUS, BackendMessage.NOTIFICATION_RESPONSE -> false;
      case BackendMessage.ERROR_RESPONSE -> owner == OwnMessage.STORE;
      // A Query that follows an offer is followed by a Sync of the proxy's own, so that the server
      // goes on if the offer fails. The client gets the ReadyForQuery of the second.
      case BackendMessage.READY_FOR_QUERY ->
          ring.headIs(FrontendMessage.QUERY)
              && ring.secondIs(FrontendMessage.SYNC, OwnMessage.OFFER);
      default -> owner == OwnMessage.OFFER || owner == OwnMessage.STORE;
    };
  }

  /** The rewritten statement that the server executes now; null: it is the client's own. */
  @Nullable ReplacedSpan current() {
    List<ReplacedSpan> statements = rewritten();
    if (statements != null) {
      for (ReplacedSpan statement : statements) {
        if (statement.index() == completed) {
          return statement;
        }
      }
    }
    return null;
  }

  /** Those of the text that the server works on now; null: the text is the client's own. */
  @Nullable List<ReplacedSpan> rewritten() {
    return ring.owner() instanceof SentMessage message ? message.rewritten() : null;
  }

  void received(byte type) {
    switch (type) {
      case BackendMessage.COMMAND_COMPLETE -> {
        syncInCopy = false;
        if (ring.headIs(FrontendMessage.QUERY)) {
          completed++;
        } else {
          popIf(FrontendMessage.EXECUTE);
        }
      }
      case BackendMessage.EMPTY_QUERY_RESPONSE -> popUnlessQuery(FrontendMessage.EXECUTE);
      case BackendMessage.PORTAL_SUSPENDED -> popIf(FrontendMessage.EXECUTE);
      case BackendMessage.PARSE_COMPLETE -> popIf(FrontendMessage.PARSE);
      case BackendMessage.BIND_COMPLETE -> popIf(FrontendMessage.BIND);
      case BackendMessage.CLOSE_COMPLETE -> popIf(FrontendMessage.CLOSE);
      case BackendMessage.ROW_DESCRIPTION, BackendMessage.NO_DATA ->
          popUnlessQuery(FrontendMessage.DESCRIBE);
      case BackendMessage.COPY_IN_RESPONSE, BackendMessage.COPY_BOTH_RESPONSE -> copyInBegins();
      case BackendMessage.ERROR_RESPONSE -> failed();
      case BackendMessage.READY_FOR_QUERY -> ready();
      default -> {
        // DataRow, CopyData, ParameterStatus, NotificationResponse ...: they belong to no entry or
        // end none.
      }
    }
  }

  private void copyInBegins() {
    if (ring.size() == 0) {
      return;
    }
    byte copying = ring.kind();
    ReplyOwner owner = ring.owner();
    ring.pop();
    copyIn = true;
    while (ring.size() > 0 && copyIn) {
      copyIn = !ring.headIs(COPY_END);
      syncInCopy |= ring.headIs(FrontendMessage.SYNC);
      outOfStep |= copyIn && !ring.headIs(FrontendMessage.SYNC);
      ring.pop();
    }
    ring.pushFront(copying, owner);
  }

  private void failed() {
    copyIn = false;
    outOfStep |= ring.size() == 0 || syncInCopy;
    syncInCopy = false;
    if (ring.size() == 0 || endsWithReady(ring.kind())) {
      return;
    }
    while (ring.size() > 0 && ring.kind() != FrontendMessage.SYNC) {
      pop();
    }
    skipping = ring.size() == 0;
  }

  private void ready() {
    copyIn = false;
    while (ring.size() > 0) {
      byte kind = ring.kind();
      pop();
      if (endsWithReady(kind)) {
        dropCopyEnds();
        return;
      }
      outOfStep |= kind != COPY_END;
    }
    outOfStep = true;
  }

  private static boolean endsWithReady(byte kind) {
    return kind == FrontendMessage.QUERY
        || kind == FrontendMessage.SYNC
        || kind == FrontendMessage.FUNCTION_CALL
        || kind == STARTUP;
  }

  private void popIf(byte kind) {
    if (ring.headIs(kind)) {
      ReplyOwner owner = ring.owner();
      pop();
      if (owner instanceof SentMessage message) {
        message.completed();
      }
      dropCopyEnds();
    } else {
      outOfStep = true;
    }
  }

  /** A Query has such replies, too, and goes on. */
  private void popUnlessQuery(byte kind) {
    if (!ring.headIs(FrontendMessage.QUERY)) {
      popIf(kind);
    }
  }

  /** The server ignores CopyDone and CopyFail where no COPY runs. */
  private void dropCopyEnds() {
    while (ring.headIs(COPY_END)) {
      pop();
    }
  }

  private void pop() {
    ring.pop();
    completed = 0;
  }

  private void push(byte kind, @Nullable ReplyOwner owner) {
    awaitingSync = kind == COPY_END ? awaitingSync : !endsWithReady(kind);
    ring.push(kind, owner);
  }
}
