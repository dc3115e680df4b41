package dev.pglambda.relay;

import dev.pglambda.intercept.Interceptor;
import dev.pglambda.intercept.Rewrite;
import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.FrameFields;
import dev.pglambda.protocol.FrameScanner;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.FrontendMessage.Sync;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.protocol.ProtocolViolation;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The direction from client to server: shows SQL texts to the interceptor, and notes what the
 * server owes.
 *
 * <p>A text of concern is read by the settings with which the server is going to read it. They are
 * certain when the server owes nothing and no series of messages waits for its Sync; until then the
 * message is held ({@link MessageHold}).
 */
final class ClientToServer implements FrameScanner.Visitor {

  /**
   * Before the session is ready a client sends passwords and SASL messages only; PostgreSQL's own
   * limit.
   */
  private static final int MAX_AUTHENTICATION_LENGTH = 65_535;

  /** A Bind can have a payload as long as a call takes. */
  private static final int MAX_NAMING_LENGTH = 17 << 20;

  private final SessionContext context;
  private final StreamControl streams;
  private final ChannelPair channels;
  private final ReplyQueue replies;
  private final ReportedSettings state;
  private final PreparedStatements prepared;
  private final Interceptor interceptor;
  private final int inspectLimit;
  private final SessionKeys keys;
  private final ClientSeries series;
  private final MessageHold hold;
  private final ProxyLogin login;
  private final @Nullable LocalExecution local;
  private final MemoryAccount memory;

  /** Bytes reserved for the message that is being gathered. */
  private long gathered;

  ClientToServer(
      SessionContext context,
      StreamControl streams,
      Interceptor interceptor,
      CallbackKeyDelivery keys,
      ProxyLogin login,
      int inspectLimit,
      @Nullable LocalExecution local) {
    this.context = context;
    this.streams = streams;
    this.channels = context.channels();
    this.memory = context.session().memory();
    this.replies = context.replies();
    this.state = context.settings();
    this.prepared = context.prepared();
    this.keys = new SessionKeys(context, keys);
    this.series = context.series();
    this.hold = new MessageHold(context, streams, this, this.keys, local);
    this.login = login;
    this.local = local;
    this.interceptor = interceptor;
    this.inspectLimit = inspectLimit;
  }

  MessageHold hold() {
    return hold;
  }

  @Override
  public boolean wants(byte type, int bodyLength) throws ProtocolViolation {
    if (!context.session().isReady() && bodyLength > MAX_AUTHENTICATION_LENGTH) {
      throw new ProtocolViolation(
          "invalid length of message before the session is ready: %d (expected: at most %d)"
              .formatted(bodyLength, MAX_AUTHENTICATION_LENGTH));
    }
    boolean wanted =
        switch (type) {
          case FrontendMessage.QUERY -> {
            series.queries();
            keys.seriesBegins();
            yield bodyLength <= inspectLimit;
          }
          case FrontendMessage.PARSE -> bodyLength <= inspectLimit;
          case FrontendMessage.BIND, FrontendMessage.DESCRIBE, FrontendMessage.CLOSE ->
              isNaming(bodyLength);
          case FrontendMessage.EXECUTE -> {
            series.executes();
            yield isNaming(bodyLength);
          }
          case FrontendMessage.SYNC -> {
            series.syncs();
            keys.seriesBegins();
            yield false;
          }
          case FrontendMessage.PASSWORD -> !context.session().isReady() && login.takesPassword();
          case FrontendMessage.TERMINATE -> {
            context.announced().byClient();
            yield false;
          }
          default -> false;
        };
    if (wanted && !reserve(type, bodyLength)) {
      if (mustNotPassUnseen(type)) {
        hold.holdRefused(type, memory.refusal());
        return false;
      }
      wanted = false;
    }
    if (!wanted && type == FrontendMessage.PARSE) {
      replies.sentByName(type, prepared.parseUnseen());
    } else if (!wanted) {
      replies.sent(type);
    }
    return wanted;
  }

