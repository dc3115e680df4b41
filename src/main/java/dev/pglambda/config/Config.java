package dev.pglambda.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything a user can configure, checked. Only {@link ConfigLoader} makes one from a command
 * line; what each option means to a user is said in {@code docs/configuration.md}.
 *
 * @param listen where clients and PostgreSQL's callbacks connect
 * @param backend the PostgreSQL server, or null: start an embedded one
 * @param dataDirectory where the embedded server's data and the generated secret live; not created
 *     yet
 * @param embedded how the embedded server is, if there is one
 * @param lambda how Lambda is called
 * @param callback how PostgreSQL calls the proxy
 * @param limits sizes and times
 * @param log what is logged, and how
 * @param guide whether to run the example of AWS's guide after the start and print its rows
 * @param once whether to end after the guide; only true if {@code guide} is
 */
public record Config(
    HostAndPort listen,
    @Nullable HostAndPort backend,
    Path dataDirectory,
    Embedded embedded,
    Lambda lambda,
    Callback callback,
    Limits limits,
    Log log,
    boolean guide,
    boolean once) {

  /**
   * How the embedded server is.
   *
   * @param superuser whether its user {@code postgres} is superuser, not only master user
   * @param password of that user, or null: none is needed, or one is generated
   */
  public record Embedded(boolean superuser, @Nullable Password password) {}

  /**
   * How Lambda is called.
   *
   * @param endpoint URL of something that speaks the Lambda API, or null: the AWS SDK's own setting
   *     or AWS
   * @param region AWS region of calls that name none, or null: the AWS SDK's, else {@code
   *     us-east-1}
   * @param roleArn IAM role to assume through STS, or null
   * @param retries how often the SDK repeats a request that failed
   * @param maxConcurrentInvocations most requests to Lambda in flight
   * @param sampleFunctions whether functions inside the proxy answer
   */
  public record Lambda(
      @Nullable URI endpoint,
      @Nullable String region,
      @Nullable String roleArn,
      int retries,
      int maxConcurrentInvocations,
      SampleFunctionsMode sampleFunctions) {}

  /**
   * How PostgreSQL calls the proxy.
   *
   * @param host host the server connects to, or null: the address at which it sees the proxy
   * @param port port the server connects to, or null: the port the proxy listens on
   * @param secret what the server proves that it is the server with, or null: the one kept in the
   *     data directory, generated at the first start
   * @param parameter whether StartupMessages get the run-time parameter {@code pglambda.callback}
   * @param directCalls which calls the proxy serves itself, so that the server need not call it
   * @param trustedRoles names of roles that may install the extension, and call where it is not
   *     installed; {@code *}: every role
   */
  public record Callback(
      @Nullable String host,
      @Nullable Integer port,
      @Nullable Secret secret,
      boolean parameter,
      DirectCallMode directCalls,
      List<String> trustedRoles) {

    public Callback {
      trustedRoles = List.copyOf(trustedRoles);
    }
  }

  /**
   * Sizes and times.
   *
   * @param inspectBytes longest Query or Parse, in bytes, that is gathered for inspection; a longer
   *     one passes uninspected
   * @param startupTimeout longest time from a client's connection to the end of its authentication
   * @param connectTimeout longest wait for a connection to the server, and for its answer to a
   *     cancel request
   * @param maxClients most clients that are authenticated
   * @param maxClientsPerAddress most clients from one IP address; 0: no limit
   * @param maxUnauthenticatedClients most clients that the server has not authenticated yet
   * @param maxPendingClients most connections that have not said yet what they want
   * @param maxCancelRequests most cancel requests that the server works on
   * @param maxCallbackLinks most connections on which the server calls the proxy
   * @param maxMemory most bytes that are held for all sessions; null: half of the JVM's heap
   * @param maxMemoryPerSession most bytes that are held for each session
   * @param keepalives of the connections to clients and to the server
   * @param shutdownGrace longest time that statements and transactions may take to end when the
   *     proxy stops; zero: none
   */
  public record Limits(
      int inspectBytes,
      Duration startupTimeout,
      Duration connectTimeout,
      int maxClients,
      int maxClientsPerAddress,
      int maxUnauthenticatedClients,
      int maxPendingClients,
      int maxCancelRequests,
      int maxCallbackLinks,
      @Nullable Long maxMemory,
      long maxMemoryPerSession,
      Keepalives keepalives,
      Duration shutdownGrace) {}

  /**
   * When TCP notices that the other side is gone without a word; PostgreSQL's settings of the same
   * names (PostgreSQL manual, "Connection Settings"). Zero each: as the operating system is set.
   *
   * @param idle time without traffic before the first probe, in whole seconds
   * @param interval time from probe to probe, in whole seconds
   * @param count how many probes may be lost
   */
  public record Keepalives(Duration idle, Duration interval, int count) {}

  /**
   * What is logged, and how.
   *
   * @param level least severe level
   * @param format how an event is written
   */
  public record Log(LogLevel level, LogFormat format) {}
}
