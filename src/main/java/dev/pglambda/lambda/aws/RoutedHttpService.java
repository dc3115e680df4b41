package dev.pglambda.lambda.aws;

import java.io.IOException;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkSystemSetting;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpService;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.http.apache5.ProxyConfiguration;
import software.amazon.awssdk.utils.AttributeMap;

/**
 * The HTTP clients with which the SDK's credentials providers call STS: through the same proxies
 * and with the same trust as the calls of Lambda. Public for the SDK, which makes one by name.
 */
public final class RoutedHttpService implements SdkHttpService {
  private static final int PROXY_AUTHENTICATION_REQUIRED = 407;

  private static volatile Network network = Network.direct();

  /** Has the SDK use these clients from now on, in all of the process. */
  static void install(Network between) {
    network = between;
    System.setProperty(
        SdkSystemSetting.SYNC_HTTP_SERVICE_IMPL.property(), RoutedHttpService.class.getName());
  }

  @Override
  public SdkHttpClient.Builder<?> createHttpClientBuilder() {
    return new Builder(network);
  }

  private record Builder(Network network) implements SdkHttpClient.Builder<Builder> {
    @Override
    public SdkHttpClient buildWithDefaults(AttributeMap defaults) {
      return new Client(network, defaults, new ConcurrentHashMap<>());
    }
  }

  private record Client(
      Network network, AttributeMap defaults, Map<Optional<HttpProxy>, SdkHttpClient> clients)
      implements SdkHttpClient {
    @Override
    public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
      try {
        Optional<HttpProxy> proxy = network.proxies().forRequest(request.httpRequest().getUri());
        return new Routed(
            client(proxy, network.trustManagers()).prepareRequest(request),
            request.httpRequest().host(),
            proxy);
      } catch (IOException setting) {
        return new Unusable(TransportException.unusable(setting));
      }
    }

    private SdkHttpClient client(Optional<HttpProxy> proxy, TrustManager @Nullable [] trusted) {
      return clients.computeIfAbsent(
          proxy,
          route -> {
            Apache5HttpClient.Builder builder =
                Apache5HttpClient.builder().proxyConfiguration(configuration(route));
            if (trusted != null) {
              builder.tlsTrustManagersProvider(() -> trusted);
            }
            return builder.buildWithDefaults(defaults);
          });
    }

    @Override
    public String clientName() {
      return "Apache5";
    }

    @Override
    public void close() {
      clients.values().forEach(SdkHttpClient::close);
    }
  }

  private static ProxyConfiguration configuration(Optional<HttpProxy> route) {
    ProxyConfiguration.Builder builder =
        ProxyConfiguration.builder()
            .useSystemPropertyValues(false)
            .useEnvironmentVariableValues(false);
    route.ifPresent(
        proxy ->
            builder
                .endpoint(URI.create(proxy.scheme() + "://" + proxy.host() + ":" + proxy.port()))
                .username(proxy.user())
                .password(proxy.password())
                .preemptiveBasicAuthenticationEnabled(proxy.user() != null));
    return builder.build();
  }

  private record Routed(ExecutableHttpRequest request, String host, Optional<HttpProxy> proxy)
      implements ExecutableHttpRequest {
    @Override
    public HttpExecuteResponse call() throws IOException {
      try {
        HttpExecuteResponse response = request.call();
        if (proxy.isPresent()
            && response.httpResponse().statusCode() == PROXY_AUTHENTICATION_REQUIRED) {
          request.abort();
          throw new ConnectionWatch.ProxyFailure("answered \"407 Proxy Authentication Required\"");
        }
        return response;
      } catch (IOException failure) {
        throw TransportException.of(failure, TransportException.Progress.NOT_SENT, host, proxy);
      }
    }

    @Override
    public void abort() {
      request.abort();
    }
  }

  private record Unusable(TransportException failure) implements ExecutableHttpRequest {
    @Override
    public HttpExecuteResponse call() throws IOException {
      throw failure;
    }

    @Override
    public void abort() {}
  }
}
