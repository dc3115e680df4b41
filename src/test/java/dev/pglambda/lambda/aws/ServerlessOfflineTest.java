package dev.pglambda.lambda.aws;

import static dev.pglambda.lambda.aws.InvokerStage.LONG;
import static dev.pglambda.lambda.aws.InvokerStage.failure;
import static dev.pglambda.lambda.aws.InvokerStage.payload;
import static dev.pglambda.lambda.aws.InvokerStage.result;
import static dev.pglambda.lambda.aws.InvokerStage.text;
import static dev.pglambda.testing.Awaiting.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.LogType;
import dev.pglambda.lambda.route.Dialect;
import dev.pglambda.lambda.route.Endpoint;
import dev.pglambda.lambda.route.FunctionPattern;
import dev.pglambda.lambda.route.Route;
import dev.pglambda.lambda.route.RoutedInvoker;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls that follow a route to serverless-offline itself. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(240)
class ServerlessOfflineTest {
  private static final Logger log = LoggerFactory.getLogger(ServerlessOfflineTest.class);
  private static final Path MODULES =
      Path.of("target/npm/serverless-offline/node_modules").toAbsolutePath();
  private static final Path SERVERLESS = MODULES.resolve("osls/bin/serverless.js");
  private static final Path SERVICE = Path.of("src/test/resources/serverless-offline");

  @TempDir static Path directory;

  private final InvokerStage stage = new InvokerStage();
  private @Nullable Process process;
  private RoutedInvoker routed;

  @BeforeAll
  void start() throws Exception {
    if (!Files.isRegularFile(SERVERLESS)) {
      String reason = "no " + SERVERLESS + " (expected: as in .ci/run)";
      log.warn("SKIPPED: {}", reason);
      Assumptions.abort(reason);
    }
    Files.createSymbolicLink(directory.resolve("node_modules"), MODULES);
    for (String file : List.of("serverless.yml", "handler.js")) {
      Files.copy(SERVICE.resolve(file), directory.resolve(file));
    }
    int port = freePort();
    Process started = serverless(port);
    process = started;
    await("serverless-offline listens")
        .atMost(Duration.ofMinutes(3))
        .until(() -> isReached(port) || !started.isAlive());
    assertThat(started.isAlive()).as(output()).isTrue();

    Endpoint endpoint =
        new Endpoint(
            URI.create("http://localhost:" + port),
            null,
            Dialect.SERVERLESS_OFFLINE,
            null,
            null,
            null,
            null,
            null);
    EndpointInvokers endpoints = stage.endpoints(10);
    routed =
        stage.closeAfterwards(
            new RoutedInvoker(
                target -> endpoints.open((Endpoint) target),
                null,
                (function, role) -> null,
                (invoker, faults) -> invoker));
    routed.replace(List.of(Route.of(FunctionPattern.parse("*").orElseThrow(), endpoint)));
  }

  private static Process serverless(int port) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
                "node",
                SERVERLESS.toString(),
                "offline",
                "start",
                "--lambdaPort",
                String.valueOf(port),
                "--httpPort",
                String.valueOf(freePort()))
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("output").toFile());
    builder.environment().put("SLS_TELEMETRY_DISABLED", "1");
    builder.environment().put("AWS_ACCESS_KEY_ID", "x");
    builder.environment().put("AWS_SECRET_ACCESS_KEY", "y");
    return builder.start();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static boolean isReached(int port) {
    try (Socket socket = new Socket(InetAddress.getByName("localhost"), port)) {
      return socket.isConnected();
    } catch (IOException notYet) {
      return false;
    }
  }

  private static String output() throws IOException {
    return Files.readString(directory.resolve("output"));
  }

  @AfterAll
  void stop() throws Exception {
    stage.close();
    if (process != null) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }
    Files.deleteIfExists(directory.resolve("node_modules")); // the link
  }

  private CompletableFuture<InvocationResult> invoke(
      String functionName, InvocationType type, LogType log, @Nullable String context) {
    return routed.invoke(
        new Invocation(
            functionName,
            "eu-west-1",
            type,
            log,
            context,
            null,
            payload("{\"name\":\"world\"}"),
            LONG,
            LONG));
  }

  private InvocationResult call(String functionName) throws Exception {
    return result(invoke(functionName, InvocationType.REQUEST_RESPONSE, LogType.TAIL, null));
  }

  @Test
  void aFunctionAnswersWhateverFormItsNameHas() throws Exception {
    for (String name :
        List.of(
            "hello-fn",
            "hello-fn:live",
            "000000000000:function:hello-fn",
            "arn:aws:lambda:eu-west-1:000000000000:function:hello-fn:$LATEST")) {
      InvocationResult result = call(name);

      assertThat(text(result)).as(name).isEqualTo("{\"hello\":\"world\",\"context\":null}");
      assertThat(result)
          .extracting("statusCode", "executedVersion", "logResult", "functionError")
          .containsExactly(200, null, null, null);
    }
  }

  @Test
  void theClientContextArrives() throws Exception {
    InvocationResult result =
        result(
            invoke(
                "hello-fn",
                InvocationType.REQUEST_RESPONSE,
                LogType.NONE,
                "{\"custom\":{\"a\":1}}"));

    assertThat(text(result)).isEqualTo("{\"hello\":\"world\",\"context\":{\"custom\":{\"a\":1}}}");
  }

  @Test
  void aFunctionThatReturnsNothingHasNoPayload() throws Exception {
    assertThat(call("nothing-fn").payload()).isNull();
  }

  @Test
  void aFunctionThatThrowsHasFailed() throws Exception {
    InvocationResult result = call("boom-fn");

    assertThat(result.functionError()).isEqualTo("Unhandled");
    assertThat(text(result)).startsWith("{\"errorMessage\":\"kaboom\",\"errorType\":\"Error\"");
  }

  @Test
  void aFunctionThatTakesTooLongHasFailed() throws Exception {
    InvocationResult result = call("slow-fn");

    assertThat(result.functionError()).isEqualTo("Unhandled");
    assertThat(text(result)).contains("[504] - Lambda timeout.");
  }

  @Test
  void anEventIsAccepted() throws Exception {
    assertThat(result(invoke("hello-fn", InvocationType.EVENT, LogType.NONE, null)))
        .isEqualTo(InvocationResult.ofStatus(202));
  }

  @Test
  void refusalsAreToldInItsWords() {
    assertThat(failure(invoke("hello-fn", InvocationType.DRY_RUN, LogType.NONE, null)))
        .isEqualTo("invocationType: 'DryRun' not supported by serverless-offline");
    assertThat(failure(invoke("nope", InvocationType.REQUEST_RESPONSE, LogType.NONE, null)))
        .isEqualTo("Function not found: nope");
  }
}
