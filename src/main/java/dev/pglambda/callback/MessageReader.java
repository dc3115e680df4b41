package dev.pglambda.callback;

import dev.pglambda.protocol.Frame;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Takes messages out of the octets as they arrive: {@code Byte1 type, Int32 length, body}
 * (PostgreSQL manual, "Message Formats").
 */
final class MessageReader {
  private static final byte[] NOTHING = {};

  private final int limit;
  private final int skipLimit;

  private final byte[] header = new byte[Frame.HEADER_LENGTH];
  private int headerOctets;
  private byte[] body = NOTHING;
  private int bodyOctets;
  private int toSkip;

  private MessageReader(int limit, int skipLimit) {
    this.limit = limit;
    this.skipLimit = skipLimit;
  }

  /** A reader to which a body longer than {@code limit} octets is a violation of the protocol. */
  static MessageReader refusing(int limit) {
    return new MessageReader(limit, limit);
  }

  /** A reader that drops bodies longer than {@code limit} octets, up to PostgreSQL's own 1 GB. */
  static MessageReader skipping(int limit) {
    return new MessageReader(limit, 0x3fffffff);
  }

  /**
   * Reads up to the end of a message, or of the octets.
   *
   * @return null as long as the message is not complete
   */
  @Nullable Message read(ByteBuf octets) throws FatalException {
    if (headerOctets < Frame.HEADER_LENGTH && !readHeader(octets)) {
      return null;
    }
    if (toSkip > 0) {
      return skip(octets);
    }
    int count = Math.min(body.length - bodyOctets, octets.readableBytes());
    octets.readBytes(body, bodyOctets, count);
    bodyOctets += count;
    return bodyOctets < body.length ? null : complete(false);
  }

  /** Whether the next octet is the type of a message. */
  boolean isBetweenMessages() {
    return headerOctets == 0;
  }

  private boolean readHeader(ByteBuf octets) throws FatalException {
    int count = Math.min(Frame.HEADER_LENGTH - headerOctets, octets.readableBytes());
    octets.readBytes(header, headerOctets, count);
    headerOctets += count;
    if (headerOctets < Frame.HEADER_LENGTH) {
      return false;
    }
    int length =
        (header[1] & 0xff) << 24
            | (header[2] & 0xff) << 16
            | (header[3] & 0xff) << 8
            | (header[4] & 0xff);
    if (length < Frame.MIN_LENGTH || length - Frame.MIN_LENGTH > skipLimit) {
      throw FatalException.protocolViolation("invalid message length");
    }
    int bodyLength = length - Frame.MIN_LENGTH;
    if (bodyLength > limit) {
      toSkip = bodyLength;
    } else {
      body = bodyLength == 0 ? NOTHING : new byte[bodyLength];
    }
    return true;
  }

  private @Nullable Message skip(ByteBuf octets) {
    int count = Math.min(toSkip, octets.readableBytes());
    octets.skipBytes(count);
    toSkip -= count;
    return toSkip > 0 ? null : complete(true);
  }

  private Message complete(boolean tooLong) {
    Message message = new Message(header[0], body, tooLong);
    headerOctets = 0;
    body = NOTHING;
    bodyOctets = 0;
    return message;
  }
}
