package dev.pglambda.relay;

import dev.pglambda.intercept.Rewrite;
import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.FrontendMessage;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** A message of the client's that waits, and what is known of it. */
final class HeldMessage {
  private final ByteBuf frame;

  /** Why the message was too long to be held, so that only its type is here; else null. */
  private final MemoryAccount.@Nullable Refusal refusal;

  private @Nullable Rewrite rewrite;
  private boolean unread;

  /** The keys, to be offered to the server before it. */
  private @Nullable ByteBuf offer;

  private long reserved;

  /** The frame is released by {@link #release}; its text may be still to be looked at. */
  HeldMessage(
      ByteBuf frame,
      @Nullable Rewrite rewrite,
      boolean unread,
      MemoryAccount.@Nullable Refusal refusal) {
    this.frame = frame;
    this.rewrite = rewrite;
    this.unread = unread;
    this.refusal = refusal;
  }

  ByteBuf frame() {
    return frame;
  }

  byte type() {
    return frame.getByte(0);
  }

  boolean isQuery() {
    return type() == FrontendMessage.QUERY;
  }

  boolean isParseOfUnnamed() {
    return type() == FrontendMessage.PARSE && frame.getByte(Frame.HEADER_LENGTH) == 0;
  }

  MemoryAccount.@Nullable Refusal refusal() {
    return refusal;
  }

  boolean isUnread() {
    return unread;
  }

  /** What is found in its text, when that is read at last. */
  void read(@Nullable Rewrite found) {
    unread = false;
    rewrite = found;
  }

  @Nullable Rewrite rewrite() {
    return rewrite;
  }

  /** Has the keys offered before it, which are released with the message or by who takes them. */
  void offer(@Nullable ByteBuf keys) {
    offer = keys;
  }

  @Nullable ByteBuf takeOffer() {
    ByteBuf taken = offer;
    offer = null;
    return taken;
  }

  void keepReserved(long bytes) {
    reserved += bytes;
  }

  /** Frees it; what was reserved is the memory account's again. */
  void release(MemoryAccount memory) {
    frame.release();
    if (offer != null) {
      offer.release();
    }
    memory.release(reserved);
  }
}
