package dev.pglambda.relay;

import dev.pglambda.intercept.ErrorPosition;
import dev.pglambda.intercept.InstallationHint;
import dev.pglambda.intercept.NestedBlockErrors;
import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import dev.pglambda.intercept.WorkerContext;
import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.BackendKeyData;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.ParameterStatus;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.FrameScanner;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The direction from server to client: keeps the reply queue in step, restores command tags and
 * errors of rewritten statements to what the client's own text would get, and swallows replies to
 * the proxy's own messages.
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
  private static final String BLOCK_TAG = "DO";

  private final SessionControl session;
  private final StreamControl streams;
  private final ChannelPair channels;
  private final AnnouncedEnd announced;
  private final ReplyQueue replies;
  private final ReportedSettings state;
  private final PreparedStatements prepared;
  private final CallbackKeyDelivery keys;
  private final MessageHold hold;
  private final OwnErrors errors;
  private final ProxyLogin login;
  private final @Nullable LocalExecution local;
  private final MemoryAccount memory;

  /** Bytes reserved for an error that is being gathered. */
  private long gathered;

  ServerToClient(
      SessionContext context,
      StreamControl streams,
      CallbackKeyDelivery keys,
      MessageHold hold,
      ProxyLogin login,
      @Nullable LocalExecution local) {
    this.session = context.session();
    this.streams = streams;
    this.channels = context.channels();
    this.announced = context.announced();
    this.memory = session.memory();
    this.replies = context.replies();
    this.state = context.settings();
    this.prepared = context.prepared();
    this.keys = keys;
    this.hold = hold;
    this.login = login;
    this.errors = context.errors();
    this.local = local;
  }

  @Override
  public boolean wants(byte type, int bodyLength) throws ProtocolViolation {
    if (announced.isAfterMessage()) {
      throw new ProtocolViolation("the session has ended");
    }
    ReplyListener listener = replies.listener();
    if (listener != null && isFor(listener, type)) {
      boolean heard = listener.wants(type);
      if (heard && bodyLength > MemoryBudget.SMALL) {
        ByteBuf before = listener.inFrontOf(type);
        if (before != null) {
          streams.precedeServerMessage(before);
          heard = false;
        }
      }
      if (heard && !listener.holds(type, bodyLength)) {
        streams.dropServerMessage(null);
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
          case BackendMessage.AUTHENTICATION ->
              !session.isReady() && bodyLength <= MAX_PARAMETER_LENGTH;
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
    long bytes = 3L * bodyLength;
    boolean reserved = memory.reserve(bytes);
    gathered = reserved ? bytes : 0;
    return reserved;
  }

  /** An error about the proxy's own messages that is too long to be read: the client gets ours. */
  private void dropError(ReplyListener listener) {
    MemoryAccount.Refusal why = memory.refusal();
    replies.received(BackendMessage.ERROR_RESPONSE);
    streams.dropServerMessage(
        ErrorFields.of(ErrorFields.ERROR, SqlError.outOfMemory(why))
            .toFrame(channels.allocator(), BackendMessage.ERROR_RESPONSE));
    listener.failed();
  }

  /** Whether a listener would wait for ever if this passed unread. */
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
        BackendMessage message = BackendMessage.read(buffer, index, length);
        state.cancelKey(message instanceof BackendKeyData key ? key : null);
        yield null;
      }
      case BackendMessage.PARAMETER_STATUS -> parameter(buffer, index, length);
      case BackendMessage.AUTHENTICATION -> authentication(buffer, index, length);
      default ->
          rewritten != null
                  && BackendMessage.read(buffer, index, length) instanceof CommandComplete complete
                  && complete.tag().equals(BLOCK_TAG)
              ? commandComplete(rewritten)
              : null;
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
        return keys.conceal(fields) ? fields.toFrame(channels.allocator(), type) : null;
      }
      if (fields != null
          && (type == BackendMessage.ERROR_RESPONSE
              || keys.isFailure(fields.get(ErrorFields.SQLSTATE)))) {
        log.warn("the keys of the proxy were not stored: {}", fields.get(ErrorFields.MESSAGE));
      }
    }
    return Unpooled.EMPTY_BUFFER;
  }

  /** A ReadyForQuery, which the listener, if there is one, keeps from the client. */
  private @Nullable ByteBuf ready(byte transactionStatus, @Nullable ReplyListener keeper) {
    boolean isFirst = !session.isReady();
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
    boolean canOffer =
        replies.canOffer() && !announced.isTerminated() && !streams.isInClientMessage();
    if (isFirst && canOffer && state.isPostgres() && session.atFirstReady()) {
      return Unpooled.EMPTY_BUFFER; // the client is told when that is done
    }
    if (canOffer && state.keysWanted() && !state.transactionFailed()) {
      state.keysWanted(false);
      hold.storeKeys();
      return Unpooled.EMPTY_BUFFER; // the client is told when that is done
    }
    return errors.tidy(canOffer) ? Unpooled.EMPTY_BUFFER : null;
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
    boolean restored = NestedBlockErrors.restore(fields, state.encoding());
    boolean moved = ErrorPosition.restore(fields, all);
    boolean hinted = InstallationHint.add(fields, state.trusted());
    if (listener != null) {
      listener.onError(fields);
      if (type == BackendMessage.ERROR_RESPONSE) {
        listener.failed();
      }
    }
    return concealed || removed || restored || moved || hinted || listener != null
        ? fields.toFrame(channels.allocator(), type)
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
   * A server that stops at once, or after a crash of one of its processes, says so in a WARNING.
   */
  private static boolean isLastWarning(ErrorFields fields) {
    String sqlState = fields.get(ErrorFields.SQLSTATE);
    return SqlState.ADMIN_SHUTDOWN.equals(sqlState) || SqlState.CRASH_SHUTDOWN.equals(sqlState);
  }

  private @Nullable ByteBuf authentication(ByteBuf buffer, int index, int length)
      throws ProtocolViolation {
    return BackendMessage.read(buffer, index, length) instanceof Authentication request
        ? login.serverAsks(request)
        : null;
  }

  private @Nullable ByteBuf parameter(ByteBuf buffer, int index, int length) {
    if (BackendMessage.read(buffer, index, length) instanceof ParameterStatus status) {
      state.parameter(status.parameter(), status.value());
    }
    return null;
  }

  private ByteBuf commandComplete(ReplacedSpan rewritten) {
    return MessageWriter.buffer(
        channels.allocator(),
        StandardCharsets.ISO_8859_1,
        new CommandComplete(rewritten.commandTag()));
  }

  @Override
  public void forward(ByteBuf bytes) {
    if (bytes.isReadable()) {
      channels.toClient(bytes);
    } else {
      bytes.release();
    }
  }
}
