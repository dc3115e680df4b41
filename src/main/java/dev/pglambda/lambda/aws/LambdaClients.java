package dev.pglambda.lambda.aws;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.core.client.config.SdkAdvancedAsyncClientOption;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
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
  private static final Logger log = LoggerFactory.getLogger(LambdaClients.class);

  /** The longest request time-out there can be, 15 minutes, and a little more. */
  private static final Duration LONGEST_CALL = Duration.ofMinutes(16);

  private static final Duration CREDENTIALS_CONNECT_TIMEOUT = Duration.ofSeconds(2);

  private static final Duration LEAST_TLS_HANDSHAKE = Duration.ofSeconds(5);

  /**
   * How long connections are kept. A request on one that the server is just closing fails, and is
   * not repeated, so the client has to be first. AWS waits for minutes, but Node.js, which many
   * local endpoints run on, waits for five seconds.
   */
  private static final Duration KEPT_IDLE_AT_AWS = Duration.ofSeconds(60);

  private static final Duration KEPT_IDLE_ELSEWHERE = Duration.ofSeconds(4);

  private final EventLoopGroup group;
  private final AwsLambdaInvoker.InvokerSettings settings;
  private final boolean foreignEndpoint;
  private final Network network;

  LambdaClients(
      EventLoopGroup group,
      AwsLambdaInvoker.InvokerSettings settings,
      boolean foreignEndpoint,
      Network network) {
    this.group = group;
    this.settings = settings;
    this.foreignEndpoint = foreignEndpoint;
    this.network = network;
  }

  /** What the SDK can set per client only. */
  record Key(String region, Duration connectTimeout) {}

  /** Blocks for up to some seconds, while classes are loaded. */
  LambdaAsyncClient build(Key key) {
    try {
      network.trustManagers(); // read here, where it may block
    } catch (IOException unusable) {
      log.debug("{}", unusable.getMessage(), unusable); // the request fails, and tells why
    }
    return build(key, settings.endpoint(), network);
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
    return build(key, endpoint, Network.direct());
  }

  /** What credentials are asked for through. */
  Transport.Builder forCredentials() {
    return transport(group.next(), CREDENTIALS_CONNECT_TIMEOUT, network);
  }

  private Transport.Builder transport(EventLoop loop, Duration connectTimeout, Network between) {
    return new Transport.Builder(between, proxy -> http(loop, connectTimeout, proxy));
  }

  private LambdaAsyncClient build(Key key, @Nullable URI endpoint, Network between) {
    EventLoop loop = group.next();
    Transport.Builder http = transport(loop, key.connectTimeout(), between);
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
            .overrideConfiguration(override -> override(override, loop));
    if (endpoint != null) {
      builder.endpointOverride(endpoint);
    }
    return builder.build();
  }

  private void override(ClientOverrideConfiguration.Builder override, EventLoop loop) {
    override
        .retryStrategy(retries())
        .scheduledExecutorService(loop)
        .addExecutionInterceptor(new ReplyAccount());
    if (settings.profile() != null) {
      override.defaultProfileName(settings.profile());
    }
  }

  /**
   * The request time-out alone ends a call: it is set per request, so every limit of the HTTP
   * client that could come first is off or out of reach.
   */
  private NettyNioAsyncHttpClient.Builder http(
      EventLoop loop, Duration connectTimeout, Optional<HttpProxy> proxy) {
    boolean plainProxy = proxy.map(p -> p.scheme().equals("http")).orElse(false);
    return NettyNioAsyncHttpClient.builder()
        .eventLoopGroup(
            SdkEventLoopGroup.create(
                new OneEventLoop(loop),
                () -> {
                  Channel channel = new NioSocketChannel();
                  channel.pipeline().addLast(new ConnectionWatch(plainProxy, connectTimeout));
                  return channel;
                }))
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
