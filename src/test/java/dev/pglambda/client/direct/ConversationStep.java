package dev.pglambda.client.direct;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.BackendMessage.NoticeResponse;
import dev.pglambda.protocol.BackendMessage.NotificationResponse;
import dev.pglambda.protocol.BackendMessage.ParameterDescription;
import dev.pglambda.protocol.BackendMessage.ParameterStatus;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a client sends before it waits for the answer, in words and as messages. */
final class ConversationStep {
  private final List<String> words = new ArrayList<>();
  private final List<Message> messages = new ArrayList<>();
  private int answers;

  /** Hears what the server says. */
  interface Listener {
    /** Whether more of it may be read: not at the end of the connection. */
    boolean hears(@Nullable BackendMessage message);
  }

  interface Message {
    void to(WireClient client) throws IOException;
  }

  ConversationStep add(String said, Message message) {
    words.add(said);
    messages.add(message);
    return this;
  }

  ConversationStep answered() {
    answers++;
    return this;
  }

  void send(WireClient client) throws IOException {
    for (Message message : messages) {
      message.to(client);
    }
  }

  /**
   * Sends each message only when the one before is answered, which a Flush sees to.
   *
   * @return whether the session goes on
   */
  boolean sendWaiting(WireClient client, Listener listener) throws IOException {
    boolean skipping = false;
    for (int i = 0; i < messages.size(); i++) {
      messages.get(i).to(client);
      String kind = words.get(i).replaceFirst("[: ].*(?s:.*)", "");
      boolean ends = kind.equals("Sync") || kind.equals("Query");
      if (kind.equals("Flush") || (skipping && !kind.equals("Sync"))) {
        continue;
      }
      if (!ends) {
        client.flush();
      }
      BackendMessage message;
      do {
        message = client.read();
        if (!listener.hears(message)) {
          return false;
        }
        skipping = message instanceof ErrorResponse && !kind.equals("Query");
      } while (!skipping && !(ends ? message instanceof ReadyForQuery : isAnswer(message)));
      skipping &= !kind.equals("Sync");
    }
    return true;
  }

  /** Whether it is the last one that answers a message of the extended query protocol. */
  private static boolean isAnswer(@Nullable BackendMessage message) {
    return !(message == null
        || message instanceof NoticeResponse
        || message instanceof ParameterStatus
        || message instanceof NotificationResponse
        || message instanceof DataRow
        || message instanceof ParameterDescription);
  }

  /** How many times ReadyForQuery comes. */
  int answers() {
    return answers;
  }

  @Override
  public String toString() {
    return String.join("\n", words);
  }
}
