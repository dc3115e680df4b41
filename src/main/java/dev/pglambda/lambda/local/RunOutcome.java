package dev.pglambda.lambda.local;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pglambda.lambda.ServiceLimits;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How an invocation, or the loading of the code before it, ended.
 *
 * @param payload what the caller gets
 * @param errorType null: the function did not fail
 */
record RunOutcome(ByteBuffer payload, @Nullable String errorType) {
  /** What a process may say of itself in the log; anything else is {@code Runtime.Unknown}. */
  private static final Pattern KNOWN_FORM = Pattern.compile("(Runtime|Function)\\.[A-Z][a-zA-Z]+");

  private static final String TIMED_OUT = "Sandbox.Timedout";

  private static final ObjectMapper JSON = new ObjectMapper();

  static RunOutcome success(ByteBuffer payload) {
    return new RunOutcome(payload, null);
  }

  /** An error in the words of the process, whose type it may also have said. */
  static RunOutcome error(@Nullable String errorType, ByteBuffer payload) {
    boolean known = errorType != null && KNOWN_FORM.matcher(errorType).matches();
    return new RunOutcome(payload, known ? errorType : "Runtime.Unknown");
  }

  static RunOutcome timedOut(String requestId, Duration timeout) {
    String seconds = String.format(Locale.ROOT, "%.2f", timeout.toMillis() / 1e3);
    return fault(TIMED_OUT, requestId, "Task timed out after " + seconds + " seconds");
  }

  static RunOutcome exited(String requestId, int status) {
    String reason =
        switch (status) {
          case 0 -> "Runtime exited without providing a reason";
          case 128 + 6 -> "Runtime exited with error: signal: aborted";
          case 128 + 9 -> "Runtime exited with error: signal: killed";
          case 128 + 11 -> "Runtime exited with error: signal: segmentation fault";
          case 128 + 15 -> "Runtime exited with error: signal: terminated";
          default -> "Runtime exited with error: exit status " + status;
        };
    return fault("Runtime.ExitError", requestId, reason);
  }

  static RunOutcome notStarted(String requestId, String reason) {
    return fault("Runtime.InvalidEntrypoint", requestId, reason);
  }

  static RunOutcome tooLarge() {
    return new RunOutcome(ServiceLimits.replyTooLarge(), "Function.ResponseSizeTooLarge");
  }

  private static RunOutcome fault(String errorType, String requestId, String reason) {
    Map<String, String> error = new LinkedHashMap<>();
    error.put("errorType", errorType);
    error.put("errorMessage", "RequestId: " + requestId + " Error: " + reason);
    return new RunOutcome(json(error), errorType);
  }

  private static ByteBuffer json(Map<String, String> error) {
    try {
      return ByteBuffer.wrap(JSON.writeValueAsBytes(error));
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** The end of a line of the log about it. */
  String status() {
    if (errorType == null) {
      return "";
    }
    return errorType.equals(TIMED_OUT)
        ? "\tStatus: timeout"
        : "\tStatus: error\tError Type: " + errorType;
  }
}
