package dev.pglambda.relay;

import dev.pglambda.intercept.ErrorPosition;
import dev.pglambda.intercept.InstallationHint;
import dev.pglambda.intercept.NestedBlockErrors;
import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import dev.pglambda.intercept.WorkerContext;
import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.BackendKeyData;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.ParameterStatus;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.FrameScanner;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.SqlState;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The direction from server to client: keeps the reply queue in step, mends the replies to
 * rewritten statements and the positions of errors in rewritten texts, takes our own lines out of
 * the CONTEXT of errors and notices, and keeps replies to the proxy's own messages to itself.
 */
final class ServerToClient implements FrameScanner.Visitor {

  private static final Logger log = LoggerFactory.getLogger(ServerToClient.class);

  /**
   * Errors and notices up to this many bytes are looked at; longer ones pass. One about a nested
   * statement has all of our block in its context, once for each body that it stands in.
   */
  private static final int MAX_ERROR_LENGTH = 1024 * 1024;

  /** The values of a call's arguments, and what else the proxy asks for, are shorter. */
  private static final int MAX_HEARD_LENGTH = 64 << 20;

  private static final int MAX_PARAMETER_LENGTH = 1024;

  /** Every rewritten statement is a DO block. */
  private static final byte[] BLOCK_TAG = {'D', 'O', 0};

  private final Session session;
  private final ReplyQueue replies;
  private final ReportedSettings state;
  private final PreparedStatements prepared;
  private final CallbackKeyDelivery keys;
  private final MessageHold hold;
  private final OwnErrors errors;
  private final @Nullable LocalExecution local;
  private final MemoryAccount memory;

  /** Bytes reserved for an error that is being gathered. */
  private long gathered;

  ServerToClient(
      SessionContext context,
      CallbackKeyDelivery keys,
      MessageHold hold,
      @Nullable LocalExecution local) {
    this.session = context.session();
    this.memory = session.memory();
    this.replies = context.replies();
    this.state = context.settings();
    this.prepared = context.prepared();
    this.keys = keys;
    this.hold = hold;
    this.errors = context.errors();
    this.local = local;
  }

  @Override
  public boolean wants(byte type, int bodyLength) throws ProtocolViolation {
    session.serverMessageBegins();
    ReplyListener listener = replies.listener();
    if (listener != null && isFor(listener, type)) {
      boolean heard = listener.wants(type);
      if (heard && bodyLength > MemoryBudget.SMALL) {
        ByteBuf before = listener.inFrontOf(type);
        if (before != null) {
          session.precedeServerMessage(before);
          heard = false;
        }
      }
      if (heard && !listener.holds(type, bodyLength)) {
        session.dropServerMessage(null);
        heard = false;
      }
      if (heard && bodyLength > MAX_HEARD_LENGTH) {
        throw new ProtocolViolation(
            "invalid length of message type 0x%02x, asked for by the proxy: %d (expected: at most %d)"
                .formatted(type, bodyLength, MAX_HEARD_LENGTH));
      }
      if (!heard) {
        replies.received(type);
      }
      return heard;
    }
    if (listener != null
        && type == BackendMessage.ERROR_RESPONSE
        && bodyLength > MemoryBudget.SMALL
        && bodyLength <= MAX_HEARD_LENGTH
        && !reserve(bodyLength)) {
      dropError(listener);
      return false;
    }
    boolean wanted =
        switch (type) {
          case BackendMessage.READY_FOR_QUERY -> bodyLength == 1;
          case BackendMessage.NOTICE_RESPONSE -> bodyLength <= MAX_ERROR_LENGTH;
          case BackendMessage.ERROR_RESPONSE ->
              bodyLength <= (listener == null ? MAX_ERROR_LENGTH : MAX_HEARD_LENGTH);
          case BackendMessage.COMMAND_COMPLETE ->
              (replies.current() != null || replies.swallows(type))
                  && bodyLength <= MAX_PARAMETER_LENGTH;
          case BackendMessage.PARAMETER_STATUS, BackendMessage.BACKEND_KEY_DATA ->
              bodyLength <= MAX_PARAMETER_LENGTH;
          default -> replies.swallows(type) && bodyLength <= MAX_PARAMETER_LENGTH;
        };
    if (!wanted) {
      if (listener != null && endsAnswer(type)) {
        throw unexpected(type, "of this length");
      }
      replies.received(type);
    }
    return wanted;
  }

  /** An error is gathered, read, and written again. */
  private boolean reserve(int bodyLength) {
    long octets = 3L * bodyLength;
    boolean reserved = memory.reserve(octets);
    gathered = reserved ? octets : 0;
    return reserved;
  }

