package dev.pglambda.tls;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.ssl.SslHandler;
import javax.net.ssl.SSLException;

/**
 * Ends a connection whose peer asks for new keys over and over. TLS 1.3 answers each KeyUpdate that
 * wants an answer (RFC 8446, section 4.6.3). The arithmetic holds up the event loop, and Netty
 * keeps all answers that the peer does not take. A peer in good order asks once in gigabytes.
 */
final class KeyUpdateLimit {
  private static final int MOST_ANSWERS = 1_000;

  private boolean flushing;
  private int answers;

  private KeyUpdateLimit() {}

  /** Puts a handler that encrypts first into a pipeline, within this limit. */
  static void encrypt(ChannelPipeline pipeline, SslHandler encryption) {
    KeyUpdateLimit limit = new KeyUpdateLimit();
    pipeline.addFirst(limit.new Data());
    pipeline.addFirst(encryption);
    pipeline.addFirst(limit.new Records());
  }

  /** Behind the encryption: data are encrypted while they are flushed, and at no other time. */
  private final class Data extends ChannelOutboundHandlerAdapter {
    @Override
    public void flush(ChannelHandlerContext ctx) {
      flushing = true;
      ctx.flush();
      flushing = false;
    }
  }

  /** Before the encryption: what is written at another time is TLS's own. */
  private final class Records extends ChannelOutboundHandlerAdapter {
    @Override
    public void write(ChannelHandlerContext ctx, Object record, ChannelPromise promise) {
      ctx.write(record, promise);
      if (!flushing && ++answers == MOST_ANSWERS) {
        ctx.fireExceptionCaught(new SSLException("too many key updates"));
        ctx.close();
      }
    }
  }
}
