package dev.pglambda.relay;

import dev.pglambda.intercept.Interceptor;
import dev.pglambda.intercept.Rewrite;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.FrameScanner;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.relay.DirectRelay.Scene;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * The direction from client to server: shows SQL texts to the interceptor, and notes what the
 * server owes.
 */
final class FrontendRelay implements FrameScanner.Visitor {

  /**
   * Before the session is ready a client sends passwords and SASL messages only; PostgreSQL's own
   * limit.
   */
  private static final int MAX_AUTHENTICATION_LENGTH = 65_535;

  /** A Bind can have a payload as long as a call takes. */
  private static final int MAX_NAMING_LENGTH = 17 << 20;

  private static final byte STATEMENT = 'S';
  private static final byte PORTAL = 'P';

  private final Session session;
  private final ReplyQueue replies;
  private final SessionState state;
  private final PreparedStatements prepared;
  private final Interceptor interceptor;
  private final KeyOffer keys;
  private final int inspectLimit;
  private final DirectRelay direct;

  FrontendRelay(Scene scene, Interceptor interceptor, KeyOffer keys, int inspectLimit) {
    this.session = scene.session();
    this.replies = scene.replies();
    this.state = scene.state();
    this.prepared = scene.prepared();
    this.direct = new DirectRelay(scene, this);
    this.interceptor = interceptor;
    this.keys = keys;
    this.inspectLimit = inspectLimit;
  }

  /** Serves the calls that the proxy serves itself. */
  DirectRelay direct() {
    return direct;
  }