  /** An error about the proxy's own messages that is too long to be read: the client gets ours. */
  private void dropError(ReplyListener listener) {
    MemoryAccount.Refusal why = memory.refusal();
    replies.received(BackendMessage.ERROR_RESPONSE);
    session.dropServerMessage(
        ErrorFields.fatal(SqlState.OUT_OF_MEMORY, MemoryAccount.Refusal.MESSAGE)
            .with(ErrorFields.SEVERITY, "ERROR")
            .with(ErrorFields.SEVERITY_NOT_LOCALIZED, "ERROR")
            .with(ErrorFields.DETAIL, why.detail())
            .toFrame(session.client().alloc(), BackendMessage.ERROR_RESPONSE));
    listener.failed();
  }

  /** Whether nobody who listens would hear anything more if this came unnoticed. */
  private static boolean endsAnswer(byte type) {
    return type == BackendMessage.ERROR_RESPONSE || type == BackendMessage.READY_FOR_QUERY;
  }

  private static ProtocolViolation unexpected(byte type, String what) {
    return new ProtocolViolation(
        "unexpected answer to a message of the proxy's own: type 0x%02x, %s".formatted(type, what));
  }

  @Override
  public @Nullable ByteBuf inspect(ByteBuf buffer, int index, int length) throws ProtocolViolation {
    memory.release(gathered);
    gathered = 0;
    byte type = buffer.getByte(index);
    ReplyListener listener = replies.listener();
    if (listener != null && isFor(listener, type)) {
      replies.received(type);
      return heard(listener, type, buffer.slice(index, length));
    }
    if (listener != null && type == BackendMessage.READY_FOR_QUERY && !replies.owesReady()) {
      throw unexpected(type, "nothing else came before");
    }
    boolean swallowed = replies.swallows(type);
    ReplacedSpan rewritten = replies.current();
    List<ReplacedSpan> all = replies.rewritten();
    replies.received(type);
    if (swallowed) {
      return swallow(buffer, index, length);
    }
    return switch (type) {
      case BackendMessage.READY_FOR_QUERY ->
          ready(
              buffer.getByte(index + Frame.HEADER_LENGTH),
              listener != null && listener.suppresses(type) ? listener : null);
      case BackendMessage.ERROR_RESPONSE, BackendMessage.NOTICE_RESPONSE ->
          error(buffer, index, length, rewritten != null, all, listener);
      case BackendMessage.BACKEND_KEY_DATA -> {
        session.sawCancelKey(BackendKeyData.read(buffer, index, length));
        yield null;
      }
      case BackendMessage.PARAMETER_STATUS -> parameter(buffer, index, length);
      default ->
          rewritten == null || !tagIsOfBlock(buffer, index + Frame.HEADER_LENGTH, length)
              ? null
              : commandComplete(rewritten);
    };
  }

  /** What does not have the columns and rows that were asked for is found by reading past them. */
  private static @Nullable ByteBuf heard(ReplyListener listener, byte type, ByteBuf reply)
      throws ProtocolViolation {
    try {
      return listener.onReply(type, reply, 0);
    } catch (IndexOutOfBoundsException
        | IllegalArgumentException
        | NullPointerException malformed) {
      throw unexpected(type, malformed.toString());
    }
  }

  /** A reply to the proxy's own messages, or a ReadyForQuery that another will follow. */
  private @Nullable ByteBuf swallow(ByteBuf buffer, int index, int length) {
    byte type = buffer.getByte(index);
    if (type == BackendMessage.ERROR_RESPONSE || type == BackendMessage.NOTICE_RESPONSE) {
      ErrorFields fields = ErrorFields.read(buffer, index, length);
      if (fields != null && fields.isFatal()) {
        session.sawFatal(fields);
        return keys.conceal(fields) ? fields.toFrame(session.client().alloc(), type) : null;
      }
      if (fields != null
          && (type == BackendMessage.ERROR_RESPONSE
              || keys.isFailure(fields.get(ErrorFields.SQLSTATE)))) {
        log.warn("the keys of the proxy were not stored: {}", fields.get(ErrorFields.MESSAGE));
      }
    }
    return Unpooled.EMPTY_BUFFER;
  }

