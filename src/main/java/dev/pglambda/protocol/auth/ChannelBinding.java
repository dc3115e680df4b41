package dev.pglambda.protocol.auth;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** To what a SCRAM server can have a login bound (RFC 5802, section 6). */
public final class ChannelBinding {
  /** To nothing, and so it does not matter whether the client could. */
  public static final ChannelBinding NONE = new ChannelBinding(null, false);

  /**
   * To nothing, because this connection has no TLS, although others to this server have. A client
   * that could bind has TLS: somebody in between has ended it.
   */
  public static final ChannelBinding UNENCRYPTED = new ChannelBinding(null, true);

  private final byte @Nullable [] certificateHash;
  private final boolean known;

  private ChannelBinding(byte @Nullable [] certificateHash, boolean known) {
    this.certificateHash = certificateHash;
    this.known = known;
  }

  /** To the certificate that this connection has shown, by its hash (RFC 5929, section 4.1). */
  public static ChannelBinding to(byte[] certificateHash) {
    return new ChannelBinding(certificateHash, true);
  }

  /** What AuthenticationSASL names, the preferred one first. */
  public List<String> mechanisms() {
    return certificateHash == null
        ? List.of(ScramServer.MECHANISM)
        : List.of(ScramServer.BOUND_MECHANISM, ScramServer.MECHANISM);
  }

  byte @Nullable [] certificateHash() {
    return certificateHash;
  }

  /** Whether a client that thinks that this server cannot bind (flag {@code y}) is misled. */
  boolean isKnown() {
    return known;
  }
}
