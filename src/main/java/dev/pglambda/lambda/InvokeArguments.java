package dev.pglambda.lambda;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of one call of {@code aws_lambda.invoke}, as SQL gave them: unchecked, NULL as
 * null.
 *
 * @param form which overload was called, and with what kind of text
 * @param functionName first argument, or the {@code function_name} attribute of the composite
 * @param arnRegion {@code region} attribute of the composite; null for {@link Form#NAME}
 * @param payload JSON text in UTF-8
 * @param region argument of the text overload only
 * @param invocationType {@code RequestResponse}, {@code Event} or {@code DryRun} if it is right
 * @param logType {@code None} or {@code Tail} if it is right
 * @param context client context as JSON text
 * @param qualifier version or alias
 * @param connectTimeoutMs setting {@code aws_lambda.connect_timeout_ms} as text; null or empty if
 *     not set
 * @param requestTimeoutMs setting {@code aws_lambda.request_timeout_ms} as text; null or empty if
 *     not set
 */
public record InvokeArguments(
    Form form,
    @Nullable String functionName,
    @Nullable String arnRegion,
    @Nullable ByteBuffer payload,
    @Nullable String region,
    @Nullable String invocationType,
    @Nullable String logType,
    @Nullable String context,
    @Nullable String qualifier,
    @Nullable String connectTimeoutMs,
    @Nullable String requestTimeoutMs) {

  /**
   * The qualifier of a call without a function's name by which the proxy itself tries whether the
   * server can call back.
   */
  public static final String TRIAL = "pglambda_trial";

  /** Whether it is such a call, which is refused, and which nobody has made. */
  boolean isTrial() {
    return functionName == null && TRIAL.equals(qualifier);
  }

  /** The same with another payload. */
  public InvokeArguments withPayload(@Nullable ByteBuffer other) {
    return new InvokeArguments(
        form,
        functionName,
        arnRegion,
        other,
        region,
        invocationType,
        logType,
        context,
        qualifier,
        connectTimeoutMs,
        requestTimeoutMs);
  }

  /** How the function was named. */
  public enum Form {
    /** The text overload with a name or an ARN. */
    NAME,
    /**
     * The text overload with the text form of the composite, {@code (name,region)}, already taken
     * apart.
     */
    COMPOSITE_TEXT,
    /** The composite overload. */
    COMPOSITE
  }
}
