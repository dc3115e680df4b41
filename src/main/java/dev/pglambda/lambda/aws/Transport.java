package dev.pglambda.lambda.aws;

import dev.pglambda.lambda.aws.TransportException.Progress;
import io.netty.handler.ssl.NotSslRecordException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.http.async.AsyncExecuteRequest;
import software.amazon.awssdk.http.async.SdkAsyncHttpClient;
import software.amazon.awssdk.http.async.SdkAsyncHttpResponseHandler;
import software.amazon.awssdk.http.async.SdkHttpContentPublisher;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.http.nio.netty.ProxyConfiguration;
import software.amazon.awssdk.utils.AttributeMap;

/**
 * The SDK's HTTP client, which sends a request through the proxy that is set for it, and whose
 * failures tell how far the request had come.
 */
final class Transport implements SdkAsyncHttpClient {
  /** Failures of a connection that carries no request yet, whatever has been written to it. */
  private static final List<Class<? extends Throwable>> CONNECTING =
      List.of(
          ConnectException.class,
          UnknownHostException.class,
          SSLHandshakeException.class,
          NotSslRecordException.class,
          ConnectionWatch.NotConnectedException.class,
          ConnectionWatch.ProxyFailure.class);

  private final Builder builder;
  private final AttributeMap defaults;
  private final Map<Optional<HttpProxy>, SdkAsyncHttpClient> clients = new ConcurrentHashMap<>();

  private Transport(Builder builder, AttributeMap defaults) {
    this.builder = builder;
    this.defaults = defaults;
  }

  /**
   * @param network what lies between
   * @param settings of the client for a proxy, or for none
   */
  record Builder(
      Network network, Function<Optional<HttpProxy>, NettyNioAsyncHttpClient.Builder> settings)
      implements SdkAsyncHttpClient.Builder<Builder> {
    @Override
    public SdkAsyncHttpClient buildWithDefaults(AttributeMap serviceDefaults) {
      return new Transport(this, serviceDefaults);
    }
  }

  @Override
  public CompletableFuture<Void> execute(AsyncExecuteRequest request) {
    URI uri = request.request().getUri();
    Optional<HttpProxy> proxy;
    SdkAsyncHttpClient client;
    try {
      proxy = builder.network().proxies().forRequest(uri);
      client = client(proxy, builder.network().trustManagers());
    } catch (IOException setting) {
      TransportException failure = TransportException.unusable(setting);
      request.responseHandler().onError(failure);
      return CompletableFuture.failedFuture(failure);
    }
    String hint = builder.network().hint(uri.getHost());
    return new Exchange(request, uri.getHost(), proxy, hint).through(client);
  }

  private SdkAsyncHttpClient client(Optional<HttpProxy> proxy, TrustManager @Nullable [] trusted) {
    return clients.computeIfAbsent(
        proxy,
        route -> {
          NettyNioAsyncHttpClient.Builder http = builder.settings().apply(route);
          http.proxyConfiguration(configuration(route));
          if (trusted != null) {
            http.tlsTrustManagersProvider(() -> trusted);
          }
          return http.buildWithDefaults(defaults);
        });
  }

  private static ProxyConfiguration configuration(Optional<HttpProxy> route) {
    ProxyConfiguration.Builder builder =
        ProxyConfiguration.builder()
            .useSystemPropertyValues(false)
            .useEnvironmentVariableValues(false);
    route.ifPresent(
        proxy ->
            builder
                .scheme(proxy.scheme())
                .host(proxy.host())
                .port(proxy.port())
                .username(proxy.user())
                .password(proxy.password()));
    return builder.build();
  }

  @Override
  public String clientName() {
    return "NettyNio";
  }

  @Override
  public void close() {
    clients.values().forEach(SdkAsyncHttpClient::close);
  }

  /** One request and its answer. */
  private static final class Exchange
      implements SdkHttpContentPublisher, SdkAsyncHttpResponseHandler {
    private final AsyncExecuteRequest request;
    private final String host;
    private final Optional<HttpProxy> proxy;
    private final @Nullable String hint;
    private volatile Progress progress = Progress.NOT_SENT;

    Exchange(
        AsyncExecuteRequest request,
        String host,
        Optional<HttpProxy> proxy,
        @Nullable String hint) {
      this.request = request;
      this.host = host;
      this.proxy = proxy;
      this.hint = hint;
    }

    CompletableFuture<Void> through(SdkAsyncHttpClient client) {
      AsyncExecuteRequest.Builder watched =
          AsyncExecuteRequest.builder()
              .request(request.request())
              .requestContentPublisher(this)
              .responseHandler(this)
              .fullDuplex(request.fullDuplex())
              .httpExecutionAttributes(request.httpExecutionAttributes());
      request.metricCollector().ifPresent(watched::metricCollector);
      CompletableFuture<Void> sending = client.execute(watched.build());
      CompletableFuture<Void> result = new CompletableFuture<>();
      var unusedAnswer =
          sending.whenComplete(
              (done, failure) -> {
                if (failure == null) {
                  result.complete(null);
                } else {
                  result.completeExceptionally(told(failure));
                }
              });
      // Whoever ends the one ends the other.
      var unusedEnd =
          result.whenComplete(
              (done, failure) -> {
                if (failure != null) {
                  sending.completeExceptionally(failure);
                }
              });
      return result;
    }

    private Throwable told(Throwable failure) {
      Throwable cause = SdkErrors.unwrap(failure);
      // TLS fails with an exception of Netty's around the real one.
      if (TransportException.find(cause, IOException.class) == null
          || TransportException.find(cause, TransportException.class) != null) {
        return cause;
      }
      boolean connecting =
          progress != Progress.ANSWERED
              && CONNECTING.stream().anyMatch(type -> TransportException.find(cause, type) != null);
      return TransportException.of(
          cause, connecting ? Progress.NOT_SENT : progress, host, proxy, hint);
    }

    @Override
    public Optional<Long> contentLength() {
      return request.requestContentPublisher().contentLength();
    }

    /** The client asks for the body when it has a connection. */
    @Override
    public void subscribe(Subscriber<? super ByteBuffer> subscriber) {
      progress = Progress.SENT;
      request.requestContentPublisher().subscribe(subscriber);
    }

    @Override
    public void onHeaders(SdkHttpResponse headers) {
      progress = Progress.ANSWERED;
      request.responseHandler().onHeaders(headers);
    }

    @Override
    public void onStream(Publisher<ByteBuffer> stream) {
      request.responseHandler().onStream(stream);
    }

    @Override
    public void onError(Throwable failure) {
      request.responseHandler().onError(told(failure));
    }
  }
}
