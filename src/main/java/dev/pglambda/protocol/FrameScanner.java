package dev.pglambda.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Finds the messages in a stream of bytes and lets them pass as they came: runs of bytes, not
 * messages. Only a message that the {@link Visitor} wants to see whole is held until it is
 * complete, and only if the visitor replaces it, or if it came in pieces, is a run cut there.
 * Nothing is allocated for a read buffer that merely passes.
 *
 * <p>Not thread-safe: one scanner per direction, used on the connection's event loop.
 */
public final class FrameScanner {

  public interface Visitor {

    /**
     * A message begins.
     *
     * @param type type byte
     * @param bodyLength bytes after the length field
     * @return whether {@link #inspect} is to see the complete message before it moves on; the
     *     visitor must bound the length for which it answers yes
     * @throws ProtocolViolation if such a message must not come here
     */
    boolean wants(byte type, int bodyLength) throws ProtocolViolation;

    /**
     * A complete message the visitor wanted.
     *
     * @param buffer holds the message; indexes must not be moved
     * @param index where its type byte stands
     * @param length bytes of the whole message
     * @return the bytes to forward in its place, or null to forward it unchanged
     */
    @Nullable ByteBuf inspect(ByteBuf buffer, int index, int length) throws ProtocolViolation;

    /** Bytes to be sent on, in order; the visitor owns the buffer. */
    void forward(ByteBuf bytes);
  }

  private static final int INITIAL_CAPACITY = 8 * 1024;

  private final Visitor visitor;
  private final ByteBufAllocator allocator;
  private final byte[] header = new byte[Frame.HEADER_LENGTH];

  private int headerLength;

  /** Bytes still to come of a message that passes. */
  private int passing;

  /** The part that has come of a message that was wanted. */
  private @Nullable ByteBuf gathered;

  private int gatheredTotal;

  private boolean paused;

  /** Whether the message that passes goes nowhere. */
  private boolean dropping;

  /** What is forwarded in front of the message that begins. */
  private @Nullable ByteBuf inFront;

  /** What came while the scanner was paused. */
  private @Nullable CompositeByteBuf waiting;

  public FrameScanner(Visitor visitor, ByteBufAllocator allocator) {
    this.visitor = visitor;
    this.allocator = allocator;
  }

  /** Whether all that was scanned so far ends with the end of a message. */
  public boolean atBoundary() {
    return headerLength == 0 && passing == 0 && gathered == null && !paused;
  }

  /** Whether a part of a message has been forwarded, and the rest is still to come. */
  public boolean isInPassingMessage() {
    return passing > 0 && !dropping;
  }

  /**
   * Has a message read and forgotten, without being gathered; something may be forwarded in its
   * place. To be called by {@link Visitor#wants} only, which then answers no.
   */
  public void drop(@Nullable ByteBuf instead) {
    dropping = true;
    inFront = instead;
  }

  /** Forwards something in front of a message that passes; else as {@link #drop}. */
  public void precede(ByteBuf before) {
    inFront = before;
  }

  /**
   * Stops behind the message that is being inspected, or within one that is dropped: what follows
   * waits for {@link #resume}. To be called by the {@link Visitor}, or before anything is scanned.
   */
  public void pause() {
    paused = true;
  }

  public boolean isPaused() {
    return paused;
  }

  /** Bytes that wait for {@link #resume}. */
  public int waitingBytes() {
    return waiting == null ? 0 : waiting.readableBytes();
  }

  /** Goes on with what has come meanwhile. */
  public void resume() throws ProtocolViolation {
    paused = false;
    ByteBuf rest = waiting;
    waiting = null;
    if (rest != null) {
      scan(rest);
    }
  }

  /** Frees what is held of an incomplete message, or waits. */
  public void close() {
    if (gathered != null) {
      gathered.release();
      gathered = null;
    }
    if (waiting != null) {
      waiting.release();
      waiting = null;
    }
  }

