package dev.pglambda.relay;

import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.relay.ReplyOwner.OwnMessage;
import dev.pglambda.relay.ReplyOwner.Replaced;
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

  /**
   * With so many unanswered messages (1.3 MB) the client is not read on. A server answers whatever
   * it has read, but for what its output buffer of 8 kB holds, so this delays nobody; a client that
   * reads no replies, or a server that sends none, would else take all memory.
   */
  private static final int MOST_UNANSWERED = 1 << 18;

  private static final int INITIAL_CAPACITY = 16;

  /** What was needed for a long pipeline is given back behind it. */
  private static final int KEPT_CAPACITY = 1024;

  private byte[] kinds = new byte[INITIAL_CAPACITY];
  private @Nullable ReplyOwner[] owners = new @Nullable ReplyOwner[INITIAL_CAPACITY];
  private int head;
  private int size;

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

  ReplyQueue() {
    push(STARTUP, null);
  }

  /** Whether the server owes nothing. */
  boolean isEmpty() {
    return size == 0;
  }

  /** Whether the server owes nothing, and waits for no Sync. */
  public boolean isIdle() {
    return size == 0 && !skipping && !copyIn && !awaitingSync;
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
    return size == 0 && !skipping && !copyIn && !syncInCopy && !outOfStep;
  }

  /** Whether the server ignores everything up to a Sync that was not sent yet. */
  boolean isSkipping() {
    return skipping;
  }

  /** Whether a reply that comes now may belong to something else than what is owed. */
  boolean isOutOfStep() {
    return outOfStep || syncInCopy;
  }

  /** Whether the server reads COPY data. */
  boolean isCopyIn() {
    return copyIn;
  }

  /** Whether the reply that is owed next ends with ReadyForQuery. */
  boolean owesReady() {
    return size > 0 && endsWithReady(kinds[head]);
  }

  /** Whether nothing more is to be read from the client for now. */
  boolean isFull() {
    return size >= MOST_UNANSWERED;
  }

  /** Whether so much was answered since it was full that the client can be read on. */
  boolean hasRoom() {
    return size <= MOST_UNANSWERED / 2;
  }

  /** Number of entries; for tests. */
  int size() {
    return size;
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
        } else if (size > 0 && !skipping) {
          push(COPY_END, null);
        }
      }
      default -> {
        // Flush, CopyData, Terminate, passwords: no reply of their own.
      }
    }
  }

  /**
   * A message was sent whose statements were rewritten.
   *
   * @param spans which, by ascending index
   */
  void sent(byte type, List<ReplacedSpan> spans) {
    expect(type, new Replaced(spans));
  }

  /**
   * A message was sent that names a prepared statement or portal.
   *
   * @param message told when it is completed; null if it concerns no rewritten text
   */
  void sentByName(byte type, PreparedStatements.@Nullable SentMessage message) {
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
    return size > 0 && owners[head] instanceof ReplyListener listener ? listener : null;
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
    if (size == 0) {
      return false;
    }
    ReplyOwner owner = owners[head];
    return switch (type) {
      case BackendMessage.PARAMETER_STATUS, BackendMessage.NOTIFICATION_RESPONSE -> false;
      case BackendMessage.ERROR_RESPONSE -> owner == OwnMessage.STORE;
      // A Query that follows an offer is followed by a Sync of the proxy's own, so that the server
      // goes on if the
      // offer fails. The client gets the ReadyForQuery of the second.
      case BackendMessage.READY_FOR_QUERY ->
          kinds[head] == FrontendMessage.QUERY && isOffersSync(1);
      default -> owner == OwnMessage.OFFER || owner == OwnMessage.STORE;
    };
  }

  private boolean isOffersSync(int position) {
    int at = (head + position) & (kinds.length - 1);
    return size > position && kinds[at] == FrontendMessage.SYNC && owners[at] == OwnMessage.OFFER;
  }

  /**
   * The rewritten statement that the server executes now, if it is one.
   *
   * @return null if the statement that runs is the client's own
   */
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

  /**
   * The rewritten statements of the text that the server works on now.
   *
   * @return null if the text is the client's own
   */
  @Nullable List<ReplacedSpan> rewritten() {
    if (size == 0) {
      return null;
    }
    if (owners[head] instanceof PreparedStatements.SentMessage message) {
      return message.rewritten();
    }
    return owners[head] instanceof Replaced replaced ? replaced.spans() : null;
  }

  /** A message came from the server. */
  void received(byte type) {
    switch (type) {
      case BackendMessage.COMMAND_COMPLETE -> {
        syncInCopy = false;
        if (headIs(FrontendMessage.QUERY)) {
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
    if (size == 0) {
      return;
    }
    byte copying = kinds[head];
    ReplyOwner owner = owners[head];
    int completedBefore = completed;
    pop();
    copyIn = true;
    while (size > 0 && copyIn) {
      copyIn = kinds[head] != COPY_END;
      syncInCopy |= kinds[head] == FrontendMessage.SYNC;
      outOfStep |= copyIn && kinds[head] != FrontendMessage.SYNC;
      pop();
    }
    pushFront(copying, owner);
    completed = completedBefore;
  }

  private void failed() {
    copyIn = false;
    outOfStep |= size == 0 || syncInCopy;
    syncInCopy = false;
    if (size == 0 || endsWithReady(kinds[head])) {
      return;
    }
    while (size > 0 && kinds[head] != FrontendMessage.SYNC) {
      pop();
    }
    skipping = size == 0;
  }

  private void ready() {
    copyIn = false;
    while (size > 0) {
      byte kind = kinds[head];
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

  private boolean headIs(byte kind) {
    return size > 0 && kinds[head] == kind;
  }

  private void popIf(byte kind) {
    if (headIs(kind)) {
      ReplyOwner owner = owners[head];
      pop();
      if (owner instanceof PreparedStatements.SentMessage message) {
        message.completed();
      }
      dropCopyEnds();
    } else {
      outOfStep = true;
    }
  }

  /** A Query has such replies, too, and goes on. */
  private void popUnlessQuery(byte kind) {
    if (!headIs(FrontendMessage.QUERY)) {
      popIf(kind);
    }
  }

  /** The server ignores CopyDone and CopyFail where no COPY runs. */
  private void dropCopyEnds() {
    while (headIs(COPY_END)) {
      pop();
    }
  }

  private void pop() {
    owners[head] = null;
    head = (head + 1) & (kinds.length - 1);
    size--;
    completed = 0;
    if (size == 0 && kinds.length > KEPT_CAPACITY) {
      kinds = new byte[INITIAL_CAPACITY];
      owners = new @Nullable ReplyOwner[INITIAL_CAPACITY];
      head = 0;
    }
  }

  private void push(byte kind, @Nullable ReplyOwner owner) {
    awaitingSync = kind == COPY_END ? awaitingSync : !endsWithReady(kind);
    if (size == kinds.length) {
      grow();
    }
    int at = (head + size) & (kinds.length - 1);
    kinds[at] = kind;
    owners[at] = owner;
    size++;
  }

  private void pushFront(byte kind, @Nullable ReplyOwner owner) {
    if (size == kinds.length) {
      grow();
    }
    head = (head - 1) & (kinds.length - 1);
    kinds[head] = kind;
    owners[head] = owner;
    size++;
  }

  private void grow() {
    byte[] moreKinds = new byte[kinds.length * 2];
    @Nullable ReplyOwner[] moreOwners = new @Nullable ReplyOwner[kinds.length * 2];
    for (int i = 0; i < size; i++) {
      int at = (head + i) & (kinds.length - 1);
      moreKinds[i] = kinds[at];
      moreOwners[i] = owners[at];
    }
    kinds = moreKinds;
    owners = moreOwners;
    head = 0;
  }
}
