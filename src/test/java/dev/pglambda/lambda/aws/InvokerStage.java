package dev.pglambda.lambda.aws;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.net.httpserver.HttpServer;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.LogType;
import dev.pglambda.lambda.aws.AwsLambdaInvoker.InvokerSettings;
import dev.pglambda.testing.FakeLambdaEndpoint;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Invokers, the event loops that they share, and the endpoint that they call. */
final class InvokerStage {
  static final AwsEnvironment NOTHING =
      new AwsEnvironment(Map.of(), new Properties(), Path.of("/nowhere"));
  static final String UNREACHABLE = "Unable to connect to endpoint";
  static final Duration LONG = Duration.ofSeconds(30);

  private static final String ASSUMED_ROLE =
      """
      <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
      <AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/lambda-caller/x</Arn>
      <AssumedRoleId>AROA:x</AssumedRoleId></AssumedRoleUser>
      <Credentials><AccessKeyId>ASIAASSUMED</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
      <SessionToken>session-token</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration>
      </Credentials></AssumeRoleResult></AssumeRoleResponse>
      """;

  private final Deque<AutoCloseable> resources = new ArrayDeque<>();
  private final FakeLambdaEndpoint endpoint = closeAfterwards(FakeLambdaEndpoint.start());
  private final EventLoopGroup group = group(2);

  FakeLambdaEndpoint endpoint() {
    return endpoint;
  }

  EventLoopGroup group() {
    return group;
  }

  /** A group of so many event loops. */
  EventLoopGroup group(int loops) {
    EventLoopGroup made = new NioEventLoopGroup(loops, new DefaultThreadFactory("loop", true));
    closeAfterwards(() -> made.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync());
    return made;
  }

  AwsLambdaInvoker invoker(InvokerSettings settings) {
    return invoker(group, settings);
  }

  AwsLambdaInvoker invoker(EventLoopGroup group, InvokerSettings settings) {
    return closeAfterwards(AwsLambdaInvoker.of(group, settings, NOTHING, "us-east-1"));
  }

  AwsLambdaInvoker invokerAt(URI uri) {
    return invoker(new InvokerSettings(uri, null, 0, 10_000));
  }

  /** One that calls the endpoint, with no limit that a test reaches. */
  AwsLambdaInvoker invoker() {
    return invokerAt(endpoint.uri());
  }

  /** One that calls the endpoint, so many times at once. */
  AwsLambdaInvoker invoker(int maxConcurrentInvocations) {
    return invoker(new InvokerSettings(endpoint.uri(), null, 0, maxConcurrentInvocations));
  }

  /** Endpoints with nothing in the environment, so many calls at a time. */
  EndpointInvokers endpoints(int maxConcurrentInvocations) {
    return closeAfterwards(
        new EndpointInvokers(
            group,
            new InvokerSettings(null, null, 0, maxConcurrentInvocations),
            NOTHING,
            "us-east-1"));
  }

  /** Sets a system property for the time of the test. */
  void setProperty(String name, String value) {
    System.setProperty(name, value);
    closeAfterwards(() -> System.clearProperty(name));
  }

  /** Has roles assumed at a service of the test's; the questions to it, form-encoded. */
  List<String> startSts() throws IOException {
    HttpServer sts =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    List<String> questions = new CopyOnWriteArrayList<>();
    sts.createContext(
        "/",
        exchange -> {
          questions.add(new String(exchange.getRequestBody().readAllBytes(), UTF_8));
          byte[] answer = ASSUMED_ROLE.getBytes(UTF_8);
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    sts.start();
    closeAfterwards(() -> sts.stop(0));
    setProperty("aws.endpointUrlSts", "http://127.0.0.1:" + sts.getAddress().getPort());
    return questions;
  }

  /** What was opened last is closed first. */
  <T extends AutoCloseable> T closeAfterwards(T resource) {
    resources.push(resource);
    return resource;
  }

  static Invocation call(String functionName) {
    return call(functionName, InvocationType.REQUEST_RESPONSE, LONG, LONG);
  }

  static Invocation call(
      String functionName, InvocationType type, Duration connectTimeout, Duration requestTimeout) {
    return new Invocation(
        functionName,
        "eu-west-1",
        type,
        LogType.NONE,
        null,
        null,
        payload("{\"a\":  1}"),
        connectTimeout,
        requestTimeout);
  }

  static ByteBuffer payload(String text) {
    return ByteBuffer.wrap(text.getBytes(UTF_8));
  }

  static @Nullable String text(InvocationResult result) {
    ByteBuffer payload = result.payload();
    return payload == null ? null : UTF_8.decode(payload.duplicate()).toString();
  }

  static InvocationResult result(CompletableFuture<InvocationResult> call) throws Exception {
    return call.get(30, TimeUnit.SECONDS);
  }

  /** The message of the InvocationException with which a call fails. */
  static String failure(CompletableFuture<InvocationResult> call) {
    Throwable thrown = catchThrowable(() -> call.get(30, TimeUnit.SECONDS));
    assertThat(thrown).isInstanceOf(ExecutionException.class);
    assertThat(thrown.getCause()).isInstanceOf(InvocationException.class);
    return String.valueOf(thrown.getCause().getMessage());
  }

  void close() throws Exception {
    while (!resources.isEmpty()) {
      resources.pop().close();
    }
  }
}