  /**
   * Scans the next bytes of the stream, which are the scanner's from now on; if they are no
   * messages, the ones before have been forwarded.
   */
  public void scan(ByteBuf in) throws ProtocolViolation {
    if (paused) {
      await(in);
      return;
    }
    int end = in.writerIndex();
    int at = in.readerIndex();
    int run = at;
    try {
      if (headerLength > 0) {
        at = run = completeHeader(in, at, end);
      }
      if (gathered != null) {
        at = run = gather(in, at, end);
      }
      while (at < end && !paused) {
        if (passing > 0) {
          int step = Math.min(passing, end - at);
          passing -= step;
          at += step;
          if (dropping) {
            run = at;
            dropping = passing > 0;
          }
          continue;
        }
        if (end - at < Frame.HEADER_LENGTH) {
          forwardRun(in, run, at);
          headerLength = end - at;
          in.getBytes(at, header, 0, headerLength);
          at = run = end;
          break;
        }
        int total = total(in.getByte(at), in.getInt(at + 1));
        if (!visitor.wants(in.getByte(at), total - Frame.HEADER_LENGTH)) {
          if (inFront != null || dropping) {
            forwardRun(in, run, at);
            run = dropping ? at + Frame.HEADER_LENGTH : at;
            forwardInFront();
          }
          at += Frame.HEADER_LENGTH;
          passing = total - Frame.HEADER_LENGTH;
          dropping &= passing > 0;
        } else if (end - at >= total) {
          ByteBuf replacement = visitor.inspect(in, at, total);
          if (replacement != null) {
            forwardRun(in, run, at);
            visitor.forward(replacement);
            run = at + total;
          }
          at += total;
        } else {
          forwardRun(in, run, at);
          beginGathering(total);
          at = run = gather(in, at, end);
        }
      }
    } catch (ProtocolViolation violation) {
      forwardRun(in, run, at);
      in.release();
      throw violation;
    } catch (RuntimeException | Error failure) {
      in.release();
      throw failure;
    }
    if (at < end) { // paused
      forwardRun(in, run, at);
      await(in.readerIndex(at));
    } else if (run == in.readerIndex() && run < end) {
      visitor.forward(in);
    } else {
      forwardRun(in, run, end);
      in.release();
    }
  }

  private void await(ByteBuf in) {
    if (waiting == null) {
      waiting = allocator.compositeBuffer();
    }
    waiting.addFlattenedComponents(true, in);
  }

  private void forwardRun(ByteBuf in, int from, int to) {
    if (to > from) {
      visitor.forward(in.retainedSlice(from, to - from));
    }
  }

  private int completeHeader(ByteBuf in, int at, int end) throws ProtocolViolation {
    int step = Math.min(Frame.HEADER_LENGTH - headerLength, end - at);
    in.getBytes(at, header, headerLength, step);
    headerLength += step;
    if (headerLength < Frame.HEADER_LENGTH) {
      return end;
    }
    headerLength = 0;
    int total = total(header[0], Frame.length(header));
    if (visitor.wants(header[0], total - Frame.HEADER_LENGTH)) {
      beginGathering(total).writeBytes(header);
      return at + step;
    }
    passing = total - Frame.HEADER_LENGTH;
    forwardInFront();
    if (dropping) {
      dropping = passing > 0;
    } else {
      visitor.forward(allocator.buffer(Frame.HEADER_LENGTH).writeBytes(header));
    }
    return at + step;
  }

  private void forwardInFront() {
    ByteBuf before = inFront;
    inFront = null;
    if (before != null) {
      visitor.forward(before);
    }
  }

  private ByteBuf beginGathering(int total) {
    gatheredTotal = total;
    ByteBuf buffer = allocator.buffer(Math.min(total, INITIAL_CAPACITY), total);
    gathered = buffer;
    return buffer;
  }

  private int gather(ByteBuf in, int at, int end) throws ProtocolViolation {
    ByteBuf buffer = gathered;
    if (buffer == null) {
      return at;
    }
    int step = Math.min(gatheredTotal - buffer.readableBytes(), end - at);
    buffer.writeBytes(in, at, step);
    if (buffer.readableBytes() == gatheredTotal) {
      ByteBuf replacement = visitor.inspect(buffer, 0, gatheredTotal);
      gathered = null;
      if (replacement == null) {
        visitor.forward(buffer);
      } else {
        buffer.release();
        visitor.forward(replacement);
      }
    }
    return at + step;
  }

  private static int total(byte type, int length) throws ProtocolViolation {
    if (length < Frame.MIN_LENGTH || length > Frame.MAX_LENGTH) {
      throw new ProtocolViolation(
          "invalid length of message type 0x%02x: %d (expected: %d to %d)"
              .formatted(type, length, Frame.MIN_LENGTH, Frame.MAX_LENGTH));
    }
    return length + 1;
  }
}
