package dev.pglambda.listener;

import dev.pglambda.limits.LogThrottle;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands at the end of a listener's pipeline, behind Netty's acceptor, which stops accepting for a
 * second after each failure. The usual one is that the process has no file descriptor left.
 */
final class AcceptFailureHandler extends ChannelInboundHandlerAdapter {
  private static final Logger log = LoggerFactory.getLogger(AcceptFailureHandler.class);

  private final PendingClients pending;
  private final LogThrottle throttle = new LogThrottle();

  AcceptFailureHandler(PendingClients pending) {
    this.pending = pending;
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    pending.closeHalf();
    if (!(cause instanceof IOException)) {
      log.error("cannot accept clients", cause);
    } else if (throttle.passes()) {
      log.warn("cannot accept clients: {}", cause.getMessage());
    }
  }
}