  @Override
  public boolean wants(byte type, int bodyLength) throws ProtocolViolation {
    if (!session.isReady() && bodyLength > MAX_AUTHENTICATION_LENGTH) {
      throw new ProtocolViolation(
          "invalid length of message before the session is ready: %d (expected: at most %d)"
              .formatted(bodyLength, MAX_AUTHENTICATION_LENGTH));
    }
    boolean wanted =
        switch (type) {
          case FrontendMessage.QUERY, FrontendMessage.PARSE -> bodyLength <= inspectLimit;
          case FrontendMessage.BIND, FrontendMessage.DESCRIBE, FrontendMessage.CLOSE ->
              isNaming(bodyLength);
          case FrontendMessage.EXECUTE -> {
            direct.clientTakesOver();
            yield isNaming(bodyLength);
          }
          case FrontendMessage.SYNC -> {
            direct.clientTakesOver();
            yield false;
          }
          case FrontendMessage.TERMINATE -> {
            session.sawTerminate();
            yield false;
          }
          default -> false;
        };
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

  @Override
  public @Nullable ByteBuf inspect(ByteBuf buffer, int index, int length) {
    int body = index + Frame.HEADER_LENGTH;
    int end = index + length;
    byte type = buffer.getByte(index);
    if (type != FrontendMessage.QUERY && type != FrontendMessage.PARSE) {
      return isOfServed(type, buffer, body, end)
          ? hold(buffer, index, length, null)
          : named(type, buffer, body, end);
    }
    Rewrite rewrite =
        type == FrontendMessage.QUERY
            ? inspectText(buffer, body, end, Interceptor.NO_PARAMETERS)
            : inspectParse(buffer, body, end);
    boolean wanted =
        (rewrite != null && direct.isWanted(rewrite))
            || (type == FrontendMessage.QUERY && direct.isOwnTransaction());
    return wanted ? hold(buffer, index, length, rewrite) : text(type, buffer, body, end, rewrite);
  }

  private ByteBuf hold(ByteBuf buffer, int index, int length, @Nullable Rewrite rewrite) {
    direct.hold(buffer, index, length, rewrite);
    return Unpooled.EMPTY_BUFFER;
  }

  /**
   * Sends a message that was held, as if it had not been.
   *
   * @param message complete; not consumed
   * @param rewrite what was found in its text, or null
   */
  void pass(ByteBuf message, @Nullable Rewrite rewrite) {
    byte type = message.getByte(0);
    int end = message.writerIndex();
    ByteBuf replacement =
        type == FrontendMessage.QUERY || type == FrontendMessage.PARSE
            ? text(type, message, Frame.HEADER_LENGTH, end, rewrite)
            : named(type, message, Frame.HEADER_LENGTH, end);
    session.flushToServer(replacement == null ? message.retainedDuplicate() : replacement);
  }

  private @Nullable ByteBuf text(
      byte type, ByteBuf buffer, int body, int end, @Nullable Rewrite found) {
    // A statement whose calls could have been served can be the client's own text.
    Rewrite rewrite = found == null || found.statements().isEmpty() ? null : found;
    return type == FrontendMessage.QUERY ? query(rewrite) : parse(buffer, body, end, rewrite);
  }

  private @Nullable ByteBuf query(@Nullable Rewrite rewrite) {
    if (rewrite == null) {
      replies.sent(FrontendMessage.QUERY);
      return null;
    }
    // With replies outstanding the transaction's status is not known; the keys are stored later
    // then.
    boolean offered = rewrite.takesKeys() && replies.canOffer() && !state.transactionFailed();
    ByteBuf out = session.client().alloc().buffer();
    if (offered) {
      offerKeys(out);
    }
    replies.sent(FrontendMessage.QUERY, rewrite.statements());
    int at = Frames.begin(out, FrontendMessage.QUERY);
    Frames.string(out, rewrite.text());
    Frames.end(out, at);
    if (offered) {
      // If the offer fails the server skips the Query, and everything else up to a Sync.
      replies.sentOffer(FrontendMessage.SYNC);
      Frames.end(out, Frames.begin(out, FrontendMessage.SYNC));
    }
    return out;
  }

  private @Nullable Rewrite inspectParse(ByteBuf buffer, int body, int end) {
    int nameEnd = buffer.indexOf(body, end, (byte) 0);
    int textEnd = nameEnd < 0 ? -1 : buffer.indexOf(nameEnd + 1, end, (byte) 0);
    return textEnd < 0
        ? null
        : inspectText(
            buffer,
            nameEnd + 1,
            textEnd + 1,
            ParseMessage.parameterTypes(buffer, textEnd + 1, end));
  }

  private @Nullable ByteBuf parse(ByteBuf buffer, int body, int end, @Nullable Rewrite rewrite) {
    int nameEnd = buffer.indexOf(body, end, (byte) 0);
    int textEnd = nameEnd < 0 ? -1 : buffer.indexOf(nameEnd + 1, end, (byte) 0);
    if (rewrite == null || textEnd < 0) {
      replies.sentByName(
          FrontendMessage.PARSE, textEnd < 0 ? null : prepared.parse(buffer, body, nameEnd));
      return null;
    }
    ByteBuf out = session.client().alloc().buffer();
    if (rewrite.takesKeys() && replies.canOfferLater()) {
      offerKeys(out);
    }
    replies.sentByName(
        FrontendMessage.PARSE, prepared.parse(buffer, body, nameEnd, rewrite.statements()));
    int at = Frames.begin(out, FrontendMessage.PARSE);
    out.writeBytes(buffer, body, nameEnd + 1 - body);
    Frames.string(out, rewrite.text());
    out.writeBytes(buffer, textEnd + 1, end - textEnd - 1);
    Frames.end(out, at);
    return out;
  }

  private void offerKeys(ByteBuf out) {
    replies.sentOffer(KeyOffer.OFFER_TYPES);
    out.writeBytes(keys.offer());
  }

  private @Nullable Rewrite inspectText(ByteBuf buffer, int from, int end, int parameterTypes) {
    boolean terminated = end > from && buffer.getByte(end - 1) == 0;
    return terminated
        ? interceptor.inspect(buffer, from, end - 1 - from, parameterTypes, state)
        : null;
  }

  /** Whether it names a statement or portal whose calls the proxy serves. */
  private boolean isOfServed(byte type, ByteBuf buffer, int body, int end) {
    return switch (type) {
      case FrontendMessage.DESCRIBE -> {
        int nameEnd = body < end ? buffer.indexOf(body + 1, end, (byte) 0) : -1;
        yield nameEnd > 0
            && buffer.getByte(body) == STATEMENT
            && prepared.isServed(buffer, body + 1, nameEnd);
      }
      case FrontendMessage.EXECUTE -> {
        int nameEnd = buffer.indexOf(body, end, (byte) 0);
        yield nameEnd >= 0 && prepared.isServedPortal(buffer, body, nameEnd);
      }
      case FrontendMessage.BIND -> {
        int portalEnd = buffer.indexOf(body, end, (byte) 0);
        int nameEnd = portalEnd < 0 ? -1 : buffer.indexOf(portalEnd + 1, end, (byte) 0);
        yield nameEnd >= 0 && prepared.isServed(buffer, portalEnd + 1, nameEnd);
      }
      default -> false;
    };
  }

  /** What a Bind, Describe, Execute or Close means to the names that are known. */
  private @Nullable ByteBuf named(byte type, ByteBuf buffer, int body, int end) {
    replies.sentByName(type, message(type, buffer, body, end));
    return null;
  }

  private PreparedStatements.@Nullable Message message(
      byte type, ByteBuf buffer, int body, int end) {
    int name = type == FrontendMessage.CLOSE ? body + 1 : body;
    int nameEnd = name < end ? buffer.indexOf(name, end, (byte) 0) : -1;
    if (nameEnd < 0 || type == FrontendMessage.DESCRIBE) {
      return null;
    }
    if (type == FrontendMessage.EXECUTE) {
      return prepared.execute(buffer, name, nameEnd);
    }
    if (type == FrontendMessage.BIND) {
      int statementEnd = buffer.indexOf(nameEnd + 1, end, (byte) 0);
      return statementEnd < 0 ? null : prepared.bind(buffer, name, nameEnd, statementEnd);
    }
    return switch (buffer.getByte(body)) {
      case STATEMENT -> prepared.closeStatement(buffer, name, nameEnd);
      case PORTAL -> prepared.closePortal(buffer, name, nameEnd);
      default -> null;
    };
  }

  @Override
  public void forward(ByteBuf bytes) {
    if (bytes.isReadable()) {
      session.toServer(bytes);
    } else {
      bytes.release(); // of a message that is held
    }
  }
}
