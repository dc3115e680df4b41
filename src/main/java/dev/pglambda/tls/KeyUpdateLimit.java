package dev.pglambda.tls;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import javax.net.ssl.SSLException;

/**
 * Ends a connection whose peer changes keys over and over (RFC 8446, section 4.6.3). The arithmetic
 * holds up the event loop, and Netty keeps all answers that the peer does not take. A peer in good
 * order changes them once in gigabytes.
 *
 * <p>Counted are the answers, and the bytes that come without data: a KeyUpdate need not want an
 * answer.
 */
final class KeyUpdateLimit {
  private static final int MOST_ANSWERS = 1_000;

  /** More than a handshake, or a read of records of which the last is not complete. */
  private static final int MOST_BYTES_WITHOUT_DATA = 256 * 1024;

  private boolean flushing;
  private int answers;
  private int withoutData;

  private KeyUpdateLimit() {}

  /** Puts a handler that encrypts first into a pipeline, within this limit. */
  static void encrypt(ChannelPipeline pipeline, ChannelHandler encryption) {
    KeyUpdateLimit limit = new KeyUpdateLimit();
    pipeline.addFirst(limit.new Data());
    pipeline.addFirst(encryption);
    pipeline.addFirst(limit.new Records());
  }

  /** Behind the encryption: data are encrypted while they are flushed, and at no other time. */
  private final class Data extends ChannelDuplexHandler {
    @Override
    public void flush(ChannelHandlerContext ctx) {
      flushing = true;
      ctx.flush();
      flushing = false;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object data) {
      withoutData = 0;
      ctx.fireChannelRead(data);
    }
  }

  /** Before the encryption: what is written at another time is TLS's own. */
  private final class Records extends ChannelDuplexHandler {
    @Override
    public void write(ChannelHandlerContext ctx, Object record, ChannelPromise promise) {
      ctx.write(record, promise);
      if (!flushing && ++answers == MOST_ANSWERS) {
        end(ctx, "too many key updates");
      }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object bytes) {
      withoutData += ((ByteBuf) bytes).readableBytes();
      ctx.fireChannelRead(bytes);
      if (withoutData > MOST_BYTES_WITHOUT_DATA && ctx.channel().isOpen()) {
        end(ctx, "too many records without data");
      }
    }

    private void end(ChannelHandlerContext ctx, String reason) {
      ctx.fireExceptionCaught(new SSLException(reason));
      ctx.close();
    }
  }
}
