package dev.pglambda.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * Everything a user can configure, checked. Only {@link ConfigLoader} makes one from a command
 * line. Components are the options of the same names unless said otherwise: {@link Option} says
 * what they mean.
 *
 * @param balancers {@code --proxy-protocol-from}
 * @param backend the PostgreSQL server, or null: start an embedded one
 * @param backendSsl disabled if there is no {@code backend}, or at a Unix-domain socket
 * @param dataDirectory not created yet
 * @param iam null: off
 * @param admin null: off
 * @param guide whether to run the example of AWS's guide after the start and print its rows
 * @param once whether to end after the guide; only true if {@code guide} is
 */
public record Config(
    ListenAddresses listen,
    Balancers balancers,
    @Nullable ServerAddress backend,
    BackendSsl backendSsl,
    LoginMode login,
    Path dataDirectory,
    Embedded embedded,
    Tls tls,
    @Nullable IamAuthentication iam,
    Lambda lambda,
    Callback callback,
    Limits limits,
    Log log,
    KeptCalls journal,
    @Nullable Admin admin,
    boolean guide,
    boolean once) {

  /** How the embedded server is; without a password none is needed, or one is generated. */
  public record Embedded(boolean superuser, @Nullable Password password) {}

  /**
   * TLS towards clients.
   *
   * @param mode null: {@link TlsMode#ALLOW} if there is a certificate, else {@link TlsMode#DISABLE}
   * @param certificate file of the certificate chain, or null
   * @param key file of its private key; null: the same file
   * @param keyPasswordFile or null: the key is not encrypted
   * @param clientCa file of the certificates that sign clients'; null: clients show none
   * @param selfSigned whether a certificate is made if none is given; null: only for an embedded
   *     server
   */
  public record Tls(
      @Nullable TlsMode mode,
      @Nullable Path certificate,
      @Nullable Path key,
      @Nullable Path keyPasswordFile,
      TlsVersion minVersion,
      @Nullable Path clientCa,
      ClientCertificates clientCertificates,
      @Nullable Boolean selfSigned) {}

  /**
   * How Lambda is called.
   *
   * @param endpoint null: the AWS SDK's own setting or AWS
   * @param region null: the AWS SDK's, else {@code us-east-1}
   * @param roleArn or null
   * @param functions where the user's own functions are; null: there are none
   * @param policies files or directories of {@code --policy}
   */
  public record Lambda(
      @Nullable URI endpoint,
      @Nullable String region,
      @Nullable String roleArn,
      int retries,
      int maxConcurrentInvocations,
      SampleFunctionsMode sampleFunctions,
      @Nullable String functions,
      List<Path> policies) {

    public Lambda {
      policies = List.copyOf(policies);
    }
  }

  /**
   * How PostgreSQL calls the proxy.
   *
   * @param host host of {@code --callback-address}, or null: the address at which the server sees
   *     the proxy
   * @param port its port, or null: the port the proxy listens on
   * @param secret null: the one kept in the data directory, generated at the first start
   * @param parameter {@code --callback-parameter}
   * @param tls null: {@link TlsMode#ALLOW} if there are a certificate and a {@code backend}, else
   *     {@link TlsMode#DISABLE}
   * @param allow null: from anywhere, with a warning of the first that comes from elsewhere than
   *     the server's addresses and this machine
   * @param trustedRoles names of roles; {@code *}: every role
   */
  public record Callback(
      @Nullable String host,
      @Nullable Integer port,
      @Nullable Secret secret,
      boolean parameter,
      @Nullable TlsMode tls,
      @Nullable CallbackPeers allow,
      DirectCallMode directCalls,
      List<String> trustedRoles) {

    public Callback {
      trustedRoles = List.copyOf(trustedRoles);
    }
  }

  /**
   * Sizes, in bytes, and times.
   *
   * @param inspectBytes {@code --inspect-limit}
   * @param maxMemory null: half of the JVM's heap
   * @param shutdownGrace zero: none
   */
  public record Limits(
      int inspectBytes,
      Duration startupTimeout,
      Duration connectTimeout,
      ClientLimits clients,
      int maxCallbackLinks,
      @Nullable Long maxMemory,
      long maxMemoryPerSession,
      Keepalives keepalives,
      Duration shutdownGrace) {}

  /**
   * When TCP notices that the other side is gone without a word; PostgreSQL's settings of the same
   * names (PostgreSQL manual, "Connection Settings"). Zero each: as the operating system is set.
   *
   * @param idle in whole seconds
   * @param interval in whole seconds
   * @param count how many probes may be lost
   */
  public record Keepalives(Duration idle, Duration interval, int count) {}

  /**
   * What is logged, and how.
   *
   * @param calls whether each call is; null: if standard error is a terminal
   * @param noColour whether a terminal is to show no colours, either ({@code NO_COLOR})
   */
  public record Log(Level level, LogFormat format, @Nullable Boolean calls, boolean noColour) {

    /** With colours where there is a terminal. */
    public Log(Level level, LogFormat format, @Nullable Boolean calls) {
      this(level, format, calls, false);
    }
  }

  /**
   * What is kept of the calls.
   *
   * @param maxBytes in memory; null: 64 MB, or an eighth of the JVM's heap if that is less
   * @param file null: only there
   * @param payloads whether they are kept, or only their lengths
   */
  public record KeptCalls(@Nullable Long maxBytes, @Nullable Path file, boolean payloads) {}

  /**
   * Where browsers and programs look at the calls.
   *
   * @param address where to listen
   * @param given whether the user has given the address; else another port will do
   * @param token that is asked for; null: none, for an address of this machine only
   */
  public record Admin(HostAndPort address, boolean given, @Nullable Password token) {}
}
