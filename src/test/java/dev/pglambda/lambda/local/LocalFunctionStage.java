package dev.pglambda.lambda.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.LogType;
import dev.pglambda.lambda.route.FunctionRuntime;
import dev.pglambda.lambda.route.LocalFunction;
import io.netty.channel.nio.NioEventLoopGroup;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/** A host of local functions, and a directory to write functions into. */
final class LocalFunctionStage implements AutoCloseable {
  static final ObjectMapper JSON = new ObjectMapper();

  private static final long SECONDS = 30;

  private final NioEventLoopGroup loops = new NioEventLoopGroup(2);
  private final Path directory;
  private final LocalFunctionHost host;

  LocalFunctionStage(Path directory) {
    this(directory, settings(directory));
  }

  LocalFunctionStage(Path directory, LocalHostSettings settings) {
    this.directory = directory;
    this.host = new LocalFunctionHost(loops, settings);
  }

  /** Short waits. */
  static LocalHostSettings settings(Path directory) {
    return new LocalHostSettings(
        directory.resolve("scratch"),
        System.getenv(),
        Duration.ofSeconds(10),
        List.of(Duration.ofMillis(20), Duration.ofMillis(40)),
        Duration.ofMinutes(1),
        1000);
  }

  /** Skips a test where a program is missing. */
  static void need(String program) {
    boolean there =
        Stream.of(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(path -> Files.isExecutable(Path.of(path, program)));
    Assumptions.assumeTrue(there, program + ": not on the PATH");
  }

  Path write(String name, String text) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(Objects.requireNonNull(file.getParent()));
    Files.writeString(file, text);
    return file;
  }

  /** A program that speaks the Runtime API itself. */
  Path bootstrap(String name, String text) throws IOException {
    Path file = write(name + "/bootstrap", text);
    if (!file.toFile().setExecutable(true)) {
      throw new IOException(file + ": not executable");
    }
    return Objects.requireNonNull(file.getParent());
  }

  LocalFunction python(String name, String text) throws IOException {
    need("python3");
    return patient(LocalFunction.of(name, FunctionRuntime.PYTHON, write(name + ".py", text), null));
  }

  LocalFunction node(String name, String text) throws IOException {
    need("node");
    return patient(LocalFunction.of(name, FunctionRuntime.NODE, write(name + ".mjs", text), null));
  }

  LocalFunction provided(String name, String text) throws IOException {
    return patient(LocalFunction.of(name, FunctionRuntime.PROVIDED, bootstrap(name, text), null));
  }

  /** For machines that have more to do. */
  private static LocalFunction patient(LocalFunction function) {
    return with(function, Duration.ofSeconds(20), function.concurrency());
  }

  static LocalFunction with(LocalFunction function, Duration timeout, int concurrency) {
    return new LocalFunction(
        function.name(),
        function.runtime(),
        function.code(),
        function.handler(),
        function.environment(),
        timeout,
        function.memoryMegabytes(),
        concurrency,
        function.versions(),
        function.aliases(),
        function.command(),
        function.inheritCredentials());
  }

  static LocalFunction withHandler(LocalFunction function, @Nullable String handler) {
    return new LocalFunction(
        function.name(),
        function.runtime(),
        function.code(),
        handler,
        function.environment(),
        function.timeout(),
        function.memoryMegabytes(),
        function.concurrency(),
        function.versions(),
        function.aliases(),
        function.command(),
        function.inheritCredentials());
  }

  static LocalFunction withEnvironment(
      LocalFunction function, Map<String, String> environment, boolean inheritCredentials) {
    return new LocalFunction(
        function.name(),
        function.runtime(),
        function.code(),
        function.handler(),
        environment,
        function.timeout(),
        function.memoryMegabytes(),
        function.concurrency(),
        function.versions(),
        function.aliases(),
        function.command(),
        inheritCredentials);
  }

  static LocalFunction withVersions(
      LocalFunction function, Set<String> versions, Map<String, String> aliases) {
    return new LocalFunction(
        function.name(),
        function.runtime(),
        function.code(),
        function.handler(),
        function.environment(),
        function.timeout(),
        function.memoryMegabytes(),
        function.concurrency(),
        versions,
        aliases,
        function.command(),
        function.inheritCredentials());
  }

  LambdaInvoker open(LocalFunction function) {
    return host.open(function);
  }

  static Invocation call(String name, String payload) {
    return call(name, payload, InvocationType.REQUEST_RESPONSE, Duration.ofSeconds(SECONDS), null);
  }

  static Invocation event(String name, String payload) {
    return call(name, payload, InvocationType.EVENT, Duration.ofSeconds(SECONDS), null);
  }

  static Invocation call(
      String name,
      String payload,
      InvocationType type,
      Duration requestTimeout,
      @Nullable String clientContext) {
    return new Invocation(
        name,
        "eu-west-1",
        type,
        LogType.TAIL,
        clientContext,
        null,
        ByteBuffer.wrap(payload.getBytes(UTF_8)),
        Duration.ofSeconds(1),
        requestTimeout);
  }

  static InvocationResult await(CompletableFuture<InvocationResult> result) throws Exception {
    return result.get(SECONDS, TimeUnit.SECONDS);
  }

  InvocationResult run(LocalFunction function, String payload) throws Exception {
    return await(open(function).invoke(call(function.name(), payload)));
  }

  static String text(InvocationResult result) {
    ByteBuffer payload = result.payload();
    return payload == null ? "" : UTF_8.decode(payload.duplicate()).toString();
  }

  static JsonNode json(InvocationResult result) throws IOException {
    return JSON.readTree(text(result));
  }

  static String log(InvocationResult result) {
    return new String(
        Base64.getDecoder().decode(Objects.requireNonNull(result.logResult())), UTF_8);
  }

  @Override
  public void close() {
    host.close();
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }
}
