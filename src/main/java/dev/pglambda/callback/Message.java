package dev.pglambda.callback;

import dev.pglambda.limits.MemoryAccount;
import org.jspecify.annotations.Nullable;

/**
 * One message of the server's: type and body, without the length.
 *
 * <p>The body's array holds the only copy made of the octets that arrived; a payload is a view of
 * it.
 */
final class Message {
  private final byte type;
  private final byte[] body;
  private final boolean tooLong;
  private final long reserved;
  private final MemoryAccount.@Nullable Refusal refusal;

  Message(
      byte type,
      byte[] body,
      boolean tooLong,
      long reserved,
      MemoryAccount.@Nullable Refusal refusal) {
    this.reserved = reserved;
    this.refusal = refusal;
    this.type = type;
    this.body = body;
    this.tooLong = tooLong;
  }

  char type() {
    return (char) (type & 0xff);
  }

  /** The body; empty if it was {@link #tooLong()}, or there is a {@link #refusal()}. */
  byte[] body() {
    return body;
  }

  /** Octets reserved for the body. */
  long reserved() {
    return reserved;
  }

  /** Why there was no memory for the body; else null. */
  MemoryAccount.@Nullable Refusal refusal() {
    return refusal;
  }

  /** Whether the body was longer than the reader's limit and was dropped. */
  boolean tooLong() {
    return tooLong;
  }
}
