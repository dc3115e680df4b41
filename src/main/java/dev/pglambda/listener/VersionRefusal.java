package dev.pglambda.listener;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.SqlState;
import dev.pglambda.relay.ConnectFailure;
import dev.pglambda.relay.GracefulClose;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.charset.StandardCharsets;

/**
 * The server's channel of a client that speaks no version 3 of the protocol: its packet goes to the
 * server, whose error, in the form of the client's version and with the versions that it supports,
 * comes back byte for byte. Nothing else does: what is no error is not passed on. Ends with the
 * client's connection, which ends at the time-out for startups.
 */
final class VersionRefusal extends ChannelInboundHandlerAdapter {
  /** Much longer than what servers say here. */
  private static final int MOST_BYTES = 8 * 1024;

  private final Channel client;
  private final int majorVersion;
  private final byte[] packet;

  /**
   * Whether the server is to refuse encryption before it sees the packet; where the proxy itself
   * has asked for encryption, it sees it at once.
   */
  private boolean encryptionToBeRefused;

  private int passedOn;

  /**
   * @param majorVersion of the protocol whose form of errors the client understands
   * @param second whether the packet is a request for encryption and the client's second one
   */
  VersionRefusal(Channel client, int majorVersion, ByteBuf packet, boolean second) {
    this.client = client;
    this.majorVersion = majorVersion;
    this.packet = ByteBufUtil.getBytes(packet);
    this.encryptionToBeRefused = second;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    client.closeFuture().addListener(closed -> ctx.close());
    ctx.writeAndFlush(Unpooled.wrappedBuffer(packet));
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    boolean answered = bytes.getByte(bytes.readerIndex()) == BackendMessage.ERROR_RESPONSE;
    if (encryptionToBeRefused && !answered) {
      encryptionToBeRefused = false;
      boolean refused = bytes.readByte() == BackendMessage.NO_ENCRYPTION;
      bytes.release();
      if (refused) {
        ctx.writeAndFlush(Unpooled.wrappedBuffer(packet));
      } else {
        ctx.close(); // it would begin the encryption that the proxy has denied
      }
      return;
    }
    encryptionToBeRefused = false;
    if (passedOn == 0 && !answered) {
      bytes.release();
      // Servers before 14 speak protocol 2, which the proxy does not.
      refuse(
          SqlState.FEATURE_NOT_SUPPORTED,
          "unsupported frontend protocol: pg-lambda-proxy supports 3.0 and newer");
      ctx.close();
      return;
    }
    passedOn += bytes.readableBytes();
    client.writeAndFlush(bytes);
    if (passedOn > MOST_BYTES) {
      ctx.close();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    GracefulClose.lingeringClose(client, Unpooled.EMPTY_BUFFER);
  }

  /** There is nobody to ask. */
  void connectFailed(ConnectFailure failure) {
    refuse(failure.sqlState(), failure.message());
    GracefulClose.lingeringClose(client, Unpooled.EMPTY_BUFFER);
  }

  /** Before version 3 an error was one text (elog.c of PostgreSQL, send_message_to_frontend). */
  private void refuse(String sqlState, String message) {
    client.writeAndFlush(
        majorVersion < 3
            ? Unpooled.copiedBuffer("EFATAL:  " + message + "\n\0", StandardCharsets.US_ASCII)
            : ErrorFields.fatal(sqlState, message)
                .toFrame(client.alloc(), BackendMessage.ERROR_RESPONSE));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    ctx.close();
  }
}
