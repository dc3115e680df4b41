package dev.pglambda;

import dev.pglambda.callback.CallbackProof;
import dev.pglambda.callback.CallbackServer;
import dev.pglambda.config.CallbackPeers;
import dev.pglambda.limits.LogThrottle;
import dev.pglambda.limits.PeerAddress;
import dev.pglambda.listener.ReservedDatabase;
import dev.pglambda.protocol.SqlState;
import dev.pglambda.protocol.StartupPacket.StartupMessage;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands the reserved user's connections to the callback server. */
final class CallbackDatabase implements ReservedDatabase {
  private static final Logger log = LoggerFactory.getLogger(CallbackDatabase.class);
  private static final LogThrottle REFUSALS = new LogThrottle();

  private final CallbackServer server;
  private final CallbackEncryption encryption;
  private final @Nullable CallbackPeers peers;
  private final CallbackProof proof;
  private final AtomicBoolean warned = new AtomicBoolean();

  /**
   * @param peers from where they may come; null: from anywhere, and a warning tells that they do
   * @param proof is told of each connection that has proved that it may come
   */
  CallbackDatabase(
      CallbackServer server,
      CallbackEncryption encryption,
      @Nullable CallbackPeers peers,
      CallbackProof proof) {
    this.server = server;
    this.encryption = encryption;
    this.peers = peers;
    this.proof = proof;
  }

  @Override
  public boolean claims(StartupMessage startup) {
    return CallbackServer.isCallback(startup.parameters());
  }

  @Override
  public boolean admits(Channel channel, boolean encrypted, boolean isServer) {
    if (!encrypted && encryption.isRequired()) {
      server.refusals().count(SqlState.INVALID_AUTHORIZATION_SPECIFICATION);
      REFUSALS.warn(
          log, "refused a callback link of {}: no TLS (--callback-tls)", PeerAddress.of(channel));
      return false;
    }
    boolean allowed =
        peers == null
            || peers.all()
            || (PeerAddress.of(channel) instanceof InetSocketAddress peer
                && peers.allows(peer.getAddress(), isServer, PeerAddress.isThisMachine(channel)));
    if (!allowed) {
      server.refusals().count(SqlState.INVALID_AUTHORIZATION_SPECIFICATION);
      REFUSALS.warn(
          log, "refused a callback link of {}: not of --callback-allow", PeerAddress.of(channel));
    }
    return allowed;
  }

  @Override
  public void accept(Channel channel, StartupMessage startup, boolean isServer, Runnable admitted) {
    boolean known = peers != null || isServer || PeerAddress.isThisMachine(channel);
    server.accept(
        channel,
        startup.minorVersion(),
        startup.parameters(),
        encryption.binding(channel.pipeline()),
        () -> {
          proof.proven();
          admitted.run();
          if (!known) {
            warnOfElsewhere(PeerAddress.host(channel));
          }
        });
  }

  /** Once: an operator who is told of each call would read none. */
  private void warnOfElsewhere(@Nullable String host) {
    if (warned.compareAndSet(false, true)) {
      log.warn(
          "PostgreSQL calls from {}, which is neither an address of --backend nor this machine: such"
              + " calls are served wherever they come from. To have others refused, set"
              + " --callback-allow server,{}, with each address from which PostgreSQL calls;"
              + " --callback-allow all ends this warning",
          host,
          host);
    }
  }
}
