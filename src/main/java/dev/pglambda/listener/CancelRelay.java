package dev.pglambda.listener;

import dev.pglambda.limits.LogThrottle;
import dev.pglambda.limits.PeerAddress;
import dev.pglambda.protocol.StartupPacket.CancelRequest;
import dev.pglambda.relay.ConnectFailure;
import dev.pglambda.relay.Session;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One cancel request, on its own connection, which is closed when all is done. Used on that
 * connection's event loop.
 */
final class CancelRelay {
  private static final Logger log = LoggerFactory.getLogger(CancelRelay.class);
  private static final LogThrottle LOST = new LogThrottle();

  private final ClientListener relay;
  private final Channel channel;

  CancelRelay(ClientListener relay, Channel channel) {
    this.relay = relay;
    this.channel = channel;
  }

  /**
   * Ends a call that the proxy serves itself, or lets the server know.
   *
   * @param bytes of the request; released here
   */
  void cancel(CancelRequest request, ByteBuf bytes) {
    Session session = relay.wiring.sessions().withCancelKey(request.key());
    if (session == null) {
      passOn(bytes, null);
      return;
    }
    session.cancelLocalExecution(
        cancelled ->
            channel
                .eventLoop()
                .execute(
                    () -> {
                      if (cancelled) {
                        bytes.release();
                        channel.close();
                      } else {
                        passOn(bytes, session.serverAddress());
                      }
                    }));
  }

  private void passOn(ByteBuf bytes, @Nullable InetSocketAddress server) {
    if (!relay.admission.beginCancelRequest()) {
      bytes.release();
      lose("too many of them at a time");
      return;
    }
    relay.backend.connectTo(
        server,
        channel,
        new CancelHandler(channel, relay.wiring.settings().connectTimeout()),
        true,
        connecting -> {
          if (connecting.isSuccess()) {
            Channel opened = connecting.getNow();
            opened.writeAndFlush(bytes);
            opened.closeFuture().addListener(closed -> relay.admission.endCancelRequest());
          } else {
            bytes.release();
            relay.admission.endCancelRequest();
            lose(ConnectFailure.reason(connecting.cause()));
          }
        });
  }

  private void lose(String reason) {
    LOST.warn(
        log,
        "cannot pass on a cancel request of {} to server {}: {}",
        PeerAddress.of(channel),
        relay.wiring.settings().backend(),
        reason);
    channel.close();
  }
}
