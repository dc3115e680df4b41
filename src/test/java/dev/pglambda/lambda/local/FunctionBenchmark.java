package dev.pglambda.lambda.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvocationType;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.LogType;
import dev.pglambda.lambda.route.FunctionRuntime;
import dev.pglambda.lambda.route.LocalFunction;
import io.netty.channel.nio.NioEventLoopGroup;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * What the host adds to a call of a function that does nothing, as a Markdown table: run by {@code
 * scripts/bench-functions}.
 */
final class FunctionBenchmark {
  private static final int WARM_UP = 500;
  private static final int CALLS = 1000;
  private static final int EDITS = 20;

  private static final Map<String, String> CODE =
      Map.of(
          "python", "def handler(event, context):\n    return %d\n",
          "nodejs", "export const handler = async (event) => %d;\n");

  private FunctionBenchmark() {}

  /** Needs {@code python3} and {@code node}. */
  public static void main(String[] arguments) throws Exception {
    Path directory = Files.createTempDirectory("bench-functions-");
    NioEventLoopGroup loops = new NioEventLoopGroup(2);
    System.out.println(
        "| runtime | cold, ms | warm, median, ms | warm, 99 %, ms | from save to new answer, median,"
            + " ms |");
    System.out.println("| --- | ---: | ---: | ---: | ---: |");
    try (LocalFunctionHost host =
        new LocalFunctionHost(
            loops, LocalHostSettings.of(directory.resolve("scratch"), System.getenv()))) {
      for (String runtime : new String[] {"python", "nodejs"}) {
        measure(host, directory, runtime);
      }
    } finally {
      loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
      HostResources.delete(directory);
    }
  }

  private static void measure(LocalFunctionHost host, Path directory, String runtime)
      throws Exception {
    String code = Objects.requireNonNull(CODE.get(runtime));
    Path file = directory.resolve(runtime.equals("python") ? "bench.py" : "bench.mjs");
    Files.writeString(file, code.formatted(0));
    LambdaInvoker invoker =
        host.open(
            LocalFunction.of("bench", FunctionRuntime.named(runtime).orElseThrow(), file, null));
    double cold = milliseconds(invoker, "0");
    for (int i = 0; i < WARM_UP; i++) {
      milliseconds(invoker, "0");
    }
    double[] warm = new double[CALLS];
    for (int i = 0; i < CALLS; i++) {
      warm[i] = milliseconds(invoker, "0");
    }
    double[] edited = new double[EDITS];
    for (int i = 0; i < EDITS; i++) {
      Files.writeString(file, code.formatted(i + 1));
      edited[i] = milliseconds(invoker, Integer.toString(i + 1));
    }
    Arrays.sort(warm);
    Arrays.sort(edited);
    System.out.printf(
        Locale.ROOT,
        "| %s | %.0f | %.2f | %.2f | %.0f |%n",
        runtime,
        cold,
        warm[CALLS / 2],
        warm[CALLS * 99 / 100],
        edited[EDITS / 2]);
  }

  private static double milliseconds(LambdaInvoker invoker, String expected) throws Exception {
    Invocation invocation =
        new Invocation(
            "bench",
            "eu-west-1",
            InvocationType.REQUEST_RESPONSE,
            LogType.NONE,
            null,
            null,
            ByteBuffer.wrap("{}".getBytes(UTF_8)),
            Duration.ofSeconds(1),
            Duration.ofSeconds(10));
    long start = System.nanoTime();
    InvocationResult result = invoker.invoke(invocation).get(20, TimeUnit.SECONDS);
    double took = (System.nanoTime() - start) / 1e6;
    String answer = String.valueOf(UTF_8.decode(result.payload()));
    if (!answer.equals(expected)) {
      throw new IllegalStateException("answer: " + answer + " (expected: " + expected + ")");
    }
    return took;
  }
}
