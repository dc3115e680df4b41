package dev.pglambda.config;

/** Which calls in a client's text the proxy serves itself. */
public enum DirectCallMode {
  /** Where aws_lambda is not installed, or its functions cannot call back. */
  AUTO,
  /** Wherever it can. */
  ALWAYS,
  /** None. */
  NEVER
}
