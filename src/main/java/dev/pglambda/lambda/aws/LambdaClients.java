package dev.pglambda.lambda.aws;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.core.client.config.SdkAdvancedAsyncClientOption;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.ProxyConfiguration;
import software.amazon.awssdk.http.nio.netty.SdkEventLoopGroup;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.retries.api.RetryStrategy;
import software.amazon.awssdk.services.lambda.LambdaAsyncClient;
import software.amazon.awssdk.services.lambda.LambdaAsyncClientBuilder;

/**
 * Builds the SDK's clients, each on one of the same event loops: its connections and its timers, so
 * that a call wakes one loop only.
 */
final class LambdaClients {
  /** The longest request time-out there can be, 15 minutes, and a little more. */
  private static final Duration LONGEST_CALL = Duration.ofMinutes(16);

  private static final Duration LEAST_TLS_HANDSHAKE = Duration.ofSeconds(5);

  /**
   * How long connections are kept. A request on one that the server is just closing fails, and is
   * not repeated, so the client has to be first. AWS waits for minutes, but Node.js, which many
   * local endpoints run on, waits for five seconds.
   */
  private static final Duration KEPT_IDLE_AT_AWS = Duration.ofSeconds(60);

  private static final Duration KEPT_IDLE_ELSEWHERE = Duration.ofSeconds(4);

  private final EventLoopGroup group;
  private final AwsLambdaInvoker.Settings settings;
  private final boolean foreignEndpoint;

  LambdaClients(EventLoopGroup group, AwsLambdaInvoker.Settings settings, boolean foreignEndpoint) {
    this.group = group;
    this.settings = settings;
    this.foreignEndpoint = foreignEndpoint;
  }

  /** What the SDK can set per client only. */
  record Key(String region, Duration connectTimeout) {}

  /** Blocks for up to some seconds, while classes are loaded. */
  LambdaAsyncClient build(Key key) {
    EventLoop loop = group.next();
    return build(key, settings.endpoint(), loop, http(loop, key.connectTimeout()));
  }

  /** Whether requests are sent over TLS, as far as the settings tell. */
  boolean usesTls() {
    URI endpoint = settings.endpoint();
    return endpoint == null ? !foreignEndpoint : "https".equalsIgnoreCase(endpoint.getScheme());
  }

  /**
   * The same as {@link #build(Key)} for another endpoint, which is reached directly, whatever proxy
   * is set.
   */
  LambdaAsyncClient build(Key key, URI endpoint) {
    EventLoop loop = group.next();
    ProxyConfiguration none =
        ProxyConfiguration.builder()
            .useSystemPropertyValues(false)
            .useEnvironmentVariableValues(false)
            .build();
    return build(key, endpoint, loop, http(loop, key.connectTimeout()).proxyConfiguration(none));
  }

  private LambdaAsyncClient build(
      Key key, @Nullable URI endpoint, EventLoop loop, NettyNioAsyncHttpClient.Builder http) {
    LambdaAsyncClientBuilder builder =
        LambdaAsyncClient.builder()
            .region(Region.of(key.region()))
            // Each request carries its own credentials: to resolve them here could block.
            .credentialsProvider(AnonymousCredentialsProvider.create())
            .httpClientBuilder(http)
            .asyncConfiguration(
                async ->
                    async.advancedOption(
                        SdkAdvancedAsyncClientOption.FUTURE_COMPLETION_EXECUTOR, Runnable::run))
            .overrideConfiguration(
                override -> override.retryStrategy(retries()).scheduledExecutorService(loop));
    if (endpoint != null) {
      builder.endpointOverride(endpoint);
    }
    return builder.build();
  }

  /**
   * The request time-out alone ends a call: it is set per request, so every limit of the HTTP
   * client that could come first is off or out of reach.
   */
  private NettyNioAsyncHttpClient.Builder http(EventLoop loop, Duration connectTimeout) {
    return NettyNioAsyncHttpClient.builder()
        .eventLoopGroup(SdkEventLoopGroup.create(new OneEventLoop(loop)))
        .useNonBlockingDnsResolver(true)
        .connectionTimeout(connectTimeout)
        // A handshake takes longer than a connection, and the first one in a JVM much longer.
        .tlsNegotiationTimeout(
            connectTimeout.compareTo(LEAST_TLS_HANDSHAKE) > 0
                ? connectTimeout
                : LEAST_TLS_HANDSHAKE)
        .readTimeout(Duration.ZERO)
        .writeTimeout(Duration.ZERO)
        .connectionAcquisitionTimeout(LONGEST_CALL)
        .connectionMaxIdleTime(foreignEndpoint ? KEPT_IDLE_ELSEWHERE : KEPT_IDLE_AT_AWS)
        .maxConcurrency(settings.maxConcurrentInvocations())
        .maxPendingConnectionAcquires(Integer.MAX_VALUE)
        .tcpKeepAlive(true);
  }

  /** The SDK's default would send a request up to four times. */
  private RetryStrategy retries() {
    return settings.retries() == 0
        ? DefaultRetryStrategy.doNotRetry()
        : DefaultRetryStrategy.standardStrategyBuilder()
            .maxAttempts(settings.retries() + 1)
            .build();
  }

  /**
   * One loop of a group as a group. Each client is to have a single loop: where there are more, the
   * SDK's pool (HttpOrHttp2ChannelPool of 2.51) waits for ever for a first connection that another
   * loop finds refused before the pool has added its listener.
   */
  private static final class OneEventLoop extends NioEventLoopGroup {
    OneEventLoop(EventLoop loop) {
      super(1, loop);
    }

    @Override
    protected EventLoop newChild(Executor loop, Object... ignored) {
      return (EventLoop) loop;
    }
  }
}
