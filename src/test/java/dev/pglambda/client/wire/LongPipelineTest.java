package dev.pglambda.client.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.testing.BothWays;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Thousands of statements are under way at once. How many is the system property {@code
 * pglambda.test.pipelined}.
 */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.BothWays#ofNewestVersion")
@Timeout(300)
class LongPipelineTest {
  private static final int STATEMENTS = Integer.getInteger("pglambda.test.pipelined", 5_000);

  /** What the server's own buffers, and the client's, have room for. */
  private static final int UNREAD = 2_000;

  private final BothWays ways;

  LongPipelineTest(BothWays ways) {
    this.ways = ways;
  }

  /** How the statements are sent. */
  enum Kind {
    SIMPLE,
    EXTENDED,
    EXTENDED_WITH_ONE_SYNC
  }

  /** As a program that sends from one thread and reads in another. */
  @ParameterizedTest
  @EnumSource(Kind.class)
  void answersEachInOrder(Kind kind) throws Exception {
    try (WireClient client = ways.connect()) {
      CompletableFuture<Void> sending =
          CompletableFuture.runAsync(() -> send(client, kind, STATEMENTS));

      int completed = 0;
      int readies = kind == Kind.EXTENDED_WITH_ONE_SYNC ? 1 : STATEMENTS;
      while (readies > 0) {
        BackendMessage message = client.readSent();
        if (message instanceof CommandComplete) {
          completed++;
        } else if (message instanceof BackendMessage.DataRow row) {
          assertThat(row.text(0)).isEqualTo(Integer.toString(completed));
        } else if (message instanceof ReadyForQuery) {
          readies--;
        }
      }
      sending.get(10, TimeUnit.SECONDS);
      assertThat(completed).isEqualTo(STATEMENTS);
    }
  }

  private static void send(WireClient client, Kind kind, int count) {
    try {
      client.parse("s", "SELECT $1::int").flushOut();
      for (int i = 0; i < count; i++) {
        if (kind == Kind.SIMPLE) {
          client.query("SELECT " + i);
        } else {
          client.bind("", "s", List.of(Integer.toString(i))).execute("", 0);
        }
        if (kind == Kind.EXTENDED) {
          client.sync();
        }
        if (i % 100 == 0) {
          client.flushOut();
        }
      }
      if (kind == Kind.EXTENDED_WITH_ONE_SYNC) {
        client.sync();
      }
      client.flushOut();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * As a program that sends everything before it reads anything. That goes well as long as the
   * buffers between it and the server hold the replies: with the proxy there are more of them.
   */
  @ParameterizedTest
  @EnumSource(Kind.class)
  void takesMuchBeforeAnythingIsRead(Kind kind) throws Exception {
    try (WireClient direct = ways.connectDirectly();
        WireClient proxied = ways.connect()) {
      for (WireClient client : List.of(direct, proxied)) {
        CompletableFuture.runAsync(() -> send(client, kind, UNREAD)).get(60, TimeUnit.SECONDS);
        int completed = 0;
        while (completed < UNREAD) {
          if (client.readSent() instanceof CommandComplete) {
            completed++;
          }
        }
      }
    }
  }
}
