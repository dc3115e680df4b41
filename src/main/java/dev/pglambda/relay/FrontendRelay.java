package dev.pglambda.relay;

import dev.pglambda.intercept.Interceptor;
import dev.pglambda.intercept.Rewrite;
import dev.pglambda.intercept.Rewrite.RewrittenStatement;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.FrameScanner;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.ProtocolViolation;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

  private final Session session;
  private final ReplyQueue replies;
  private final SessionState state;
  private final Interceptor interceptor;
  private final KeyOffer keys;
  private final int inspectLimit;

  /** Prepared statements and portals whose text was rewritten, by name; nearly always empty. */
  private final Map<String, List<RewrittenStatement>> statements = new HashMap<>();

  private final Map<String, List<RewrittenStatement>> portals = new HashMap<>();

  FrontendRelay(
      Session session,
      ReplyQueue replies,
      SessionState state,
      Interceptor interceptor,
      KeyOffer keys,
      int inspectLimit) {
    this.session = session;
    this.replies = replies;
    this.state = state;
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
          case FrontendMessage.BIND, FrontendMessage.EXECUTE ->
              !(statements.isEmpty() && portals.isEmpty()) && bodyLength <= inspectLimit;
          case FrontendMessage.TERMINATE -> {
            session.sawTerminate();
            yield false;
          }
          default -> false;
        };
    if (!wanted) {
      replies.sent(type);
    }
    return wanted;
  }

  @Override
  public @Nullable ByteBuf inspect(ByteBuf buffer, int index, int length) {
    int body = index + Frame.HEADER_LENGTH;
    int end = index + length;
    return switch (buffer.getByte(index)) {
      case FrontendMessage.QUERY -> query(buffer, body, end);
      case FrontendMessage.PARSE -> parse(buffer, body, end);
      case FrontendMessage.BIND -> bind(buffer, body, end);
      default -> execute(buffer, body, end);
    };
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
      replies.sent(FrontendMessage.PARSE);
      if (textEnd >= 0 && !statements.isEmpty()) {
        statements.remove(string(buffer, body, nameEnd));
      }
      return null;
    }
    statements.put(string(buffer, body, nameEnd), rewrite.statements());
    ByteBuf out = session.client().alloc().buffer();
    if (rewrite.takesKeys() && replies.canOfferLater()) {
      offerKeys(out);
    }
    replies.sent(FrontendMessage.PARSE, rewrite.statements());
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

  private @Nullable ByteBuf bind(ByteBuf buffer, int body, int end) {
    replies.sent(FrontendMessage.BIND);
    int portalEnd = buffer.indexOf(body, end, (byte) 0);
    int statementEnd = portalEnd < 0 ? -1 : buffer.indexOf(portalEnd + 1, end, (byte) 0);
    if (statementEnd >= 0) {
      String portal = string(buffer, body, portalEnd);
      List<RewrittenStatement> rewritten =
          statements.get(string(buffer, portalEnd + 1, statementEnd));
      if (rewritten == null) {
        portals.remove(portal);
      } else {
        portals.put(portal, rewritten);
      }
    }
    return null;
  }

  private @Nullable ByteBuf execute(ByteBuf buffer, int body, int end) {
    int portalEnd = buffer.indexOf(body, end, (byte) 0);
    replies.sent(
        FrontendMessage.EXECUTE,
        portalEnd < 0 ? null : portals.get(string(buffer, body, portalEnd)));
    return null;
  }

  @Override
  public void forward(ByteBuf bytes) {
    session.toServer(bytes);
  }

  private static String string(ByteBuf buffer, int from, int end) {
    return buffer.toString(from, end - from, StandardCharsets.ISO_8859_1);
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
