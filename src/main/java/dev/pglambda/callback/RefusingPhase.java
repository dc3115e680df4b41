package dev.pglambda.callback;

import dev.pglambda.protocol.MessageReader;
import dev.pglambda.protocol.RawMessage;
import dev.pglambda.protocol.SqlError;

/** Answers FATAL to whoever comes, before any work is done for him. */
final class RefusingPhase implements LinkPhase {
  private final Link link;
  private final SqlError error;
  private final MessageReader reader;

  RefusingPhase(Link link, SqlError error) {
    this.link = link;
    this.error = error;
    this.reader = MessageReader.refusing(0, link.memory());
  }

  @Override
  public void begin() {
    link.fail(error);
  }

  @Override
  public MessageReader reader() {
    return reader;
  }

  @Override
  public void receive(RawMessage message) {}
}
