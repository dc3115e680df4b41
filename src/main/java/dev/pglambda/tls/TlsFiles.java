package dev.pglambda.tls;

import dev.pglambda.config.ClientCertificates;
import dev.pglambda.config.Config;
import dev.pglambda.config.FileStamps;
import dev.pglambda.config.TlsMode;
import dev.pglambda.config.TlsVersion;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The files that TLS towards clients is made from, and the settings that do not change.
 *
 * @param clientCa null: clients are not asked for a certificate
 */
record TlsFiles(
    PemFile certificate,
    PemFile key,
    @Nullable PemFile password,
    @Nullable PemFile clientCa,
    ClientCertificates clientCertificates,
    TlsVersion minVersion) {

  /** Of PostgreSQL, registered with IANA (be-secure-openssl.c, alpn_protos). */
  static final String ALPN = "postgresql";

  private static final SslProvider PROVIDER = SslProvider.JDK;

  static {
    // Read once, when the JDK's TLS is loaded. PostgreSQL refuses renegotiation likewise.
    System.getProperties().putIfAbsent("jdk.tls.rejectClientInitiatedRenegotiation", "true");
  }

  /**
   * The files that the options name; null: there is no TLS.
   *
   * @param directory where the self-signed certificate is kept; null if there is to be none
   */
  static @Nullable TlsFiles of(Config.Tls options, @Nullable Path directory) throws TlsException {
    Path certificate = options.certificate();
    if (certificate == null && (options.key() != null || options.keyPasswordFile() != null)) {
      throw new TlsException(
          options.key() != null ? "--tls-key" : "--tls-key-password-file",
          "given without --tls-cert",
          "the certificate of that key by --tls-cert, too");
    }
    TlsMode mode = options.mode();
    if (mode == TlsMode.DISABLE || (mode == null && certificate == null && directory == null)) {
      refuseClientCa(options);
      return null;
    }
    if (options.clientCertificates() == ClientCertificates.VERIFY_FULL
        && (mode != TlsMode.REQUIRE || options.clientCa() == null)) {
      throw new TlsException(
          "--tls-client-cert",
          "verify-full without " + (mode != TlsMode.REQUIRE ? "TLS for all" : "an authority"),
          "--tls-mode require and --tls-client-ca beside it");
    }
    PemFile shown;
    PemFile key;
    if (certificate != null) {
      shown = new PemFile("--tls-cert", certificate);
      key = new PemFile("--tls-key", Objects.requireNonNullElse(options.key(), certificate));
    } else if (directory != null) {
      String source = "--tls-self-signed";
      shown = new PemFile(source, directory.resolve(SelfSignedCertificate.CERTIFICATE_FILE));
      key = new PemFile(source, directory.resolve(SelfSignedCertificate.KEY_FILE));
    } else {
      throw new TlsException(
          "--tls-mode", "no certificate", "--tls-cert, or --tls-self-signed on, beside it");
    }
    Path password = options.keyPasswordFile();
    Path clientCa = options.clientCa();
    return new TlsFiles(
        shown,
        key,
        password == null ? null : new PemFile("--tls-key-password-file", password),
        clientCa == null ? null : new PemFile("--tls-client-ca", clientCa),
        options.clientCertificates(),
        options.minVersion());
  }

  private static void refuseClientCa(Config.Tls options) throws TlsException {
    if (options.clientCa() != null) {
      throw new TlsException(
          "--tls-client-ca", "given without TLS", "--tls-cert, or --tls-self-signed on, beside it");
    }
  }

  /** What is read, and what is made of it. */
  record Loaded(TlsIdentity identity, SslContext context, boolean isBindable) {}

  /** Reads all of them. Blocks. */
  Loaded load() throws TlsException {
    TlsIdentity identity = TlsIdentity.read(certificate, key, password);
    List<X509Certificate> trusted = clientCa == null ? List.of() : clientCa.certificates();
    try {
      SslContextBuilder builder =
          SslContextBuilder.forServer(
                  identity.key(), identity.chain().toArray(X509Certificate[]::new))
              .sslProvider(PROVIDER)
              .protocols(versions())
              .applicationProtocolConfig(
                  new ApplicationProtocolConfig(
                      Protocol.ALPN,
                      // As PostgreSQL: no_application_protocol for a client that names others only.
                      SelectorFailureBehavior.FATAL_ALERT,
                      SelectedListenerFailureBehavior.ACCEPT,
                      ALPN));
      if (!trusted.isEmpty()) {
        // Whether one is needed is for ClientTls.refusal.
        builder.trustManager(trusted).clientAuth(ClientAuth.OPTIONAL);
      }
      return new Loaded(identity, builder.build(), EndPointBinding.hash(identity.leaf()) != null);
    } catch (SSLException | IllegalArgumentException e) {
      throw certificate.unusable(
          "cannot be used: " + e.getMessage(), "a certificate and key for TLS");
    }
  }

  private List<String> versions() {
    return Stream.of(TlsVersion.values())
        .filter(version -> version.compareTo(minVersion) >= 0)
        .map(TlsVersion::protocol)
        .toList();
  }

  /** What tells whether one of them has changed. Blocks. */
  FileStamps stamps() {
    return FileStamps.of(
        Stream.of(certificate, key, password, clientCa)
            .filter(Objects::nonNull)
            .map(PemFile::path)
            .toList());
  }
}
