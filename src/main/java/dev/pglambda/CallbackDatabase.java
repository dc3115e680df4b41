package dev.pglambda;

import dev.pglambda.callback.CallbackServer;
import dev.pglambda.config.CallbackPeers;
import dev.pglambda.limits.LogThrottle;
import dev.pglambda.limits.PeerAddress;
import dev.pglambda.listener.ReservedDatabase;
import dev.pglambda.protocol.StartupPacket.StartupMessage;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands the reserved user's connections to the callback server.
 *
 * @param peers from where they may come
 */
record CallbackDatabase(CallbackServer server, CallbackEncryption encryption, CallbackPeers peers)
    implements ReservedDatabase {
  private static final Logger log = LoggerFactory.getLogger(CallbackDatabase.class);
  private static final LogThrottle REFUSALS = new LogThrottle();

  @Override
  public boolean claims(StartupMessage startup) {
    return CallbackServer.isCallback(startup.parameters());
  }

  @Override
  public boolean admits(Channel channel, boolean encrypted, boolean isServer) {
    if (!encrypted && encryption.isRequired()) {
      REFUSALS.warn(
          log, "refused a callback link of {}: no TLS (--callback-tls)", PeerAddress.of(channel));
      return false;
    }
    boolean allowed =
        peers.all()
            || (PeerAddress.of(channel) instanceof InetSocketAddress peer
                && peers.allows(peer.getAddress(), isServer, PeerAddress.isThisMachine(channel)));
    if (!allowed) {
      REFUSALS.warn(
          log, "refused a callback link of {}: not of --callback-allow", PeerAddress.of(channel));
    }
    return allowed;
  }

  @Override
  public void accept(Channel channel, StartupMessage startup, Runnable admitted) {
    server.accept(
        channel,
        startup.minorVersion(),
        startup.parameters(),
        encryption.binding(channel.pipeline()),
        admitted);
  }
}
