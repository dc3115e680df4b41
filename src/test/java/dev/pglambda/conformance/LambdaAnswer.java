package dev.pglambda.conformance;

import org.jspecify.annotations.Nullable;

/**
 * How the fake endpoint answers the requests for one function. An Event is answered with 202 and a
 * DryRun with 204, both empty, unless the kind is a failure of the service.
 *
 * @param kind what happens
 * @param body the response's body: for {@code REPLY} and {@code FUNCTION_ERROR} the payload, for
 *     {@code SERVICE_ERROR} the message; else empty
 * @param errorType {@code X-Amz-Function-Error} or the service's error code; else empty
 * @param httpStatus of a {@code SERVICE_ERROR}; else 200
 * @param executedVersion {@code X-Amz-Executed-Version}; null: the header is missing
 * @param log what {@code X-Amz-Log-Result} holds, before base64, if the request asks for Tail; or
 *     null
 * @param delayMillis how long to wait before the answer, in milliseconds
 */
public record LambdaAnswer(
    Kind kind,
    String body,
    String errorType,
    int httpStatus,
    @Nullable String executedVersion,
    @Nullable String log,
    int delayMillis) {

  /** What happens. */
  public enum Kind {
    /** The request's payload comes back. */
    ECHO,
    /** A fixed payload comes back. */
    REPLY,
    /** The function failed: HTTP 200 with {@code X-Amz-Function-Error}. */
    FUNCTION_ERROR,
    /** The Lambda API refused: an HTTP error with code and message. */
    SERVICE_ERROR,
    /** No answer ever comes. */
    HANG,
    /** The connection is closed instead of an answer. */
    DISCONNECT
  }
}