  /**
   * @param keeper who keeps it from the client; null if nobody does
   */
  private @Nullable ByteBuf ready(byte transactionStatus, @Nullable ReplyListener keeper) {
    ByteBuf refusal = session.sawReady();
    if (refusal != null) {
      return refusal;
    }
    state.ready(transactionStatus);
    prepared.ready(!state.inTransaction(), replies.isEmpty());
    if (keeper != null) {
      keeper.ready();
      return Unpooled.EMPTY_BUFFER;
    }
    if (state.keysWanted()
        && !state.transactionFailed()
        && replies.canOffer()
        && session.clientBetweenMessages()) {
      state.keysWanted(false);
      hold.storeKeys();
      return Unpooled.EMPTY_BUFFER; // the client is told when that is done
    }
    if (errors.tidy(replies.canOffer() && session.clientBetweenMessages())) {
      return Unpooled.EMPTY_BUFFER;
    }
    return null;
  }

  private @Nullable ByteBuf error(
      ByteBuf buffer,
      int index,
      int length,
      boolean rewritten,
      @Nullable List<ReplacedSpan> all,
      @Nullable ReplyListener listener)
      throws ProtocolViolation {
    byte type = buffer.getByte(index);
    ErrorFields fields = ErrorFields.read(buffer, index, length);
    if (fields == null) {
      if (listener != null && type == BackendMessage.ERROR_RESPONSE) {
        throw unexpected(type, "malformed");
      }
      return null;
    }
    if (type == BackendMessage.NOTICE_RESPONSE && keys.isWantedBy(fields)) {
      state.keysWanted(true);
      return Unpooled.EMPTY_BUFFER;
    }
    if (type == BackendMessage.NOTICE_RESPONSE && keys.isQuotedBy(fields)) {
      return Unpooled.EMPTY_BUFFER;
    }
    if (listener != null
        && type == BackendMessage.ERROR_RESPONSE
        && !fields.isFatal()
        && listener.suppressesError(fields)) {
      return Unpooled.EMPTY_BUFFER;
    }
    if (type == BackendMessage.ERROR_RESPONSE ? fields.isFatal() : isLastWarning(fields)) {
      session.sawFatal(fields);
    }
    if (local != null) {
      local.sawError(fields);
    }
    boolean concealed = keys.conceal(fields);
    boolean removed = WorkerContext.remove(fields, rewritten);
    boolean mended = NestedBlockErrors.restore(fields, state.encoding());
    boolean moved = ErrorPosition.restore(fields, all);
    boolean hinted = InstallationHint.add(fields, state.trusted());
    if (listener != null) {
      listener.onError(fields);
      if (type == BackendMessage.ERROR_RESPONSE) {
        listener.failed();
      }
    }
    return concealed || removed || mended || moved || hinted || listener != null
        ? fields.toFrame(session.client().alloc(), type)
        : null;
  }

  /** Whether a message of the server's is a reply in the sense of {@link ReplyListener#onReply}. */
  private static boolean isFor(ReplyListener listener, byte type) {
    return switch (type) {
      case BackendMessage.ERROR_RESPONSE,
          BackendMessage.PARAMETER_STATUS,
          BackendMessage.NOTIFICATION_RESPONSE,
          BackendMessage.READY_FOR_QUERY ->
          false;
      case BackendMessage.NOTICE_RESPONSE -> listener.suppresses(type);
      default -> true;
    };
  }

  /**
   * Whether a notice may be the last word: a server that stops at once, or after a crash of one of
   * its processes, tells that in a WARNING.
   */
  private static boolean isLastWarning(ErrorFields fields) {
    String sqlState = fields.get(ErrorFields.SQLSTATE);
    return SqlState.ADMIN_SHUTDOWN.equals(sqlState) || SqlState.CRASH_SHUTDOWN.equals(sqlState);
  }

  private @Nullable ByteBuf parameter(ByteBuf buffer, int index, int length) {
    if (BackendMessage.read(buffer, index, length) instanceof ParameterStatus status) {
      state.parameter(status.parameter(), status.value());
    }
    return null;
  }

  /** Whether the tag is the one of what was sent in place of a statement. */
  private static boolean tagIsOfBlock(ByteBuf buffer, int tag, int length) {
    return length == Frame.HEADER_LENGTH + BLOCK_TAG.length
        && buffer.getByte(tag) == BLOCK_TAG[0]
        && buffer.getByte(tag + 1) == BLOCK_TAG[1]
        && buffer.getByte(tag + 2) == BLOCK_TAG[2];
  }

  private ByteBuf commandComplete(ReplacedSpan rewritten) {
    return MessageWriter.buffer(
        session.client().alloc(),
        StandardCharsets.ISO_8859_1,
        new CommandComplete(rewritten.commandTag()));
  }

  @Override
  public void forward(ByteBuf bytes) {
    if (bytes.isReadable()) {
      session.toClient(bytes);
    } else {
      bytes.release();
    }
  }
}
