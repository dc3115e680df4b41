package dev.pglambda.lambda.aws;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.config.Config;
import dev.pglambda.config.LogFormat;
import dev.pglambda.config.Logging;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.aws.AwsLambdaInvoker.InvokerSettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.event.Level;

/**
 * A process that calls a function whenever it is told to, as the proxy does where the endpoint is
 * AWS's; its environment is all that it knows of AWS. It logs all that can be logged.
 */
final class CallingProcess implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 60;

  /** Earlier than the patience ends: then it logs what its threads do. */
  private static final long LIFE_SECONDS = 50;

  private final Process process;
  private final BufferedReader answers;
  private final Path log;

  private CallingProcess(Process process, Path log) {
    this.process = process;
    this.answers = process.inputReader(UTF_8);
    this.log = log;
  }

  /** With a home directory, in which it logs. */
  static CallingProcess start(Path home, URI endpoint, Map<String, String> environment)
      throws IOException {
    Path log = home.resolve("log");
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            CallingProcess.class.getName(),
            endpoint.toString());
    builder.environment().clear();
    builder.environment().putAll(environment);
    builder.environment().put("HOME", home.toString());
    builder.environment().put("PATH", System.getenv("PATH"));
    builder.environment().put("AWS_EC2_METADATA_DISABLED", "true");
    return new CallingProcess(builder.redirectError(log.toFile()).start(), log);
  }

  /** Has it call the function; its status code, or the message and the hint of the failure. */
  String call() throws IOException {
    process.outputWriter(UTF_8).append("call\n").flush();
    return within(CompletableFuture.supplyAsync(this::answer));
  }

  private String answer() {
    try {
      return String.valueOf(answers.readLine());
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** Fails with what the process logged, and ends it, where it takes too long. */
  private <T> T within(CompletableFuture<T> answer) throws IOException {
    try {
      return answer.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    } catch (CompletionException late) {
      process.destroyForcibly();
      throw new AssertionError("no answer; its log: " + log(), late);
    }
  }

  String log() throws IOException {
    return Files.readString(log);
  }

  @Override
  public void close() throws IOException {
    process.outputWriter(UTF_8).close();
    within(process.onExit());
  }

  /** What the process runs. */
  public static void main(String[] args) throws Exception {
    CompletableFuture.delayedExecutor(LIFE_SECONDS, TimeUnit.SECONDS)
        .execute(CallingProcess::logThreads);
    Logging.configure(new Config.Log(Level.TRACE, LogFormat.TEXT, null));
    InvokerStage stage = new InvokerStage();
    AwsEnvironment environment = AwsEnvironment.ofProcess();
    InvokerSettings settings = new InvokerSettings(URI.create(args[0]), null, 0, 10);
    Network network = environment.network();
    CredentialsCache credentials =
        new CredentialsCache(
            () -> {
              RoutedHttpService.install(
                  new LambdaClients(stage.group(), settings, false, network)::forCredentials);
              return CredentialsChain.create(null, null, "us-east-1", false, environment);
            });
    try (var invoker =
            new AwsLambdaInvoker(
                new InvokerResources(stage.group(), 10),
                settings,
                false,
                network,
                credentials,
                "us-east-1",
                credentials::close);
        var orders = new BufferedReader(new InputStreamReader(System.in, UTF_8))) {
      invoker.warmUp();
      while (orders.readLine() != null) {
        try {
          System.out.println(invoker.invoke(InvokerStage.call("f")).get().statusCode());
        } catch (ExecutionException failure) {
          InvocationException told = (InvocationException) SdkErrors.unwrap(failure);
          System.out.println(List.of(String.valueOf(told.getMessage()), "HINT " + told.hint()));
        }
      }
    }
    stage.close();
  }

  private static void logThreads() {
    for (ThreadInfo thread : ManagementFactory.getThreadMXBean().dumpAllThreads(true, true)) {
      System.err.println(thread.getThreadName() + " " + thread.getThreadState());
      System.err.println(
          "  waits for " + thread.getLockInfo() + " of " + thread.getLockOwnerName());
      for (StackTraceElement frame : thread.getStackTrace()) {
        System.err.println("    " + frame);
      }
    }
  }
}
