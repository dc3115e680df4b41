package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.journal.Journal;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.Message;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** A link that is authenticated, for requests. */
abstract class RequestStage {
  static final int LIMIT = 1 << 20;

  final FakeFunction function = new FakeFunction();
  final Journal journal = new Journal(1 << 24, true, Clock.systemUTC());
  final CallbackServer server =
      new CallbackServer(
          Worker.SECRET,
          function,
          journal,
          session -> null,
          new CallbackLimits(
              Duration.ofSeconds(10),
              Duration.ofMillis(100),
              Duration.ofMillis(300),
              LIMIT,
              100,
              4,
              Duration.ofMinutes(10),
              MemoryBudget.unlimited()),
          ImmediateEventExecutor.INSTANCE);
  final Worker worker = Worker.connected(server);

  @AfterEach
  void nothingIsLeft() {
    worker.close();
  }

  void assertRefused(String text, String sqlState, String message) {
    worker.send(Worker.query(text));
    List<BackendMessage> messages = worker.received();
    assertThat(messages)
        .extracting(Message::name)
        .containsExactly("ErrorResponse", "ReadyForQuery");
    assertThat(messages.get(0))
        .asString()
        .startsWith("ErrorResponse[fields={S=ERROR, V=ERROR, C=" + sqlState + ", M=")
        .contains(message);
    assertThat(function.arguments).isEmpty();
    assertThat(worker.hello().get(0)).isEqualTo("hello");
  }

  static ByteBuffer utf8(String text) {
    return ByteBuffer.wrap(text.getBytes(UTF_8));
  }
}
