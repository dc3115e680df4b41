package dev.pglambda.lambda;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;

/**
 * The log of one execution that no runtime of Lambda wrote, in the format of the one for Node.js.
 * Safe for use by many threads.
 */
public final class ExecutionLog {
  /** What the Invoke API returns of a log: "the last 4 KB". */
  private static final int TAIL_LENGTH = 4096;

  private final String requestId;
  private final StringBuilder text = new StringBuilder();

  /** Begins with the line START. */
  public ExecutionLog(String requestId, String version) {
    this.requestId = requestId;
    text.append("START RequestId: %s Version: %s\n".formatted(requestId, version));
  }

  /** Adds what the function printed, as it is; its last line is ended. */
  public synchronized void print(String printed) {
    text.append(printed).append(printed.endsWith("\n") ? "" : "\n");
  }

  /** Adds what {@code console.log} prints. */
  public synchronized void info(String line) {
    line("INFO", line);
  }

  /** Adds what the runtime prints of an error that the function throws. */
  public synchronized void error(String payload) {
    line("ERROR", "Invoke Error \t" + payload);
  }

  private void line(String level, String line) {
    Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
    text.append(now).append('\t').append(requestId).append('\t').append(level).append('\t');
    text.append(line).append('\n');
  }

  /** Ends with the lines END and REPORT. */
  public synchronized void end(Duration duration) {
    double milliseconds = duration.toNanos() / 1e6;
    text.append("END RequestId: %s\n".formatted(requestId));
    text.append(
        String.format(
            Locale.ROOT,
            "REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms"
                + "\tMemory Size: 128 MB\tMax Memory Used: 64 MB\t\n",
            requestId,
            milliseconds,
            (long) Math.ceil(milliseconds)));
  }

  /** The end of the log in base64, as in the header {@code X-Amz-Log-Result}. */
  public synchronized String tail() {
    byte[] bytes = text.toString().getBytes(UTF_8);
    int from = Math.max(0, bytes.length - TAIL_LENGTH);
    return Base64.getEncoder().encodeToString(Arrays.copyOfRange(bytes, from, bytes.length));
  }
}
