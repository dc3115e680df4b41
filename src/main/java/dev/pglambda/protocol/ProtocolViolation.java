package dev.pglambda.protocol;

/**
 * A peer sent bytes that are no PostgreSQL protocol. The connection cannot go on: FATAL {@link
 * SqlState#PROTOCOL_VIOLATION} and close. The message reads {@code what: actual (expected: ...)}.
 */
public final class ProtocolViolation extends Exception {
  private static final long serialVersionUID = 1L;

  /** The message has none of the peer's bytes but numbers. */
  public ProtocolViolation(String message) {
    super(message, null, false, false);
  }
}
