package dev.pglambda.listener;

import dev.pglambda.iam.TokenVerifier;
import dev.pglambda.limits.PeerAddress;
import dev.pglambda.limits.ReadControl;
import dev.pglambda.limits.ReadControl.Reason;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import dev.pglambda.protocol.auth.ReceivedPassword;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks a client for its authentication token, before the server knows of it. Stands before the
 * {@link StartupHandler}, whose time-out counts on.
 *
 * <pre>
 *   AuthenticationCleartextPassword ──►
 *                                   ◄── PasswordMessage: the token
 *   it counts ──► the session begins, with what came behind the token
 *   it does not ──► FATAL 28000 in the words of RDS, and the reason in the log
 *   anything else ──► FATAL 08P01
 * </pre>
 */
final class TokenLogin extends ChannelInboundHandlerAdapter {
  private static final Logger log = LoggerFactory.getLogger(TokenLogin.class);

  /** Eight times as long as tokens with a security token are. */
  private static final int MAX_LENGTH = 16 * 1024;

  private final TokenVerifier tokens;
  private final String user;
  private final Consumer<ByteBuf> accepted;
  private final Consumer<SqlError> refused;
  private final ByteBuf header = Unpooled.buffer(Frame.HEADER_LENGTH, Frame.HEADER_LENGTH);
  private byte @Nullable [] body;
  private int bodyBytes;

  /** What came behind the token. */
  private ByteBuf rest = Unpooled.EMPTY_BUFFER;

  /**
   * @param user of the StartupMessage
   * @param accepted gets what the client has sent behind its token; called once, or {@code refused}
   *     is, or the connection is closed before
   */
  TokenLogin(
      TokenVerifier tokens, String user, Consumer<ByteBuf> accepted, Consumer<SqlError> refused) {
    this.tokens = tokens;
    this.user = user;
    this.accepted = accepted;
    this.refused = refused;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    ctx.writeAndFlush(
        MessageWriter.buffer(
            ctx.alloc(),
            StandardCharsets.US_ASCII,
            new Authentication(Authentication.CLEARTEXT_PASSWORD, "")));
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    wipe();
    rest.release();
    rest = Unpooled.EMPTY_BUFFER;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    if (isComplete()) {
      rest = Unpooled.wrappedBuffer(rest, bytes);
      return;
    }
    byte[] token;
    try {
      token = read(bytes);
    } catch (ProtocolViolation violation) {
      bytes.release();
      log.debug("protocol violation by {}: {}", ctx.channel(), violation.getMessage());
      refuse(
          ctx, new SqlError(SqlState.PROTOCOL_VIOLATION, String.valueOf(violation.getMessage())));
      return;
    }
    if (token == null) {
      bytes.release();
    } else {
      rest = bytes;
      verify(ctx, token);
    }
  }

  private boolean isComplete() {
    return body != null && bodyBytes == body.length;
  }

  /** Null: it is not complete. */
  private byte @Nullable [] read(ByteBuf bytes) throws ProtocolViolation {
    header.writeBytes(bytes, Math.min(header.writableBytes(), bytes.readableBytes()));
    if (header.isWritable()) {
      return null;
    }
    byte[] message = body == null ? new byte[bodyLength()] : body;
    body = message;
    int index = bytes.readerIndex();
    int count = Math.min(message.length - bodyBytes, bytes.readableBytes());
    bytes.readBytes(message, bodyBytes, count);
    bytes.setZero(index, count);
    bodyBytes += count;
    return isComplete()
        ? ReceivedPassword.take(Unpooled.wrappedBuffer(message), 0, message.length)
        : null;
  }

  private int bodyLength() throws ProtocolViolation {
    byte type = header.getByte(0);
    if (type != FrontendMessage.PASSWORD) {
      throw new ProtocolViolation(
          "expected password response, got message type " + Byte.toUnsignedInt(type));
    }
    int length = Frame.length(header, 0) - Frame.HEADER_LENGTH;
    if (length < 1 || length > MAX_LENGTH) {
      throw new ProtocolViolation(
          "invalid length of a password message: %d (expected: 1 to %d)"
              .formatted(length, MAX_LENGTH));
    }
    return length;
  }

  private void verify(ChannelHandlerContext ctx, byte[] token) {
    if (token.length == 0) {
      refuse(ctx, ReceivedPassword.EMPTY);
      return;
    }
    ReadControl.of(ctx.channel()).set(Reason.STARTUP, true);
    var unused = tokens.verify(token, user).whenComplete((ok, failure) -> tell(ctx, failure));
    Arrays.fill(token, (byte) 0);
  }

  private void wipe() {
    if (body != null) {
      Arrays.fill(body, (byte) 0);
    }
  }

  /** Any thread. */
  private void tell(ChannelHandlerContext ctx, @Nullable Throwable failure) {
    try {
      ctx.executor().execute(() -> verified(ctx, failure));
    } catch (RejectedExecutionException stopping) {
      log.debug("{}: the proxy is stopping", ctx.channel());
    }
  }

  private void verified(ChannelHandlerContext ctx, @Nullable Throwable failure) {
    if (ctx.isRemoved() || !ctx.channel().isActive()) {
      return; // the client has gone, or has waited for too long
    }
    if (failure != null) {
      tokens.logRefusal(PeerAddress.of(ctx.channel()), user, failure);
      refuse(
          ctx,
          new SqlError(
              SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
              "PAM authentication failed for user \"" + user + "\""));
      return;
    }
    ByteBuf behind = rest;
    rest = Unpooled.EMPTY_BUFFER;
    ctx.pipeline().remove(this);
    accepted.accept(behind);
  }

  private void refuse(ChannelHandlerContext ctx, SqlError error) {
    ctx.pipeline().remove(this);
    refused.accept(error);
  }
}
