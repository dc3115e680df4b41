package dev.pglambda.relay;

import dev.pglambda.intercept.Interceptor;
import dev.pglambda.protocol.FrameScanner;
import dev.pglambda.protocol.ProtocolViolation;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * The streams of messages in both directions: what comes is scanned, and goes on to the other
 * connection. Used on the session's event loop.
 */
final class SessionStreams implements StreamControl {
  private final ChannelPair channels;
  private final ReplyQueue replies;
  private final FrameScanner fromClient;
  private final FrameScanner fromServer;
  private final MessageHold hold;
  private final ProxyLogin login;

  SessionStreams(
      SessionContext context,
      Interceptor interceptor,
      CallbackKeyDelivery keys,
      ProxyLogin login,
      int inspectLimit,
      @Nullable LocalExecution local) {
    channels = context.channels();
    replies = context.replies();
    this.login = login;
    ClientToServer frontend =
        new ClientToServer(context, this, interceptor, keys, login, inspectLimit, local);
    hold = frontend.hold();
    ByteBufAllocator allocator = channels.allocator();
    fromClient = new FrameScanner(frontend, allocator);
    if (login.isInProgress()) {
      fromClient.pause();
    }
    fromServer =
        new FrameScanner(new ServerToClient(context, this, keys, hold, login, local), allocator);
  }

  void clientSent(ByteBuf bytes) throws ProtocolViolation {
    fromClient.scan(bytes);
    advance();
    limitClient();
  }

  void serverSent(ByteBuf bytes) throws ProtocolViolation {
    fromServer.scan(bytes);
  }

  /**
   * Goes on with a message that is held, and with what the client has sent behind it, or behind its
   * password.
   */
  void advance() throws ProtocolViolation {
    while (fromClient.isPaused()) {
      hold.advance();
      if (hold.isHolding() || login.isInProgress()) {
        return;
      }
      fromClient.resume();
      channels.flushServer(); // no read of the client's will
      limitClient();
    }
  }

  void limitClient() {
    channels.limitClient(replies.size(), fromClient.waitingBytes());
  }

  @Override
  public void pauseClient() {
    fromClient.pause();
  }

  @Override
  public void dropClientMessage() {
    fromClient.drop(null);
  }

  @Override
  public void dropServerMessage(@Nullable ByteBuf instead) {
    fromServer.drop(instead);
  }

  @Override
  public void precedeServerMessage(ByteBuf before) {
    fromServer.precede(before);
  }

  @Override
  public boolean isInClientMessage() {
    return fromClient.isInPassingMessage();
  }

  /** Whether the client has got a part of a message of the server's. */
  boolean isInServerMessage() {
    return fromServer.isInPassingMessage();
  }

  boolean areAtBoundary() {
    return fromClient.atBoundary() && fromServer.atBoundary();
  }

  void close() {
    hold.close();
    fromClient.close();
    fromServer.close();
  }
}
