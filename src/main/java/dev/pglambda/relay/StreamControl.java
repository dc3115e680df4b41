package dev.pglambda.relay;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** What those who look at messages may do with the streams that these come in. */
interface StreamControl {

  /** Holds what the client sends behind the message that is being inspected. */
  void pauseClient();

  /** Forgets the message of the client's that begins. */
  void dropClientMessage();

  /** Whether a part of a message of the client's was sent to the server. */
  boolean isInClientMessage();

  /**
   * Forgets the message of the server's that begins; the client gets something in its place, or
   * nothing.
   */
  void dropServerMessage(@Nullable ByteBuf instead);

  /** Gives the client something in front of the message of the server's that begins. */
  void precedeServerMessage(ByteBuf before);
}
