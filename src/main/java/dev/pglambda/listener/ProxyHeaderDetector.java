package dev.pglambda.listener;

import dev.pglambda.limits.LogThrottle;
import dev.pglambda.limits.PeerAddress;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyProtocolException;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol.TransportProtocol;
import io.netty.util.NetUtil;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands in front of the {@link StartupHandler} of a connection from a load balancer, and notes the
 * client's address that the header of the PROXY protocol tells (version 2: "The PROXY protocol", by
 * HAProxy Technologies).
 *
 * <pre>
 *   the signature ─┬─ PROXY, of TCP ──► the client's address
 *                  ├─ LOCAL, or of a Unix-domain socket, or of anything ──► the balancer's own
 *                  └─ broken, too long, of UDP ──► close
 *   other bytes ──► nothing is noted: a call of the server's, or a request for no session
 * </pre>
 *
 * <p>Detection is safe: no packet of PostgreSQL's begins like the signature, and who can connect
 * from a balancer's address could send a header of any kind.
 */
final class ProxyHeaderDetector extends ByteToMessageDecoder {
  private static final Logger log = LoggerFactory.getLogger(ProxyHeaderDetector.class);
  private static final LogThrottle BROKEN = new LogThrottle();

  private static final byte[] SIGNATURE = {
    '\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'
  };

  /** In the upper half of the byte behind the signature. */
  private static final int VERSION = 2;

  private static final int VERSION_SHIFT = 4;

  /** For further fields of the header, which do not count: names of endpoints, certificates. */
  private static final int MOST_BYTES_OF_FIELDS = 4 * 1024;

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    int length = Math.min(in.readableBytes(), SIGNATURE.length);
    for (int i = 0; i < length; i++) {
      if (in.getByte(in.readerIndex() + i) != SIGNATURE[i]) {
        ctx.pipeline().remove(this);
        return;
      }
    }
    if (in.readableBytes() <= SIGNATURE.length) {
      return;
    }
    if (in.getByte(in.readerIndex() + SIGNATURE.length) >> VERSION_SHIFT == VERSION) {
      ctx.pipeline().addAfter(ctx.name(), null, new HeaderHandler());
      ctx.pipeline().replace(this, null, new HAProxyMessageDecoder(MOST_BYTES_OF_FIELDS));
    } else if (ctx.channel().isOpen()) {
      in.skipBytes(
          in.readableBytes()); // the decoder would take some versions for an incomplete one
      refuse(ctx, "of another version");
    }
  }

  private static void refuse(ChannelHandlerContext ctx, String reason) {
    BROKEN.warn(
        log, "PROXY protocol header of {} refused: {}", PeerAddress.of(ctx.channel()), reason);
    ctx.close();
  }

  /** Takes the one header; the bytes behind it go on to the next handler. */
  private static final class HeaderHandler extends ChannelInboundHandlerAdapter {
    private boolean failed;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      if (failed || !(message instanceof HAProxyMessage header)) {
        ReferenceCountUtil.release(message); // behind a header that was refused
        return;
      }
      try {
        if (header.proxiedProtocol().transportProtocol() == TransportProtocol.DGRAM) {
          fail(ctx, "not of TCP");
          return;
        }
        PeerAddress.tell(ctx.channel(), clientOf(header));
        ctx.pipeline().remove(this);
      } finally {
        header.release();
      }
    }

    private static @Nullable InetSocketAddress clientOf(HAProxyMessage header) {
      String source = header.sourceAddress();
      InetAddress address =
          header.command() == HAProxyCommand.LOCAL || source == null
              ? null
              : NetUtil.createInetAddressFromIpAddressString(source);
      return address == null ? null : new InetSocketAddress(address, header.sourcePort());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      if (cause instanceof HAProxyProtocolException) {
        fail(ctx, LogThrottle.onOneLine(String.valueOf(cause.getMessage())));
      } else {
        ctx.fireExceptionCaught(cause);
      }
    }

    private void fail(ChannelHandlerContext ctx, String reason) {
      if (!failed) {
        failed = true;
        refuse(ctx, reason);
      }
    }
  }
}