  private boolean isNaming(int bodyLength) {
    return !prepared.isEmpty() && bodyLength <= Math.max(inspectLimit, MAX_NAMING_LENGTH);
  }

  /** A text is gathered, decoded and, perhaps, rewritten. */
  private boolean reserve(byte type, int bodyLength) {
    boolean isText = type == FrontendMessage.QUERY || type == FrontendMessage.PARSE;
    long bytes = bodyLength <= MemoryBudget.SMALL ? 0 : (isText ? 3L : 1L) * bodyLength;
    if (bytes > 0 && !memory.reserve(bytes)) {
      return false;
    }
    gathered = bytes;
    return true;
  }

  /**
   * Whether the server would do something else than what the client asks for: its statements and
   * portals have more parameters than the client's. A text that nobody has looked at is the
   * client's own to the server, too.
   */
  private boolean mustNotPassUnseen(byte type) {
    return (type == FrontendMessage.BIND || type == FrontendMessage.EXECUTE)
        && local != null
        && prepared.haveAttachments()
        && !replies.isCopyIn()
        && !replies.isOutOfStep();
  }

  @Override
  public @Nullable ByteBuf inspect(ByteBuf buffer, int index, int length) throws ProtocolViolation {
    if (buffer.getByte(index) == FrontendMessage.PASSWORD) {
      login.answered(buffer, index, length);
      streams.pauseClient(); // until the proxy has logged in
      return Unpooled.EMPTY_BUFFER;
    }
    ByteBuf replacement = inspected(buffer, index, length);
    if (hold.isHolding()) {
      hold.keepReserved(gathered);
    } else {
      memory.release(gathered);
    }
    gathered = 0;
    return replacement;
  }

  private @Nullable ByteBuf inspected(ByteBuf buffer, int index, int length) {
    int body = index + Frame.HEADER_LENGTH;
    int end = index + length;
    byte type = buffer.getByte(index);
    if (type != FrontendMessage.QUERY && type != FrontendMessage.PARSE) {
      return prepared.isToBeHeld(type, buffer, body, end, replies.isIdle())
          ? hold(buffer, index, length, null)
          : named(type, buffer, body, end);
    }
    boolean certain = replies.isIdle() && !replies.isOutOfStep();
    if (!certain && isOfConcern(type, buffer, body, end)) {
      hold.holdUnread(buffer, index, length);
      return Unpooled.EMPTY_BUFFER;
    }
    Rewrite rewrite = certain ? read(type, buffer, body, end) : null;
    boolean wanted =
        (rewrite != null && hold.isWanted(rewrite))
            || (type == FrontendMessage.QUERY && series.isOwnTransaction());
    return wanted
        ? hold(buffer, index, length, rewrite)
        : text(type, buffer, body, end, rewrite, null);
  }

  private ByteBuf hold(ByteBuf buffer, int index, int length, @Nullable Rewrite rewrite) {
    hold.hold(buffer, index, length, rewrite);
    return Unpooled.EMPTY_BUFFER;
  }

  /** What is found in the text of a Query or Parse that was held unread. */
  @Nullable Rewrite read(ByteBuf message) {
    return read(message.getByte(0), message, Frame.HEADER_LENGTH, message.writerIndex());
  }

  private @Nullable Rewrite read(byte type, ByteBuf buffer, int body, int end) {
    int text = FrameFields.textStart(type, buffer, body, end);
    int textEnd = text < 0 ? -1 : FrameFields.textEnd(type, buffer, text, end);
    if (textEnd < 0 || !isOfConcern(buffer, text, textEnd)) {
      return null;
    }
    List<Integer> types =
        type == FrontendMessage.QUERY ? null : Parse.types(buffer, textEnd + 1, end);
    return interceptor.inspect(buffer, text, textEnd - text, types, state);
  }

  private boolean isOfConcern(byte type, ByteBuf buffer, int body, int end) {
    int text = FrameFields.textStart(type, buffer, body, end);
    int textEnd = text < 0 ? -1 : FrameFields.textEnd(type, buffer, text, end);
    return textEnd >= 0 && isOfConcern(buffer, text, textEnd);
  }

