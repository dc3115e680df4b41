package dev.pglambda.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * TLS towards the PostgreSQL server: the options {@code --backend-ssl*}, in a combination that
 * means something.
 *
 * @param mode in effect: a root certificate makes {@link SslMode#REQUIRE} verify it
 * @param systemRoots whether the JVM's root certificates are trusted
 * @param rootCertificates file of those that are trusted, PEM; null: the system's, or none
 * @param shown what the server sees of the proxy; null: nothing
 */
public record BackendSsl(
    SslMode mode,
    boolean systemRoots,
    @Nullable Path rootCertificates,
    @Nullable KeyFiles shown,
    SslNegotiation negotiation) {

  /**
   * A certificate and what proves that it is the proxy's, PEM.
   *
   * @param certificate file of the chain
   * @param passwordFile null: the key is not encrypted
   */
  public record KeyFiles(Path certificate, Path key, @Nullable Path passwordFile) {}

  /** A server of which nothing is asked. */
  public static final BackendSsl DISABLED =
      new BackendSsl(SslMode.DISABLE, false, null, null, SslNegotiation.POSTGRES);

  private static final String SYSTEM = "system";

  /** As libpq, uses no TLS on a Unix-domain socket. */
  static BackendSsl of(Settings settings, @Nullable ServerAddress server) throws ConfigException {
    if (server instanceof HostAndPort) {
      return of(settings);
    }
    for (Option option : Option.BACKEND_SSL) {
      if (settings.isGiven(option)) {
        throw new ConfigException(
            settings.source(option),
            server == null ? "given without a server" : "given for a Unix-domain socket",
            "beside --backend host:port, as other servers are reached on this machine only");
      }
    }
    return DISABLED;
  }

  private static BackendSsl of(Settings settings) throws ConfigException {
    Path root = settings.optional(Option.BACKEND_SSLROOTCERT, Values::file);
    boolean systemRoots = SYSTEM.equals(String.valueOf(root));
    SslMode given = settings.constant(Option.BACKEND_SSLMODE, SslMode.class);
    SslMode mode =
        root != null && !settings.isGiven(Option.BACKEND_SSLMODE) ? SslMode.VERIFY_FULL : given;
    if (systemRoots && mode != SslMode.VERIFY_FULL) {
      throw new ConfigException(
          settings.source(Option.BACKEND_SSLROOTCERT),
          ConfigException.quote(SYSTEM) + " with a weak sslmode",
          "--backend-sslmode verify-full beside it");
    }
    if (root == null && mode.compareTo(SslMode.VERIFY_CA) >= 0) {
      throw new ConfigException(
          settings.source(Option.BACKEND_SSLMODE),
          "no root certificate to verify the server's with",
          "beside --backend-sslrootcert");
    }
    SslNegotiation negotiation =
        settings.constant(Option.BACKEND_SSLNEGOTIATION, SslNegotiation.class);
    if (negotiation == SslNegotiation.DIRECT && mode.compareTo(SslMode.REQUIRE) < 0) {
      throw new ConfigException(
          settings.source(Option.BACKEND_SSLNEGOTIATION),
          "direct with a weak sslmode",
          "--backend-sslmode require, verify-ca or verify-full beside it");
    }
    return new BackendSsl(
        mode == SslMode.REQUIRE && root != null ? SslMode.VERIFY_CA : mode,
        systemRoots,
        systemRoots ? null : root,
        keyFiles(settings),
        negotiation);
  }

  private static @Nullable KeyFiles keyFiles(Settings settings) throws ConfigException {
    Path certificate = settings.optional(Option.BACKEND_SSLCERT, Values::file);
    Path key = settings.optional(Option.BACKEND_SSLKEY, Values::file);
    Path password = settings.optional(Option.BACKEND_SSLKEY_PASSWORD_FILE, Values::file);
    if (certificate != null) {
      return new KeyFiles(certificate, key == null ? certificate : key, password);
    }
    if (key != null || password != null) {
      throw new ConfigException(
          settings.source(
              key != null ? Option.BACKEND_SSLKEY : Option.BACKEND_SSLKEY_PASSWORD_FILE),
          "no certificate of that key",
          "beside --backend-sslcert");
    }
    return null;
  }
}
