package dev.pglambda;

import dev.pglambda.config.Config;
import dev.pglambda.config.TlsMode;
import dev.pglambda.protocol.auth.ChannelBinding;
import dev.pglambda.tls.ClientTls;
import dev.pglambda.tls.EndPointBinding;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.SslHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the server's links to the proxy are encrypted.
 *
 * @param mode {@link TlsMode#DISABLE} if there is no {@code tls}
 */
record CallbackEncryption(TlsMode mode, @Nullable ClientTls tls) {
  private static final Logger log = LoggerFactory.getLogger(CallbackEncryption.class);

  /**
   * As the options say. The embedded server is on loopback, where TLS protects from nobody.
   *
   * @param tls null: the proxy has none
   */
  static CallbackEncryption of(Config config, @Nullable ClientTls tls) throws StartException {
    TlsMode asked = config.callback().tls();
    if (tls == null) {
      if (asked != null && asked != TlsMode.DISABLE) {
        throw StartException.badUsage(
            "--callback-tls: given without TLS (expected: --tls-cert, or --tls-self-signed on,"
                + " beside it)",
            null);
      }
      return new CallbackEncryption(TlsMode.DISABLE, null);
    }
    TlsMode byDefault = config.backend() == null ? TlsMode.DISABLE : TlsMode.ALLOW;
    CallbackEncryption encryption = new CallbackEncryption(asked == null ? byDefault : asked, tls);
    if (encryption.isRequired() && !tls.isBindable()) {
      throw StartException.badUsage(
          "--callback-tls: require with a certificate that Ed25519 has signed, of which SCRAM's"
              + " channel binding has no hash (expected: one that RSA or ECDSA has signed)",
          null);
    }
    if (encryption.mode == TlsMode.DISABLE) {
      return encryption;
    }
    tls.keepBindable();
    if (!tls.isBindable()) {
      log.warn(
          "PostgreSQL is not told to call with TLS: Ed25519 has signed the certificate, so there is"
              + " no hash of it for the channel binding of SCRAM");
    }
    return encryption;
  }

  /** Whether the server is told to use TLS from now on. */
  boolean isOffered() {
    return mode != TlsMode.DISABLE && tls != null && tls.isBindable();
  }

  /** Whether links without TLS are refused. */
  boolean isRequired() {
    return mode == TlsMode.REQUIRE;
  }

  /** To what a link can be bound that has come over a connection. */
  ChannelBinding binding(ChannelPipeline pipeline) {
    SslHandler encryption = pipeline.get(SslHandler.class);
    if (encryption == null) {
      return isOffered() ? ChannelBinding.UNENCRYPTED : ChannelBinding.NONE;
    }
    byte[] hash = EndPointBinding.hashShown(encryption);
    return hash == null ? ChannelBinding.NONE : ChannelBinding.to(hash);
  }
}
