package dev.pglambda.lambda.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The end of the log of one invocation: what the process printed, between the lines that Lambda
 * writes. Used by one event loop.
 */
final class InvocationLog {
  /** What the Invoke API returns of a log: "the last 4 KB". */
  private static final int TAIL_BYTES = 4096;

  private final String requestId;
  private byte[] tail = new byte[0];

  InvocationLog(String requestId) {
    this.requestId = requestId;
  }

  /** What the process printed. */
  void print(byte[] printed) {
    byte[] all = Arrays.copyOf(tail, tail.length + printed.length);
    System.arraycopy(printed, 0, all, tail.length, printed.length);
    tail =
        all.length > TAIL_BYTES
            ? Arrays.copyOfRange(all, all.length - TAIL_BYTES, all.length)
            : all;
  }

  void initStart(String runtime, String region) {
    line(
        "INIT_START Runtime Version: %s:local\tRuntime Version ARN: arn:aws:lambda:%s::runtime:local"
            .formatted(runtime, region));
  }

  /** The code could not be loaded: in the phase {@code init}, or again in {@code invoke}. */
  void initReport(Duration duration, String phase, RunOutcome failure) {
    line(
        "INIT_REPORT Init Duration: %s ms\tPhase: %s%s"
            .formatted(milliseconds(duration), phase, failure.status()));
  }

  void start(String version) {
    line("START RequestId: %s Version: %s".formatted(requestId, version));
  }

  /**
   * The last two lines.
   *
   * @param initDuration null: the process was there, or its code was loaded within the invocation
   */
  void end(
      Duration duration,
      int memoryMegabytes,
      int usedMegabytes,
      @Nullable Duration initDuration,
      RunOutcome outcome) {
    line("END RequestId: " + requestId);
    String init =
        initDuration == null ? "" : "\tInit Duration: " + milliseconds(initDuration) + " ms";
    String status = outcome.errorType() == null ? "\t" : outcome.status();
    line(
        "REPORT RequestId: %s\tDuration: %s ms\tBilled Duration: %d ms\tMemory Size: %d MB\tMax Memory Used: %d MB%s%s"
            .formatted(
                requestId,
                milliseconds(duration),
                (long) Math.ceil(duration.toNanos() / 1e6),
                memoryMegabytes,
                usedMegabytes,
                init,
                status));
  }

  private static String milliseconds(Duration duration) {
    return String.format(Locale.ROOT, "%.2f", duration.toNanos() / 1e6);
  }

  private void line(String text) {
    boolean inLine = tail.length > 0 && tail[tail.length - 1] != '\n';
    print(((inLine ? "\n" : "") + text + "\n").getBytes(UTF_8));
  }

  /** In base64, as in the header {@code X-Amz-Log-Result}. */
  String tail() {
    return Base64.getEncoder().encodeToString(tail);
  }
}
