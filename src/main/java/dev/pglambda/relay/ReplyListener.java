package dev.pglambda.relay;

import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.ProtocolViolation;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Listens to the replies to one message that was sent to the server. */
public non-sealed interface ReplyListener extends ReplyOwner {
  /** Whether the client must not see replies of this type. */
  boolean suppresses(byte type);

  /** Whether {@link #onReply} is to be told of replies of this type. */
  boolean wants(byte type);

  /**
   * A reply that is no error, notice or ReadyForQuery has come; the queue knows of it already.
   *
   * @param buffer the reply and nothing else, so that one cannot read past its end
   * @param index where its type byte stands
   * @return what the client gets in its place; null if it gets the reply as it is
   * @throws ProtocolViolation if there cannot be such a reply
   */
  @Nullable ByteBuf onReply(byte type, ByteBuf buffer, int index) throws ProtocolViolation;

  /**
   * Whether there is memory for the body of a reply that {@link #wants} has asked for, and that is
   * to be gathered now; else it is dropped.
   */
  default boolean holds(byte type, int bodyLength) {
    return true;
  }

  /**
   * What the client gets in front of a reply that is its own, if {@link #onReply} need not be told
   * of the reply then.
   */
  default @Nullable ByteBuf inFrontOf(byte type) {
    return null;
  }

  /** Changes an error or a notice, which the client gets. */
  default void onError(ErrorFields fields) {}

  /** Whether the client must not see an error. */
  default boolean suppressesError(ErrorFields fields) {
    return false;
  }

  /** An error has come that is not suppressed: there is no further reply. */
  default void failed() {}

  /** A ReadyForQuery has come that is suppressed. */
  default void ready() {}
}
