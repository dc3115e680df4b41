package dev.pglambda.lambda.sample;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;

/** The log of one execution, in the format that Lambda writes for Node.js. */
final class ExecutionLog {
  /** What the Invoke API returns of a log: "the last 4 KB". */
  private static final int TAIL_LENGTH = 4096;

  private final String requestId;
  private final StringBuilder text = new StringBuilder();

  ExecutionLog(String requestId, String version) {
    this.requestId = requestId;
    text.append("START RequestId: %s Version: %s\n".formatted(requestId, version));
  }

  synchronized void info(String line) {
    line("INFO", line);
  }

  synchronized void error(String line) {
    line("ERROR", "Invoke Error \t" + line);
  }

  private void line(String level, String line) {
    Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
    text.append(now).append('\t').append(requestId).append('\t').append(level).append('\t');
    text.append(line).append('\n');
  }

  synchronized void end(Duration duration) {
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
  synchronized String tail() {
    byte[] bytes = text.toString().getBytes(UTF_8);
    int from = Math.max(0, bytes.length - TAIL_LENGTH);
    return Base64.getEncoder().encodeToString(Arrays.copyOfRange(bytes, from, bytes.length));
  }
}
