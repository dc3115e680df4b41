package dev.pglambda.lambda.route;

import java.time.Duration;

/**
 * Something that goes wrong with some calls, on purpose.
 *
 * @param kind what
 * @param rate from 0 (never) to 1 (always)
 * @param delay of {@link Kind#DELAY}, else zero
 */
public record Fault(Kind kind, double rate, Duration delay) {

  /** What goes wrong. */
  public enum Kind {
    /** The call begins later. */
    DELAY,
    /** 429, {@code Rate Exceeded.} */
    THROTTLE,
    /** No answer until {@code aws_lambda.request_timeout_ms} has passed; the function runs not. */
    TIMEOUT,
    /** Nobody listens at the endpoint. */
    REFUSE,
    /** The function fails with an error that it does not handle; it runs not. */
    UNHANDLED
  }
}
