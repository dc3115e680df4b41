package dev.pglambda.relay;

import dev.pglambda.intercept.Interceptor;
import dev.pglambda.intercept.Rewrite;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.FrameScanner;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.ProtocolViolation;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
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

  private static final byte STATEMENT = 'S';
  private static final byte PORTAL = 'P';

  private final Session session;
  private final ReplyQueue replies;
  private final SessionState state;
  private final PreparedStatements prepared;
  private final Interceptor interceptor;
  private final KeyOffer keys;
  private final int inspectLimit;

  FrontendRelay(
      Session session,
      ReplyQueue replies,
      SessionState state,
      PreparedStatements prepared,
      Interceptor interceptor,
      KeyOffer keys,
      int inspectLimit) {
    this.session = session;
    this.replies = replies;
    this.state = state;
    this.prepared = prepared;
    this.interceptor = interceptor;
    this.keys = keys;
    this.inspectLimit = inspectLimit;
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
          case FrontendMessage.BIND, FrontendMessage.EXECUTE, FrontendMessage.CLOSE ->
              !prepared.isEmpty() && bodyLength <= inspectLimit;
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

  @Override
  public @Nullable ByteBuf inspect(ByteBuf buffer, int index, int length) {
    int body = index + Frame.HEADER_LENGTH;
    int end = index + length;
    byte type = buffer.getByte(index);
    switch (type) {
      case FrontendMessage.QUERY -> {
        return query(buffer, body, end);
      }
      case FrontendMessage.PARSE -> {
        return parse(buffer, body, end);
      }
      default -> {
        replies.sentByName(type, named(type, buffer, body, end));
        return null;
      }
    }
  }

  private @Nullable ByteBuf query(ByteBuf buffer, int body, int end) {
    Rewrite rewrite = inspectText(buffer, body, end, Interceptor.NO_PARAMETERS);
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
    int at = beginFrame(out, FrontendMessage.QUERY);
    writeString(out, rewrite.text());
    endFrame(out, at);
    if (offered) {
      // If the offer fails the server skips the Query, and everything else up to a Sync.
      replies.sentOffer(FrontendMessage.SYNC);
      endFrame(out, beginFrame(out, FrontendMessage.SYNC));
    }
    return out;
  }

  private @Nullable ByteBuf parse(ByteBuf buffer, int body, int end) {
    int nameEnd = buffer.indexOf(body, end, (byte) 0);
    int textEnd = nameEnd < 0 ? -1 : buffer.indexOf(nameEnd + 1, end, (byte) 0);
    Rewrite rewrite =
        textEnd < 0
            ? null
            : inspectText(
                buffer, nameEnd + 1, textEnd + 1, parameterTypes(buffer, textEnd + 1, end));
    if (rewrite == null) {
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
    int at = beginFrame(out, FrontendMessage.PARSE);
    out.writeBytes(buffer, body, nameEnd + 1 - body);
    writeString(out, rewrite.text());
    out.writeBytes(buffer, textEnd + 1, end - textEnd - 1);
    endFrame(out, at);
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

  /** Where the types are, if they are whole. */
  private static int parameterTypes(ByteBuf buffer, int index, int end) {
    boolean whole =
        end - index >= Short.BYTES
            && end - index == Short.BYTES + Integer.BYTES * buffer.getUnsignedShort(index);
    return whole ? index : Interceptor.NO_PARAMETERS;
  }

  /** What a Bind, Execute or Close means to the names that are known. */
  private PreparedStatements.@Nullable Message named(byte type, ByteBuf buffer, int body, int end) {
    int name = type == FrontendMessage.CLOSE ? body + 1 : body;
    int nameEnd = name < end ? buffer.indexOf(name, end, (byte) 0) : -1;
    if (nameEnd < 0) {
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
    session.toServer(bytes);
  }

  private static int beginFrame(ByteBuf out, byte type) {
    int at = out.writeByte(type).writerIndex();
    out.writeInt(0);
    return at;
  }

  private static void endFrame(ByteBuf out, int at) {
    out.setInt(at, out.writerIndex() - at);
  }

  private static void writeString(ByteBuf frame, String text) {
    frame.writeCharSequence(text, StandardCharsets.ISO_8859_1);
    frame.writeByte(0);
  }
}
