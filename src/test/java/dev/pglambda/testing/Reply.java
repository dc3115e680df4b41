package dev.pglambda.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link FakeLambdaEndpoint} does with the requests for one function. Immutable; the methods
 * that are not static return an altered copy.
 */
public final class Reply {
  enum Kind {
    /** What a function returned: Event and DryRun are answered as AWS does, without it. */
    OUTCOME,
    /** As OUTCOME, with the payload of the request. */
    ECHO,
    /** Sent as it is, whatever was asked. */
    VERBATIM,
    RESET,
    CLOSE,
    CLOSE_MID_BODY
  }

  final Kind kind;
  final int status;
  final Map<String, String> headers;
  final String body;
  final @Nullable String log;
  final Duration delay;
  final boolean held;
  final boolean closesAfterwards;

  private Reply(
      Kind kind,
      int status,
      Map<String, String> headers,
      String body,
      @Nullable String log,
      Duration delay,
      boolean held,
      boolean closesAfterwards) {
    this.kind = kind;
    this.status = status;
    this.headers = headers;
    this.body = body;
    this.log = log;
    this.delay = delay;
    this.held = held;
    this.closesAfterwards = closesAfterwards;
  }

  private static Reply of(Kind kind, int status, Map<String, String> headers, String body) {
    return new Reply(kind, status, headers, body, null, Duration.ZERO, false, false);
  }

  /** The function returns this text, which need not be JSON and may be empty: status 200. */
  public static Reply json(String body) {
    return of(Kind.OUTCOME, 200, Map.of("X-Amz-Executed-Version", "$LATEST"), body);
  }

  /** The function returns its payload, byte for byte. */
  public static Reply echo() {
    return of(Kind.ECHO, 200, Map.of("X-Amz-Executed-Version", "$LATEST"), "");
  }

  /** The function throws: status 200, {@code X-Amz-Function-Error: Unhandled}. */
  public static Reply functionError(String body) {
    return json(body).withHeader("X-Amz-Function-Error", "Unhandled");
  }

  /**
   * The API refuses the request.
   *
   * @param errorType for example {@code TooManyRequestsException}
   */
  public static Reply apiError(int status, String errorType, String message) {
    String body = "{\"Type\":\"User\",\"Message\":\"" + message.replace("\"", "\\\"") + "\"}";
    return verbatim(status, "application/json", body).withHeader("x-amzn-ErrorType", errorType);
  }

  /** Any HTTP answer; an empty body is sent as one. */
  public static Reply verbatim(int status, String contentType, String body) {
    return of(Kind.VERBATIM, status, Map.of("Content-Type", contentType), body);
  }

  /** The connection is reset (RST) before an answer. */
  public static Reply reset() {
    return of(Kind.RESET, 0, Map.of(), "");
  }

  /** The connection is closed (FIN) before an answer. */
  public static Reply close() {
    return of(Kind.CLOSE, 0, Map.of(), "");
  }

  /** The connection is closed after the headers and half of the body. */
  public static Reply closeMidBody() {
    return of(Kind.CLOSE_MID_BODY, 200, Map.of(), "{\"half\": \"of a body\"}");
  }

  /** Adds or replaces a header. */
  public Reply withHeader(String name, String value) {
    Map<String, String> changed = new LinkedHashMap<>(headers);
    changed.put(name, value);
    return new Reply(kind, status, changed, body, log, delay, held, closesAfterwards);
  }

  /** Removes a header, for example {@code X-Amz-Executed-Version}. */
  public Reply withoutHeader(String name) {
    Map<String, String> changed = new LinkedHashMap<>(headers);
    changed.remove(name);
    return new Reply(kind, status, changed, body, log, delay, held, closesAfterwards);
  }

  /** What the function writes to its log; the end comes back if {@code Tail} is asked for. */
  public Reply withLog(String text) {
    return new Reply(kind, status, headers, body, text, delay, held, closesAfterwards);
  }

  /** Answers that much later. */
  public Reply after(Duration time) {
    return new Reply(kind, status, headers, body, log, time, held, closesAfterwards);
  }

  /** Answers when {@link FakeLambdaEndpoint#release()} is called. */
  public Reply held() {
    return new Reply(kind, status, headers, body, log, delay, true, closesAfterwards);
  }

  /** Closes the connection after the answer, without having announced it. */
  public Reply closingAfterwards() {
    return new Reply(kind, status, headers, body, log, delay, held, true);
  }

  byte[] bytes() {
    return body.getBytes(UTF_8);
  }
}
