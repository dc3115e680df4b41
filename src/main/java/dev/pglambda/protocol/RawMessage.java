package dev.pglambda.protocol;

import dev.pglambda.limits.MemoryAccount;
import java.nio.charset.Charset;
import org.jspecify.annotations.Nullable;

/**
 * One message as it arrived: type and body, without the length.
 *
 * <p>The body's array holds the only copy made of the bytes that arrived; a payload is a view of
 * it.
 */
public final class RawMessage {
  private final byte type;
  private final byte[] body;
  private final boolean tooLong;
  private final long reserved;
  private final MemoryAccount.@Nullable Refusal refusal;

  RawMessage(
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

  public BackendMessage backend(Charset charset) throws ProtocolViolation {
    return BackendMessage.read(type, body, charset);
  }

  public FrontendMessage frontend(Charset charset) throws ProtocolViolation {
    return FrontendMessage.read(type, body, charset);
  }

  public byte type() {
    return type;
  }

  /** The body; empty if it was {@link #tooLong()}, or there is a {@link #refusal()}. */
  public byte[] body() {
    return body;
  }

  public long reserved() {
    return reserved;
  }

  /** Why there was no memory for the body; else null. */
  public MemoryAccount.@Nullable Refusal refusal() {
    return refusal;
  }

  /** Whether the body was longer than the reader's limit and was dropped. */
  public boolean tooLong() {
    return tooLong;
  }
}
