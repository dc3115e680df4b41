package dev.pglambda.lambda.aws;

import java.util.function.Supplier;
import software.amazon.awssdk.core.SdkSystemSetting;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpService;
import software.amazon.awssdk.utils.AttributeMap;

/**
 * The HTTP clients with which the SDK's credentials providers call STS and the sign-in services:
 * through the same proxies and with the same trust as the calls of Lambda. Public for the SDK,
 * which makes one by name.
 */
public final class RoutedHttpService implements SdkHttpService {
  private static volatile Supplier<Transport.Builder> transports =
      () -> {
        throw new IllegalStateException("no HTTP client is installed");
      };

  /** Has the SDK use such clients from now on, in all of the process. */
  static void install(Supplier<Transport.Builder> clients) {
    transports = clients;
    System.setProperty(
        SdkSystemSetting.SYNC_HTTP_SERVICE_IMPL.property(), RoutedHttpService.class.getName());
  }

  @Override
  public SdkHttpClient.Builder<?> createHttpClientBuilder() {
    return new Builder(transports.get());
  }

  private record Builder(Transport.Builder transport) implements SdkHttpClient.Builder<Builder> {
    @Override
    public SdkHttpClient buildWithDefaults(AttributeMap defaults) {
      return new WaitingHttpClient(transport.buildWithDefaults(defaults));
    }
  }
}
