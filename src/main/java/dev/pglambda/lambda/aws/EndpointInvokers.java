package dev.pglambda.lambda.aws;

import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.aws.AwsLambdaInvoker.InvokerSettings;
import dev.pglambda.lambda.route.Dialect;
import dev.pglambda.lambda.route.Endpoint;
import dev.pglambda.limits.MemoryBudget;
import io.netty.channel.EventLoopGroup;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Opens endpoints, each as its own settings say, and all on the same threads, with one limit of
 * calls at a time, and with one source of credentials for each profile and role. Safe for use by
 * many threads.
 */
public final class EndpointInvokers implements AutoCloseable {
  private final InvokerSettings own;
  private final AwsEnvironment environment;
  private final String ownRegion;
  private final InvokerResources resources;
  private final ClientCache<CredentialsKey, CredentialsCache> credentials;

  /** What credentials depend on; the region, of STS, is empty without a role. */
  private record CredentialsKey(
      @Nullable String profile, @Nullable String roleArn, String region, boolean foreign) {}

  /**
   * Sends nothing and builds nothing yet.
   *
   * @param group of the NIO transport, for the connections; not shut down by this class
   * @param own settings of {@link #openOwn()}, whose retries are those of endpoints that say
   *     nothing about them, and whose limit of calls counts for all together
   * @param ownRegion is that of STS where an endpoint has none
   */
  public EndpointInvokers(
      EventLoopGroup group, InvokerSettings own, AwsEnvironment environment, String ownRegion) {
    this.own = own;
    this.environment = environment;
    this.ownRegion = ownRegion;
    this.resources = new InvokerResources(group, own.maxConcurrentInvocations());
    this.credentials = new ClientCache<>(0, this::credentials, resources.closers());
  }

  private CredentialsCache credentials(CredentialsKey key) {
    return new CredentialsCache(
        () -> {
          RoutedHttpService.install(
              new LambdaClients(resources.group(), own, key.foreign(), environment.network())
                  ::forCredentials);
          return CredentialsChain.create(
              key.profile(),
              key.roleArn(),
              key.region(),
              key.foreign(),
              environment.withProfile(key.profile()));
        });
  }

  /** Says how much the replies of all endpoints may take that are being read. */
  public void limitReplies(MemoryBudget budget) {
    resources.limitReplies(budget);
  }

  /** What the proxy's own settings lead to. To be closed by the caller. */
  public AwsLambdaInvoker openOwn() {
    return open(own, ownRegion, false, () -> {});
  }

  /** Calls the endpoint in its dialect. To be closed by the caller, which does not block. */
  public LambdaInvoker open(Endpoint endpoint) {
    InvokerSettings settings =
        new InvokerSettings(
            endpoint.url(),
            endpoint.profile(),
            endpoint.roleArn(),
            Objects.requireNonNullElse(endpoint.retries(), own.retries()),
            // The emulator of one function breaks down under a second call at a time.
            endpoint.dialect().name() == Dialect.NameForm.FUNCTION
                ? 1
                : own.maxConcurrentInvocations());
    String region = Objects.requireNonNullElse(endpoint.region(), ownRegion);
    return new EndpointInvoker(endpoint, open(settings, region, true, () -> {}));
  }

  /**
   * @param region is warmed up, and is that of STS
   * @param namesHost whether a hint names the host that cannot be reached
   * @param end is run when the invoker is closed
   */
  AwsLambdaInvoker open(InvokerSettings settings, String region, boolean namesHost, Runnable end) {
    AwsEnvironment seen = environment.withProfile(settings.profile());
    boolean foreign = seen.endpointIsForeign(settings.endpoint());
    Network network = seen.network();
    var lease =
        credentials.lease(
            new CredentialsKey(
                settings.profile(),
                settings.roleArn(),
                settings.roleArn() == null ? "" : region,
                foreign));
    return new AwsLambdaInvoker(
        resources,
        settings,
        foreign,
        namesHost ? network.namingHosts() : network,
        lease.client(),
        region,
        () -> {
          lease.close();
          end.run();
        });
  }

  /** Ends the threads, and blocks for two seconds at most; the invokers are closed before it. */
  @Override
  public void close() {
    credentials.close();
    resources.close();
  }

  private record EndpointInvoker(Endpoint endpoint, AwsLambdaInvoker invoker)
      implements LambdaInvoker {

    @Override
    public CompletableFuture<InvocationResult> invoke(Invocation invocation) {
      try {
        return invoker.invoke(atEndpoint(endpoint.dialect().translate(invocation)));
      } catch (InvocationException refused) {
        return CompletableFuture.failedFuture(refused);
      }
    }

    private Invocation atEndpoint(Invocation invocation) {
      return new Invocation(
          invocation.functionName(),
          Objects.requireNonNullElse(endpoint.region(), invocation.region()),
          invocation.invocationType(),
          invocation.logType(),
          invocation.clientContext(),
          invocation.qualifier(),
          invocation.payload(),
          Objects.requireNonNullElse(endpoint.connectTimeout(), invocation.connectTimeout()),
          Objects.requireNonNullElse(endpoint.requestTimeout(), invocation.requestTimeout()),
          invocation.traceHeader());
    }

    @Override
    public void close() {
      invoker.close();
    }
  }
}
