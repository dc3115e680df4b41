package dev.pglambda.relay;

import dev.pglambda.intercept.Interceptor;
import dev.pglambda.intercept.Rewrite;
import dev.pglambda.intercept.Rewrite.RewrittenStatement;
import dev.pglambda.intercept.ServerSettings;
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
  private final ServerSettings settings;
  private final Interceptor interceptor;
  private final int inspectLimit;

  /** Prepared statements and portals whose text was rewritten, by name; nearly always empty. */
  private final Map<String, List<RewrittenStatement>> statements = new HashMap<>();

  private final Map<String, List<RewrittenStatement>> portals = new HashMap<>();

  FrontendRelay(
      Session session,
      ReplyQueue replies,
      ServerSettings settings,
      Interceptor interceptor,
      int inspectLimit) {
    this.session = session;
    this.replies = replies;
    this.settings = settings;
    this.interceptor = interceptor;
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
    Rewrite rewrite = inspectText(buffer, body, end);
    replies.sent(FrontendMessage.QUERY, rewrite == null ? null : rewrite.statements());
    if (rewrite == null) {
      return null;
    }
    ByteBuf frame = session.client().alloc().buffer();
    frame.writeByte(FrontendMessage.QUERY).writeInt(0);
    writeString(frame, rewrite.text());
    return frame.setInt(1, frame.readableBytes() - 1);
  }

  private @Nullable ByteBuf parse(ByteBuf buffer, int body, int end) {
    int nameEnd = buffer.indexOf(body, end, (byte) 0);
    int textEnd = nameEnd < 0 ? -1 : buffer.indexOf(nameEnd + 1, end, (byte) 0);
    Rewrite rewrite = textEnd < 0 ? null : inspectText(buffer, nameEnd + 1, textEnd + 1);
    replies.sent(FrontendMessage.PARSE, rewrite == null ? null : rewrite.statements());
    if (rewrite == null) {
      if (textEnd >= 0 && !statements.isEmpty()) {
        statements.remove(string(buffer, body, nameEnd));
      }
      return null;
    }
    statements.put(string(buffer, body, nameEnd), rewrite.statements());
    ByteBuf frame = session.client().alloc().buffer();
    frame.writeByte(FrontendMessage.PARSE).writeInt(0).writeBytes(buffer, body, nameEnd + 1 - body);
    writeString(frame, rewrite.text());
    frame.writeBytes(buffer, textEnd + 1, end - textEnd - 1);
    return frame.setInt(1, frame.readableBytes() - 1);
  }

  private @Nullable Rewrite inspectText(ByteBuf buffer, int from, int end) {
    boolean terminated = end > from && buffer.getByte(end - 1) == 0;
    return terminated ? interceptor.inspect(buffer, from, end - 1 - from, settings) : null;
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

  private static void writeString(ByteBuf frame, String text) {
    frame.writeCharSequence(text, StandardCharsets.ISO_8859_1);
    frame.writeByte(0);
  }
}
