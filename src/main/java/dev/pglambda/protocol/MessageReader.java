package dev.pglambda.protocol;

import dev.pglambda.limits.MemoryAccount;
import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Takes messages out of the bytes as they arrive: {@code Byte1 type, Int32 length, body}
 * (PostgreSQL manual, "Message Formats"). A body takes the memory of what has come of it, whatever
 * length was announced.
 */
public final class MessageReader {
  private static final byte[] NOTHING = {};

  /** Up to here a body takes as little as the link itself. */
  private static final int INITIAL_CAPACITY = 4096;

  private final int limit;
  private final int skipLimit;
  private final MemoryAccount memory;

  private final byte[] header = new byte[Frame.HEADER_LENGTH];
  private int headerBytes;
  private int bodyLength;
  private byte[] body = NOTHING;
  private int bodyBytes;
  private int toSkip;
  private long reserved;

  /** Why the body is not kept; null if it is, or is too long anyway. */
  private MemoryAccount.@Nullable Refusal refusal;

  private MessageReader(int limit, int skipLimit, MemoryAccount memory) {
    this.limit = limit;
    this.skipLimit = skipLimit;
    this.memory = memory;
  }

  /** A reader to which a body longer than {@code limit} bytes is a violation of the protocol. */
  public static MessageReader refusing(int limit, MemoryAccount memory) {
    return new MessageReader(limit, limit, memory);
  }

  /** A reader that drops bodies longer than {@code limit} bytes, up to PostgreSQL's own 1 GB. */
  public static MessageReader skipping(int limit, MemoryAccount memory) {
    return new MessageReader(limit, 0x3fffffff, memory);
  }

  /**
   * Reads up to the end of a message, or of the bytes: then null. What is reserved for its body is
   * to be released by who handles it.
   */
  public @Nullable RawMessage read(ByteBuf in) throws ProtocolViolation {
    if (headerBytes < Frame.HEADER_LENGTH && !readHeader(in)) {
      return null;
    }
    if (toSkip == 0) {
      int count = Math.min(bodyLength - bodyBytes, in.readableBytes());
      if (grow(bodyBytes + count)) {
        in.readBytes(body, bodyBytes, count);
        bodyBytes += count;
        return bodyBytes < bodyLength ? null : complete();
      }
    }
    int count = Math.min(toSkip, in.readableBytes());
    in.skipBytes(count);
    toSkip -= count;
    return toSkip > 0 ? null : complete();
  }

  /** Whether the next byte is the type of a message. */
  public boolean isBetweenMessages() {
    return headerBytes == 0;
  }

  private boolean readHeader(ByteBuf in) throws ProtocolViolation {
    int count = Math.min(Frame.HEADER_LENGTH - headerBytes, in.readableBytes());
    in.readBytes(header, headerBytes, count);
    headerBytes += count;
    if (headerBytes < Frame.HEADER_LENGTH) {
      return false;
    }
    int length = Frame.length(header);
    if (length < Frame.MIN_LENGTH || length - Frame.MIN_LENGTH > skipLimit) {
      throw new ProtocolViolation("invalid message length");
    }
    bodyLength = length - Frame.MIN_LENGTH;
    toSkip = bodyLength > limit ? bodyLength : 0;
    return true;
  }

  /** Makes room; if there is no memory, the rest of the body is skipped. */
  private boolean grow(int needed) {
    if (needed <= body.length) {
      return true;
    }
    int capacity = Math.max(needed, Math.max(2 * body.length, INITIAL_CAPACITY));
    capacity = Math.min(capacity, bodyLength);
    long toReserve = capacity <= INITIAL_CAPACITY ? 0 : capacity;
    if (!memory.reserve(toReserve)) {
      refusal = memory.refusal();
      toSkip = bodyLength - bodyBytes;
      body = NOTHING;
      memory.release(reserved);
      reserved = 0;
      return false;
    }
    body = Arrays.copyOf(body, capacity);
    memory.release(reserved);
    reserved = toReserve;
    return true;
  }

  private RawMessage complete() {
    RawMessage message = new RawMessage(header[0], body, bodyLength > limit, reserved, refusal);
    headerBytes = 0;
    body = NOTHING;
    bodyBytes = 0;
    reserved = 0;
    refusal = null;
    return message;
  }
}
