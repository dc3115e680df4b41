package dev.pglambda.journal;

import dev.pglambda.lambda.CallObserver;
import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeArguments;
import dev.pglambda.lambda.InvokeFunction;
import dev.pglambda.lambda.LambdaInvoker;
import dev.pglambda.lambda.aws.SdkPartitions;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/**
 * What the journal adds to a call that Lambda answers at once, as a Markdown table: run by {@code
 * scripts/bench-journal}.
 */
final class JournalBenchmark {
  private static final int ROUNDS = 7;
  private static final int CALLS = 100_000;
  private static final long MEMORY = 64L << 20;

  private JournalBenchmark() {}

  /** Answers with the payload. */
  private static final class Echo implements LambdaInvoker {
    @Override
    public CompletableFuture<InvocationResult> invoke(Invocation invocation) {
      return CompletableFuture.completedFuture(
          new InvocationResult(200, invocation.payload(), "$LATEST", null, null));
    }

    @Override
    public void close() {}
  }

  public static void main(String[] arguments) throws Exception {
    System.out.println(
        "| payload | without, \u00b5s | with, \u00b5s | and with a file, \u00b5s | added, \u00b5s |");
    System.out.println("| --- | --: | --: | --: | --: |");
    for (int bytes : new int[] {1_000, 100_000}) {
      measure(bytes);
    }
  }

  /** The three take turns. */
  private static void measure(int bytes) throws Exception {
    Path directory = Files.createTempDirectory("bench-journal-");
    Path path = directory.resolve("calls");
    Journal journal = new Journal(MEMORY, true, Clock.systemUTC());
    Journal written = new Journal(MEMORY, true, Clock.systemUTC());
    double[][] times = new double[3][ROUNDS];
    try (JournalFile file = JournalFile.open(path);
        JournalFeed feed = JournalFeed.ofWholeCalls("journal-file", written, file)) {
      InvokeFunction[] variants = {
        function(CallObserver.NONE), function(journal), function(written)
      };
      for (int round = -1; round < ROUNDS; round++) { // the first does not count
        for (int i = 0; i < variants.length; i++) {
          double time = microseconds(variants[i], bytes);
          if (round >= 0) {
            times[i][round] = time;
          }
        }
      }
      System.err.printf("lost by the file: %d%n", feed.lost());
    }
    for (int i = 1; i <= 3; i++) {
      Files.deleteIfExists(directory.resolve("calls." + i));
    }
    Files.delete(path);
    Files.delete(directory);
    double without = median(times[0]);
    System.out.printf(
        Locale.ROOT,
        "| %d kB | %.2f | %.2f | %.2f | %.2f |%n",
        bytes / 1000,
        without,
        median(times[1]),
        median(times[2]),
        median(times[1]) - without);
  }

  private static InvokeFunction function(CallObserver observer) {
    return new InvokeFunction(new Echo(), "us-east-1", new SdkPartitions(), observer);
  }

  private static double median(double[] times) {
    Arrays.sort(times);
    return times[times.length / 2];
  }

  /** Of one call. The payload is new each time, as it is in a proxy. */
  private static double microseconds(InvokeFunction function, int bytes) {
    int calls = Math.min(CALLS, 2_000_000_000 / bytes);
    long time = 0;
    for (int i = 0; i < calls; i++) {
      byte[] payload = new byte[bytes];
      Arrays.fill(payload, (byte) 'x');
      payload[0] = '"';
      payload[bytes - 1] = '"';
      InvokeArguments arguments = JournalStage.arguments("notify-order", ByteBuffer.wrap(payload));
      long begin = System.nanoTime();
      function.call(arguments, CallOrigin.UNKNOWN).join();
      time += System.nanoTime() - begin;
    }
    return time / 1e3 / calls;
  }
}
