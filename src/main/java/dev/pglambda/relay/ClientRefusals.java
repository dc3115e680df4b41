package dev.pglambda.relay;

import dev.pglambda.limits.LogThrottle;
import dev.pglambda.limits.PeerAddress;
import io.netty.channel.Channel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Clients for which there is no place. */
public final class ClientRefusals {
  /** PostgreSQL's words for SQLSTATE 53300. */
  public static final String TOO_MANY = "sorry, too many clients already";

  /** PostgreSQL's words for SQLSTATE 57P03. */
  public static final String SHUTTING_DOWN = "the database system is shutting down";

  /** For the log, of sessions and connections that end for want of memory. */
  public static final LogThrottle OUT_OF_MEMORY = new LogThrottle();

  private static final Logger log = LoggerFactory.getLogger(ClientRefusals.class);
  private static final LogThrottle THROTTLE = new LogThrottle();

  private ClientRefusals() {}

  /** A flood of clients makes no flood in the log. */
  public static void log(Channel client, String refusal) {
    THROTTLE.warn(log, "refused client {}: {}", PeerAddress.of(client), refusal);
  }
}
