package dev.pglambda.tls;

import dev.pglambda.limits.LogThrottle;
import dev.pglambda.limits.PeerAddress;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands behind the {@link SslHandler} and makes what it tells what a plain connection would tell:
 * a close_notify is the end of the stream, and a broken record an I/O error.
 */
final class TlsEvents extends ChannelInboundHandlerAdapter {
  private static final Logger log = LoggerFactory.getLogger(ClientTls.class);
  private static final LogThrottle FAILED_HANDSHAKES = new LogThrottle();

  private final SslHandler encryption;
  private final boolean direct;
  private boolean established;

  TlsEvents(SslHandler encryption, boolean direct) {
    this.encryption = encryption;
    this.direct = direct;
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof SslHandshakeCompletionEvent handshake) {
      established = handshake.isSuccess();
      if (established && direct && !TlsFiles.ALPN.equals(encryption.applicationProtocol())) {
        // As in backend_startup.c, ProcessSSLStartup.
        fail(ctx, "direct TLS without the ALPN protocol " + TlsFiles.ALPN);
        ctx.channel().close();
      }
    } else if (event instanceof SslCloseCompletionEvent end && end.isSuccess()) {
      ctx.channel().close();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof DecoderException && cause.getCause() instanceof SSLException broken) {
      if (!established) {
        // Not the bytes themselves, which may hold a password.
        fail(
            ctx,
            broken instanceof NotSslRecordException
                ? "no TLS record"
                : LogThrottle.onOneLine(String.valueOf(broken.getMessage())));
      }
      ctx.fireExceptionCaught(broken);
    } else {
      ctx.fireExceptionCaught(cause);
    }
  }

  private static void fail(ChannelHandlerContext ctx, String reason) {
    if (FAILED_HANDSHAKES.passes()) {
      log.info(
          "TLS handshake of client {} failed: {}{}",
          PeerAddress.of(ctx.channel()),
          reason,
          FAILED_HANDSHAKES.others());
    }
  }
}
