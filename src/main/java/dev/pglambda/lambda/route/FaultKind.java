package dev.pglambda.lambda.route;

/** What goes wrong with a call, on purpose. */
public enum FaultKind {
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
