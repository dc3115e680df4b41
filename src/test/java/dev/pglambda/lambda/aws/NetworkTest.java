package dev.pglambda.lambda.aws;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.LogType;
import dev.pglambda.lambda.aws.AwsLambdaInvoker.InvokerSettings;
import dev.pglambda.testing.FakeHttpProxy;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.Reply;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Calls through HTTP proxies, to endpoints with certificates of their own, and what is lost. */
@Timeout(120)
class NetworkTest {
  private static final String UNREACHABLE = "Unable to connect to endpoint";
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final String SECRET = "pass-word";

  /** A name that only a proxy knows. */
  private static final String FAR = "lambda.far.invalid";

  @TempDir private Path directory;

  private final EventLoopGroup group = new NioEventLoopGroup(2);
  private final FakeLambdaEndpoint endpoint = FakeLambdaEndpoint.start();
  private final List<AutoCloseable> resources = new ArrayList<>(List.of(endpoint));

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable resource : resources) {
      resource.close();
    }
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private AwsLambdaInvoker invoker(URI uri, Map<String, String> environment) {
    return invoker(new InvokerSettings(uri, null, 0, 10), environment);
  }

  private AwsLambdaInvoker invoker(InvokerSettings settings, Map<String, String> environment) {
    AwsLambdaInvoker invoker =
        AwsLambdaInvoker.of(
            group,
            settings,
            new AwsEnvironment(environment, new Properties(), directory),
            "us-east-1");
    resources.add(0, invoker);
    return invoker;
  }

  private <T extends AutoCloseable> T open(T resource) {
    resources.add(resource);
    return resource;
  }

  private static Invocation call(Duration connectTimeout) {
    return new Invocation(
        "f",
        "eu-west-1",
        InvocationType.REQUEST_RESPONSE,
        LogType.NONE,
        null,
        null,
        ByteBuffer.wrap("{\"a\": 1}".getBytes(UTF_8)),
        connectTimeout,
        LONG);
  }

  private static InvocationResult result(AwsLambdaInvoker invoker) throws Exception {
    return invoker.invoke(call(LONG)).get(60, TimeUnit.SECONDS);
  }

  private static InvocationException failure(AwsLambdaInvoker invoker, Duration connectTimeout) {
    Throwable thrown =
        catchThrowable(() -> invoker.invoke(call(connectTimeout)).get(60, TimeUnit.SECONDS));
    assertThat(thrown.getCause()).isInstanceOf(InvocationException.class);
    return (InvocationException) thrown.getCause();
  }

  private static URI far(String scheme, int port) {
    return URI.create(scheme + "://" + FAR + ":" + port);
  }

  // ---- proxies

  @Test
  void callsThroughAProxyThatWantsCredentials() throws Exception {
    endpoint.on("f", Reply.json("{}"));
    FakeHttpProxy proxy = open(FakeHttpProxy.to(endpoint.uri().getPort()));

    AwsLambdaInvoker invoker =
        invoker(
            far("http", 8080),
            Map.of("http_proxy", "http://ann:pass%2Dword@127.0.0.1:" + proxy.port()));

    assertThat(result(invoker).statusCode()).isEqualTo(200);
    assertThat(result(invoker).statusCode()).isEqualTo(200);
    assertThat(proxy.requests()).as("one tunnel for both").hasSize(1);
    assertThat(proxy.requests().get(0))
        .startsWith("CONNECT " + FAR + ":8080 HTTP/1.1\r\n")
        .containsIgnoringCase(
            "proxy-authorization: Basic "
                + Base64.getEncoder().encodeToString(("ann:" + SECRET).getBytes(UTF_8)));
  }

  @Test
  void callsLoopbackWithoutTheProxy() throws Exception {
    endpoint.on("f", Reply.json("{}"));
    FakeHttpProxy proxy = open(FakeHttpProxy.refusing("403 Forbidden"));

    AwsLambdaInvoker invoker = invoker(endpoint.uri(), Map.of("HTTP_PROXY", proxy.url()));

    assertThat(result(invoker).statusCode()).isEqualTo(200);
    assertThat(proxy.requests()).isEmpty();
  }

  @Test
  void tellsWhatAProxyAnswered() {
    FakeHttpProxy proxy = open(FakeHttpProxy.refusing("407 Proxy Authentication Required"));
    AwsLambdaInvoker invoker =
        invoker(
            far("https", 443),
            Map.of("HTTPS_PROXY", "http://ann:" + SECRET + "@127.0.0.1:" + proxy.port()));

    InvocationException failure = failure(invoker, LONG);

    assertThat(failure).hasMessage(UNREACHABLE);
    assertThat(failure.isOutcomeUnknown()).isFalse();
    assertThat(failure.hint())
        .isEqualTo(
            "The HTTP proxy 127.0.0.1:%d (HTTPS_PROXY) answered"
                .formatted(proxy.port())
                .concat(" \"407 Proxy Authentication Required\"."));
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      assertThat(cause.toString()).doesNotContain(SECRET);
    }
  }

  @Test
  void tellsThatAProxyCannotBeReached() {
    int port = FakeLambdaEndpoint.refusing().getPort();
    AwsLambdaInvoker invoker =
        invoker(far("https", 443), Map.of("https_proxy", "127.0.0.1:" + port));

    InvocationException failure = failure(invoker, LONG);

    assertThat(failure).hasMessage(UNREACHABLE);
    assertThat(failure.hint())
        .isEqualTo("The HTTP proxy 127.0.0.1:" + port + " (https_proxy) cannot be reached.");
  }

  @Test
  void waitsForAProxysAnswerAsLongAsForAConnection() {
    FakeHttpProxy proxy = open(FakeHttpProxy.silent());
    AwsLambdaInvoker invoker = invoker(far("https", 443), Map.of("https_proxy", proxy.url()));

    InvocationException failure = failure(invoker, Duration.ofMillis(300));

    assertThat(failure).hasMessage(UNREACHABLE);
    assertThat(failure.hint()).endsWith("did not answer within 300 ms.");
  }

  @Test
  void namesTheVariableThatIsNoProxy() {
    AwsLambdaInvoker invoker =
        invoker(far("https", 443), Map.of("https_proxy", "socks5://u:" + SECRET + "@h:1"));

    InvocationException failure = failure(invoker, LONG);

    assertThat(failure).hasMessage(UNREACHABLE);
    assertThat(failure.hint()).isEqualTo("https_proxy is not the URL of an HTTP proxy.");
  }

  @Test
  void assumesARoleThroughTheProxy() {
    FakeHttpProxy proxy = open(FakeHttpProxy.refusing("407 Proxy Authentication Required"));
    System.setProperty("aws.endpointUrlSts", "https://sts.far.invalid");
    open(() -> System.clearProperty("aws.endpointUrlSts"));

    InvocationException failure =
        failure(
            invoker(
                new InvokerSettings(
                    endpoint.uri(), "arn:aws:iam::111122223333:role/lambda-caller", 0, 10),
                Map.of("HTTPS_PROXY", proxy.url())),
            LONG);

    assertThat(proxy.requests()).anyMatch(head -> head.startsWith("CONNECT sts.far.invalid:443 "));
    assertThat(failure.hint()).startsWith("The HTTP proxy 127.0.0.1:" + proxy.port());
    assertThat(endpoint.requests()).isEmpty();
  }

  // ---- certificates

  /** An endpoint with TLS whose certificate it has signed itself; the file is for AWS_CA_BUNDLE. */
  private URI tlsEndpoint(Path bundle) throws Exception {
    Path store = directory.resolve("store.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-alias",
                "ca",
                "-dname",
                "CN=localhost",
                "-ext",
                "SAN=dns:localhost,dns:" + FAR + ",ip:127.0.0.1",
                "-storepass",
                "changeit",
                "-keystore",
                store.toString())
            .redirectErrorStream(true)
            .start();
    assertThat(keytool.waitFor()).isZero();
    KeyStore keys = KeyStore.getInstance(store.toFile(), "changeit".toCharArray());
    Files.writeString(
        bundle,
        "# a comment\n-----BEGIN CERTIFICATE-----\n"
            + Base64.getMimeEncoder().encodeToString(keys.getCertificate("ca").getEncoded())
            + "\n-----END CERTIFICATE-----\n");
    KeyManagerFactory managers = KeyManagerFactory.getInstance("PKIX");
    managers.init(keys, "changeit".toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    HttpsServer server =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    server.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          exchange.sendResponseHeaders(200, 2);
          exchange.getResponseBody().write("{}".getBytes(UTF_8));
          exchange.close();
        });
    server.start();
    open(() -> server.stop(0));
    return URI.create("https://localhost:" + server.getAddress().getPort());
  }

  @Test
  void trustsTheCertificatesOfTheCaBundle() throws Exception {
    Path bundle = directory.resolve("ca.pem");
    URI uri = tlsEndpoint(bundle);

    assertThat(result(invoker(uri, Map.of("AWS_CA_BUNDLE", bundle.toString()))).statusCode())
        .isEqualTo(200);

    Path config = Files.createDirectories(directory.resolve(".aws")).resolve("config");
    Files.writeString(config, "[default]\nca_bundle = " + bundle + "\n");
    assertThat(result(invoker(uri, Map.of())).statusCode()).isEqualTo(200);
  }

  @Test
  void trustsThemAlsoThroughAProxy() throws Exception {
    Path bundle = directory.resolve("ca.pem");
    FakeHttpProxy proxy = open(FakeHttpProxy.to(tlsEndpoint(bundle).getPort()));

    AwsLambdaInvoker invoker =
        invoker(
            far("https", 443),
            Map.of("HTTPS_PROXY", proxy.url(), "AWS_CA_BUNDLE", bundle.toString()));

    assertThat(result(invoker).statusCode()).isEqualTo(200);
    assertThat(proxy.requests().get(0)).startsWith("CONNECT " + FAR + ":443 ");
  }

  @Test
  void saysThatACertificateIsNotTrusted() throws Exception {
    URI uri = tlsEndpoint(directory.resolve("ca.pem"));

    InvocationException failure = failure(invoker(uri, Map.of()), LONG);

    assertThat(failure).hasMessage(UNREACHABLE);
    assertThat(failure.isOutcomeUnknown()).isFalse();
    assertThat(failure.hint())
        .startsWith("The certificate of localhost is not trusted.")
        .contains("AWS_CA_BUNDLE");
  }

  @Test
  void saysThatTheCaBundleCannotBeUsed() throws Exception {
    Path bundle = Files.writeString(directory.resolve("ca.pem"), "nothing in it\n");

    for (Path file : List.of(bundle, directory.resolve("none.pem"))) {
      InvocationException failure =
          failure(invoker(far("https", 443), Map.of("AWS_CA_BUNDLE", file.toString())), LONG);

      assertThat(failure).hasMessage(UNREACHABLE);
      assertThat(failure.hint()).isEqualTo("AWS_CA_BUNDLE names no file with certificates in PEM.");
    }
  }

  // ---- what is lost before and after the request

  /** Takes connections, reads so many bytes from each, and closes it. */
  private URI closing(int bytes) throws Exception {
    ServerSocket listener = open(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
    Thread thread =
        new Thread(
            () -> {
              try {
                while (true) {
                  try (Socket client = listener.accept()) {
                    ByteArrayOutputStream read = new ByteArrayOutputStream();
                    while (read.size() < bytes) {
                      read.write(client.getInputStream().read());
                    }
                  }
                }
              } catch (IOException closed) {
                // the end
              }
            });
    thread.setDaemon(true);
    thread.start();
    return URI.create("http://127.0.0.1:" + listener.getLocalPort());
  }

  @Test
  void doesNotKnowTheOutcomeOfARequestThatWasRead() throws Exception {
    InvocationException failure = failure(invoker(closing(20), Map.of()), LONG);

    assertThat(failure.isOutcomeUnknown()).isTrue();
    assertThat(failure.getMessage()).startsWith("curlCode: 5");
  }

  @Test
  void hasSentNothingWhereTheTlsHandshakeEnds() throws Exception {
    URI uri = URI.create(closing(5).toString().replace("http:", "https:"));

    InvocationException failure = failure(invoker(uri, Map.of()), LONG);

    assertThat(failure).hasMessage(UNREACHABLE);
    assertThat(failure.isOutcomeUnknown()).isFalse();
  }
}
