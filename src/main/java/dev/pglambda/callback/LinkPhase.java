package dev.pglambda.callback;

import dev.pglambda.protocol.MessageReader;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.RawMessage;

/** What a link does with its messages at a time of its life. Used on the link's event loop only. */
interface LinkPhase {

  /** Sends what opens the phase. */
  void begin();

  /** The reader of the phase's messages, the same each time. */
  MessageReader reader();

  /** Handles one message; the next one comes when what this one made the link send has left. */
  void receive(RawMessage message) throws ProtocolViolation;

  /** The link is closed: nothing can be sent any more. */
  default void closed() {}
}
