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
  private int headerOctets;
  private int bodyLength;
  private byte[] body = NOTHING;
  private int bodyOctets;
  private int toSkip;

  /** Bytes reserved for the body. */
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
   * Reads up to the end of a message, or of the bytes.
   *
   * @return null as long as the message is not complete; what is reserved for its body is to be
   *     released by who handles it
   */
  public @Nullable RawMessage read(ByteBuf octets) throws ProtocolViolation {
    if (headerOctets < Frame.HEADER_LENGTH && !readHeader(octets)) {
      return null;
    }
    if (toSkip == 0) {
      int count = Math.min(bodyLength - bodyOctets, octets.readableBytes());
      if (grow(bodyOctets + count)) {
        octets.readBytes(body, bodyOctets, count);
        bodyOctets += count;
        return bodyOctets < bodyLength ? null : complete();
      }
    }
    int count = Math.min(toSkip, octets.readableBytes());
    octets.skipBytes(count);
    toSkip -= count;
    return toSkip > 0 ? null : complete();
  }

  /** Whether the next byte is the type of a message. */
  public boolean isBetweenMessages() {
    return headerOctets == 0;
  }

  private boolean readHeader(ByteBuf octets) throws ProtocolViolation {
    int count = Math.min(Frame.HEADER_LENGTH - headerOctets, octets.readableBytes());
    octets.readBytes(header, headerOctets, count);
    headerOctets += count;
    if (headerOctets < Frame.HEADER_LENGTH) {
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
    long octets = capacity <= INITIAL_CAPACITY ? 0 : capacity;
    if (!memory.reserve(octets)) {
      refusal = memory.refusal();
      toSkip = bodyLength - bodyOctets;
      body = NOTHING;
      memory.release(reserved);
      reserved = 0;
      return false;
    }
    body = Arrays.copyOf(body, capacity);
    memory.release(reserved);
    reserved = octets;
    return true;
  }

  private RawMessage complete() {
    RawMessage message = new RawMessage(header[0], body, bodyLength > limit, reserved, refusal);
    headerOctets = 0;
    body = NOTHING;
    bodyOctets = 0;
    reserved = 0;
    refusal = null;
    return message;
  }
}
