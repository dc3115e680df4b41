package dev.pglambda.lambda;

import java.nio.ByteBuffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One request to invoke a Lambda function, checked and complete.
 *
 * @param functionName name, {@code name:qualifier}, partial or full ARN, as the service is to see
 *     it
 * @param region AWS region of the endpoint, for example {@code us-east-1}
 * @param invocationType how to invoke
 * @param logType whether to return the end of the log
 * @param clientContext client context as JSON text (not base64), or null
 * @param qualifier version or alias sent beside the name, or null
 * @param payload JSON in UTF-8; not modified, position and limit delimit it
 * @param connectTimeout longest wait for a connection to the endpoint
 * @param requestTimeout longest wait for the whole call
 * @param traceHeader value of {@code X-Amzn-Trace-Id}, or null
 */
public record Invocation(
    String functionName,
    String region,
    InvocationType invocationType,
    LogType logType,
    @Nullable String clientContext,
    @Nullable String qualifier,
    ByteBuffer payload,
    Duration connectTimeout,
    Duration requestTimeout,
    @Nullable String traceHeader) {

  /** An invocation that belongs to no trace. */
  public Invocation(
      String functionName,
      String region,
      InvocationType invocationType,
      LogType logType,
      @Nullable String clientContext,
      @Nullable String qualifier,
      ByteBuffer payload,
      Duration connectTimeout,
      Duration requestTimeout) {
    this(
        functionName,
        region,
        invocationType,
        logType,
        clientContext,
        qualifier,
        payload,
        connectTimeout,
        requestTimeout,
        null);
  }

  /** Whether the end of the log is wanted: for who asks, or for who looks why an Event failed. */
  public boolean wantsLog() {
    return logType == LogType.TAIL || invocationType == InvocationType.EVENT;
  }

  /** The same invocation as part of a trace. */
  public Invocation withTraceHeader(@Nullable String header) {
    return with(payload, header);
  }

  /** The same invocation with another payload. */
  public Invocation withPayload(ByteBuffer other) {
    return with(other, traceHeader);
  }

  private Invocation with(ByteBuffer otherPayload, @Nullable String otherHeader) {
    return new Invocation(
        functionName,
        region,
        invocationType,
        logType,
        clientContext,
        qualifier,
        otherPayload,
        connectTimeout,
        requestTimeout,
        otherHeader);
  }
}