  private boolean isOfConcern(ByteBuf buffer, int text, int textEnd) {
    return switch (interceptor.concern(buffer, text, textEnd - text)) {
      case NONE -> false;
      case PROCEDURE -> keys.asksForProcedures();
      case EXTENSION -> true;
    };
  }

  /**
   * Sends a message that was held, as if it had not been.
   *
   * @param message complete; not consumed
   * @param rewrite what was found in its text, or null
   * @param offer of the keys, to be sent before it; released here. Null: none
   */
  void pass(ByteBuf message, @Nullable Rewrite rewrite, @Nullable ByteBuf offer) {
    byte type = message.getByte(0);
    int end = message.writerIndex();
    ByteBuf replacement;
    if (type == FrontendMessage.QUERY || type == FrontendMessage.PARSE) {
      replacement = text(type, message, Frame.HEADER_LENGTH, end, rewrite, offer);
    } else {
      if (offer != null) {
        replies.expectOffer(CallbackKeyDelivery.OFFER_TYPES);
        channels.toServer(offer);
      }
      replacement = named(type, message, Frame.HEADER_LENGTH, end);
    }
    channels.flushToServer(replacement == null ? message.retainedDuplicate() : replacement);
  }

  private @Nullable ByteBuf text(
      byte type,
      ByteBuf buffer,
      int body,
      int end,
      @Nullable Rewrite found,
      @Nullable ByteBuf offer) {
    // A statement whose calls could have been served, or a CALL, can be the client's own text.
    boolean own =
        found == null
            || (found.spans().isEmpty()
                && (type == FrontendMessage.QUERY || !keys.areWantedBy(found.keys()))
                && offer == null);
    Rewrite rewrite = own ? null : found;
    return type == FrontendMessage.QUERY
        ? query(rewrite, offer)
        : parse(buffer, body, end, rewrite);
  }

  private @Nullable ByteBuf query(@Nullable Rewrite rewrite, @Nullable ByteBuf offer) {
    if (rewrite == null) {
      replies.sent(FrontendMessage.QUERY);
      return null;
    }
    ByteBuf out = channels.allocator().buffer();
    if (offer != null) {
      replies.expectOffer(CallbackKeyDelivery.OFFER_TYPES);
      out.writeBytes(offer);
      offer.release();
    }
    replies.sent(FrontendMessage.QUERY, rewrite.spans());
    MessageWriter messages = new MessageWriter(out, StandardCharsets.ISO_8859_1);
    messages.write(new Query(rewrite.text()));
    if (offer != null) {
      // If the offer fails the server skips the Query, and everything else up to a Sync.
      replies.expectOffer(FrontendMessage.SYNC);
      messages.write(new Sync());
    }
    return out;
  }

  private @Nullable ByteBuf parse(ByteBuf buffer, int body, int end, @Nullable Rewrite rewrite) {
    Parse parse = rewrite == null ? null : Parse.read(buffer, body, end);
    if (rewrite == null || parse == null) {
      int text = FrameFields.behindString(buffer, body, end);
      boolean whole = FrameFields.stringEnd(buffer, text, end) >= 0;
      replies.sentByName(FrontendMessage.PARSE, whole ? prepared.parse(buffer, body, end) : null);
      return null;
    }
    replies.sentByName(
        FrontendMessage.PARSE, prepared.parse(buffer, body, end, rewrite.spans(), rewrite.keys()));
    return MessageWriter.buffer(
        channels.allocator(),
        StandardCharsets.ISO_8859_1,
        new Parse(parse.name(), rewrite.text(), parse.typeOids()));
  }

  /** A Bind, Describe, Execute or Close is sent as it is. */
  private @Nullable ByteBuf named(byte type, ByteBuf buffer, int body, int end) {
    replies.sentByName(type, prepared.named(type, buffer, body, end));
    return null;
  }

  @Override
  public void forward(ByteBuf bytes) {
    if (bytes.isReadable()) {
      channels.toServer(bytes);
    } else {
      bytes.release(); // of a message that is held, or was the proxy's
    }
  }
}
