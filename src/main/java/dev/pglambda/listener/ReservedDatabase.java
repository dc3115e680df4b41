package dev.pglambda.listener;

import dev.pglambda.protocol.StartupPacket.StartupMessage;
import io.netty.channel.Channel;

/** Takes the sessions that are meant for the proxy itself and never relayed. */
public interface ReservedDatabase {

  /** Whether a session with this startup message is meant for the proxy itself. */
  boolean claims(StartupMessage startup);

  /**
   * Whether a connection may come from where it does, and as it does; else it is refused.
   *
   * @param isServer whether it comes from an address at which the server is reached
   */
  boolean admits(Channel channel, boolean encrypted, boolean isServer);

  /**
   * Takes over a connection: installs the handlers that read everything after the startup message.
   * Called on the channel's event loop.
   *
   * @param isServer as in {@link #admits}
   * @param admitted to be run, on any thread, when who connects has proved that it may; until then
   *     the connection can be closed to make place for others
   */
  void accept(Channel channel, StartupMessage startup, boolean isServer, Runnable admitted);
}
