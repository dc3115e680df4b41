package dev.pglambda.tls;

import dev.pglambda.config.BackendSsl;
import dev.pglambda.config.HostAndPort;
import dev.pglambda.config.SslMode;
import dev.pglambda.config.SslNegotiation;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/** TLS towards the PostgreSQL server, as libpq does it. Immutable. */
public final class BackendTls {
  /** A server demands it if TLS was not asked for first. */
  public static final String PROTOCOL = TlsFiles.ALPN;

  /** Libpq's words for the end of a connection. */
  public static final String CLOSED = "server closed the connection unexpectedly";

  private final BackendSsl settings;
  private final HostAndPort server;
  private final SslContext context;

  private BackendTls(BackendSsl settings, HostAndPort server, SslContext context) {
    this.settings = settings;
    this.server = server;
    this.context = context;
  }

  /**
   * Reads the files. Blocks.
   *
   * @return null if there is to be no TLS
   */
  public static @Nullable BackendTls open(BackendSsl settings, HostAndPort server)
      throws TlsException {
    if (settings.mode() == SslMode.DISABLE) {
      return null;
    }
    SslContextBuilder builder =
        SslContextBuilder.forClient()
            .sslProvider(SslProvider.JDK)
            .protocols("TLSv1.3", "TLSv1.2") // libpq's ssl_min_protocol_version
            .applicationProtocolConfig(
                new ApplicationProtocolConfig(
                    Protocol.ALPN,
                    SelectorFailureBehavior.NO_ADVERTISE,
                    SelectedListenerFailureBehavior.ACCEPT,
                    PROTOCOL));
    if (settings.mode().compareTo(SslMode.VERIFY_CA) < 0) {
      builder.trustManager(InsecureTrustManagerFactory.INSTANCE);
    } else {
      builder.trustManager(trust(settings.rootCertificates()));
    }
    BackendSsl.KeyFiles shown = settings.shown();
    if (shown != null) {
      TlsIdentity identity = identity(shown);
      builder.keyManager(identity.key(), identity.chain());
    }
    try {
      return new BackendTls(settings, server, builder.build());
    } catch (IOException e) {
      throw new IllegalStateException(e); // the JDK's own means are there
    }
  }

  private static TlsIdentity identity(BackendSsl.KeyFiles files) throws TlsException {
    Path password = files.passwordFile();
    return TlsIdentity.read(
        new PemFile("--backend-sslcert", files.certificate()),
        new PemFile("--backend-sslkey", files.key()),
        password == null ? null : new PemFile("--backend-sslkey-password-file", password));
  }

  private static BackendTrust trust(@Nullable Path rootCertificates) throws TlsException {
    String option = "--backend-sslrootcert";
    try {
      return rootCertificates == null
          ? BackendTrust.ofSystem()
          : BackendTrust.of(new PemFile(option, rootCertificates).certificates());
    } catch (IOException | GeneralSecurityException e) {
      throw new TlsException(
          option, "certificates that cannot be used", "certificates of authorities, in PEM", e);
    }
  }

  /** Whether there is no connection without TLS. */
  public boolean isRequired() {
    return settings.mode() != SslMode.PREFER;
  }

  /** Whether the server's certificate is verified. */
  public boolean isVerified() {
    return settings.mode().compareTo(SslMode.VERIFY_CA) >= 0;
  }

  /** Whether TLS begins without an SSLRequest. */
  public boolean isDirect() {
    return settings.negotiation() == SslNegotiation.DIRECT;
  }

  /** Encrypts a connection from here on, and begins the handshake. On its event loop. */
  public void begin(ChannelPipeline pipeline) {
    SslHandler handler =
        context.newHandler(pipeline.channel().alloc(), server.host(), server.port());
    SSLParameters parameters = handler.engine().getSSLParameters();
    parameters.setServerNames(serverNames(server.host()));
    if (settings.mode() == SslMode.VERIFY_FULL) {
      parameters.setEndpointIdentificationAlgorithm("HTTPS"); // the rules of RFC 2818
    }
    handler.engine().setSSLParameters(parameters);
    handler.setHandshakeTimeoutMillis(0); // who opens the connection has a time-out for all of it
    KeyUpdateLimit.encrypt(pipeline, handler);
  }

  /** Server Name Indication: every name, also one without a dot, and no address (libpq, sslsni). */
  private static List<SNIServerName> serverNames(String host) {
    if (NetUtil.isValidIpV4Address(host) || host.contains(":")) {
      return List.of();
    }
    try {
      return List.of(
          new SNIHostName(host.endsWith(".") ? host.substring(0, host.length() - 1) : host));
    } catch (IllegalArgumentException notForDns) {
      return List.of(); // with an underscore, for example
    }
  }

  /** What a failed handshake is to be blamed on, in libpq's words where it has some. */
  public String failure(Throwable cause) {
    return cause instanceof ClosedChannelException
        ? CLOSED
        : "SSL error: " + BackendTrust.reason(cause, server.host());
  }
}
