package dev.pglambda.relay;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.pglambda.config.HostAndPort;
import dev.pglambda.config.LoginMode;
import dev.pglambda.intercept.ExtensionInterceptor;
import dev.pglambda.intercept.Interceptor;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.testing.FuzzInput;
import dev.pglambda.testing.Peer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.slf4j.LoggerFactory;

/** A session between a client and a server that both say what they like. */
class SessionFuzzTest {
  private static final RelaySettings SETTINGS =
      new RelaySettings(
          new HostAndPort("server", 5432),
          null,
          LoginMode.AUTO,
          Duration.ofSeconds(5),
          Duration.ofSeconds(30),
          1 << 14,
          RelayStage.KEEPALIVES,
          MemoryBudget.unlimited());
  private static final byte[] STARTUP = Peer.startup("user", "ann");

  /** What a session may hold, beyond what it was sent, once nobody reads. */
  private static final int MOST_HELD = 64 * 1024;

  /** Whose statements nobody can ask for, and whose names no text can hold. */
  private static final CallbackKeyDelivery NO_KEYS =
      new CallbackKeyDelivery(
          "\0", "\0", "\0", "\0", "\0", installation -> List.of(), "\0", "\0", "\0");

  private static final Logger LOGGER =
      (Logger) LoggerFactory.getLogger(Session.class.getPackageName());

  /** A line for each server that breaks the protocol would be most of what a fuzzer does. */
  @BeforeAll
  static void logErrorsOnly() {
    LOGGER.setLevel(Level.ERROR);
  }

  @AfterAll
  static void logAsBefore() {
    LOGGER.setLevel(null);
  }

  @FuzzTest
  void passesWhatBothSidesSayUnlessItBreaksTheProtocol(byte[] input) {
    try (Stage stage = new Stage(Interceptor.NONE, NO_KEYS)) {
      stage.play(new FuzzInput(input));

      assertPrefix(stage.toServer, stage.fromClient);
      if (latin1(stage.fromServer).contains("pglambda")) {
        return; // An error that looks like one of the extension's loses some lines.
      }
      if (stage.closed()) {
        int passed = stage.fromServer.size();
        String toClient = latin1(stage.toClient);
        int fatal = toClient.indexOf("SFATAL\0VFATAL\0C08");
        assertThat(fatal < 0 ? toClient.length() : fatal - 5).isLessThanOrEqualTo(passed);
      } else {
        assertPrefix(stage.toClient, stage.fromServer);
      }
    }
  }

  @FuzzTest
  void survivesWhatBothSidesSayAroundStatementsItReplaces(byte[] input) {
    Interceptor interceptor =
        new ExtensionInterceptor(
            (statement, text) -> "DO 'instead of " + text.length() + "'", view -> "SELECT", true);
    try (Stage stage = new Stage(interceptor, RelayStage.KEYS)) {
      stage.play(new FuzzInput(input));
    }
  }

  private static void assertPrefix(ByteArrayOutputStream received, ByteArrayOutputStream sent) {
    assertThat(latin1(sent)).startsWith(latin1(received));
  }

  private static String latin1(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.ISO_8859_1);
  }

  /** The session and both of its peers. */
  private static final class Stage implements AutoCloseable {
    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);
    private final EmbeddedChannel client = channel();
    private final EmbeddedChannel server = channel();
    private final Session session;
    final ByteArrayOutputStream fromClient = new ByteArrayOutputStream();
    final ByteArrayOutputStream fromServer = new ByteArrayOutputStream();
    final ByteArrayOutputStream toClient = new ByteArrayOutputStream();
    final ByteArrayOutputStream toServer = new ByteArrayOutputStream();

    Stage(Interceptor interceptor, CallbackKeyDelivery keys) {
      session =
          new Session(
              SETTINGS, "token", client, interceptor, keys, LocalExecution.Provider.NONE, "", null);
      client.pipeline().addLast(new ClientHandler(session));
      server.pipeline().addLast(new ServerHandler(session));
      session.connected(server, allocator.buffer().writeBytes(STARTUP));
      take();
      assertThat(toServer.toByteArray()).isEqualTo(STARTUP);
      toServer.reset();
    }

    private EmbeddedChannel channel() {
      EmbeddedChannel channel = new EmbeddedChannel();
      channel.config().setAllocator(allocator);
      channel.freezeTime();
      return channel;
    }

    boolean closed() {
      return !client.isOpen();
    }

    /**
     * A lower-case letter, or any other byte, is followed by a length and so many bytes of the
     * client's (c), the server's (s); C and S are a complete message of type and text up to a
     * dollar sign; R is the server's ReadyForQuery.
     */
    void play(FuzzInput script) {
      while (!script.isEmpty() && !closed()) {
        switch (script.nextChar()) {
          case 'c' -> clientSends(script.take(script.next()));
          case 's' -> serverSends(script.take(script.next()));
          case 'C' -> clientSends(message(script));
          case 'S' -> serverSends(message(script));
          case 'R' -> serverSends(Peer.message(new ReadyForQuery('I')));
          default -> {
            // no meaning
          }
        }
        take();
        assertThat(allocator.metric().usedHeapMemory())
            .as("bytes held")
            .isLessThanOrEqualTo(2L * (fromClient.size() + fromServer.size()) + MOST_HELD);
      }
    }

    private static byte[] message(FuzzInput script) {
      char type = script.nextChar();
      StringBuilder body = new StringBuilder();
      for (char c = script.nextChar(); c != '$' && !script.isEmpty(); c = script.nextChar()) {
        body.append(c == '|' ? '\0' : c);
      }
      return Peer.message((byte) type, body.toString());
    }

    private void clientSends(byte[] bytes) {
      fromClient.writeBytes(bytes);
      client.writeInbound(allocator.buffer(Math.max(1, bytes.length)).writeBytes(bytes));
    }

    private void serverSends(byte[] bytes) {
      fromServer.writeBytes(bytes);
      if (server.isOpen()) {
        server.writeInbound(allocator.buffer(Math.max(1, bytes.length)).writeBytes(bytes));
      }
    }

    private void take() {
      client.runPendingTasks();
      server.runPendingTasks();
      take(client, toClient);
      take(server, toServer);
    }

    private static void take(EmbeddedChannel channel, ByteArrayOutputStream into) {
      for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
        into.writeBytes(ByteBufUtil.getBytes(out));
        out.release();
      }
    }

    @Override
    public void close() {
      client.close();
      take();
      client.finishAndReleaseAll();
      server.finishAndReleaseAll();
      client.checkException();
      server.checkException();
      assertThat(session.ended()).isDone();
      assertThat(server.isOpen()).isFalse();
      assertThat(allocator.metric().usedHeapMemory()).as("bytes not released").isZero();
    }
  }
}
