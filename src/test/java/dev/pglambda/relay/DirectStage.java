package dev.pglambda.relay;

import static dev.pglambda.testing.Peer.message;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.config.DirectCallMode;
import dev.pglambda.direct.flow.DirectCallHandler;
import dev.pglambda.direct.plan.DirectCalls;
import dev.pglambda.intercept.ExtensionInterceptor;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeAnswer;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.ParameterStatus;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.protocol.FrontendMessage.Describe;
import dev.pglambda.protocol.FrontendMessage.Execute;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.FrontendMessage.Sync;
import dev.pglambda.protocol.MessageReader;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.RawMessage;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.Peer.Received;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A session that serves calls itself, between a client and a server that say what a test says: in
 * one thread, with a clock that stands still, counting every byte that is held.
 */
public final class DirectStage implements AutoCloseable {
  static final String CALL = "SELECT payload FROM aws_lambda.invoke('f', '{}'::json)";
  static final byte[] QUERY = message(new Query(CALL));
  static final byte[] PARSE = message(new Parse("s", CALL, List.of()));
  static final byte[] BIND = message(new Bind("", "s", List.of(), List.of(), List.of()));
  static final byte[] DESCRIBE = message(Describe.portal(""));
  static final byte[] EXECUTE = message(new Execute("", 0));
  static final byte[] SYNC = message(new Sync());

  private static final CallbackKeyDelivery NO_KEYS =
      new CallbackKeyDelivery(
          "\0", "\0", "\0", "\0", "\0", installation -> List.of(), "\0", "\0", "\0");

  private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);
  final EmbeddedChannel client = channel();
  final EmbeddedChannel server = channel();
  final Session session;
  final ModelServer model = new ModelServer();
  final MemoryBudget memory;

  /** The calls of Lambda that were made. */
  final List<CompletableFuture<InvokeAnswer>> calls;

  /** All that the server was sent, and the client. */
  public final List<Received> toServer = new ArrayList<>();

  public final List<Received> toClient = new ArrayList<>();

  private final Queue<Received> unanswered = new ArrayDeque<>();
  private final ByteBuf clientIn = UnpooledByteBufAllocator.DEFAULT.heapBuffer();
  private final ByteBuf serverIn = UnpooledByteBufAllocator.DEFAULT.heapBuffer();

  DirectStage(DirectCallMode mode) {
    this(mode, new MemoryBudget(1 << 30, 1 << 30));
  }

  DirectStage(DirectCallMode mode, MemoryBudget memory) {
    this(mode, memory, new ArrayList<>());
    serverSends(message(new ReadyForQuery('I')));
    toClient.clear();
  }

  private DirectStage(
      DirectCallMode mode, MemoryBudget memory, List<CompletableFuture<InvokeAnswer>> calls) {
    this(
        DirectCallHandler.provider(
            new DirectCalls(
                mode,
                role -> role + ".rolsuper",
                (arguments, origin) -> {
                  CompletableFuture<InvokeAnswer> call = new CompletableFuture<>();
                  calls.add(call);
                  return call;
                })),
        memory,
        calls);
  }

  /** A session with a server that has let the client in, and has yet to be ready. */
  public DirectStage(LocalExecution.Provider localExecution, MemoryBudget memory) {
    this(localExecution, memory, List.of());
  }

  private DirectStage(
      LocalExecution.Provider localExecution,
      MemoryBudget memory,
      List<CompletableFuture<InvokeAnswer>> calls) {
    this.memory = memory;
    this.calls = calls;
    session =
        new Session(
            RelayStage.settings("server", 5432, memory),
            "token",
            client,
            new ExtensionInterceptor((statement, text) -> "DO 'x'", view -> "SELECT", true),
            NO_KEYS,
            localExecution,
            "db",
            null);
    client.pipeline().addLast(new ClientHandler(session));
    server.pipeline().addLast(new ServerHandler(session));
    session.connected(server, allocator.buffer().writeBytes(Peer.startup("user", "ann")));
    server.runPendingTasks();
    ((ByteBuf) server.readOutbound()).release();
    serverSends(message(Authentication.ok()));
    serverSends(message(new ParameterStatus("client_encoding", "UTF8")));
    toClient.clear();
  }

  private EmbeddedChannel channel() {
    EmbeddedChannel channel = new EmbeddedChannel();
    channel.config().setAllocator(allocator);
    channel.freezeTime();
    return channel;
  }

  /** What the function returns. */
  static InvokeAnswer answer() {
    ByteBuffer payload = ByteBuffer.wrap("{\"answer\":1}".getBytes(StandardCharsets.UTF_8));
    return new InvokeAnswer.Row(new InvocationResult(200, payload, "$LATEST", null, null), null);
  }

  public void clientSends(byte[]... messages) {
    byte[] bytes = RelayStage.concat(messages);
    if (client.isOpen()) {
      client.writeInbound(allocator.buffer(Math.max(1, bytes.length)).writeBytes(bytes));
    }
    take();
  }

  public void serverSends(byte[]... messages) {
    byte[] bytes = RelayStage.concat(messages);
    if (server.isOpen()) {
      server.writeInbound(allocator.buffer(Math.max(1, bytes.length)).writeBytes(bytes));
    }
    take();
  }

  /** The server answers one message, or, if there is none, an outstanding call returns. */
  boolean step() {
    Received next = unanswered.poll();
    if (next != null) {
      serverSends(model.answer(next).toArray(byte[][]::new));
      return true;
    }
    return returns();
  }

  /** The first call that is under way returns. */
  boolean returns() {
    for (CompletableFuture<InvokeAnswer> call : calls) {
      if (call.complete(answer())) {
        take();
        return true;
      }
    }
    return false;
  }

  /** The message that the server reads next, taken from it; null if there is none. */
  @Nullable Received nextToServer() {
    return unanswered.poll();
  }

  /** Until nobody has anything to say. */
  void play() {
    while (step()) {
      assertThat(toServer.size()).as("messages to the server: an endless talk?").isLessThan(5_000);
    }
  }

  /** Until Lambda is called. */
  void playUntilCalled() {
    while (calls.isEmpty()) {
      assertThat(step()).as("the server has something to answer").isTrue();
    }
  }

  public void advanceTime(long milliseconds) {
    client.advanceTimeBy(milliseconds, TimeUnit.MILLISECONDS);
    server.advanceTimeBy(milliseconds, TimeUnit.MILLISECONDS);
    client.runScheduledPendingTasks();
    server.runScheduledPendingTasks();
    take();
  }

  /** The types of what the client was sent. */
  public String clientSaw() {
    return types(toClient);
  }

  static String types(List<Received> messages) {
    return messages.stream()
        .map(each -> String.valueOf((char) each.type()))
        .collect(Collectors.joining());
  }

  long held() {
    return allocator.metric().usedHeapMemory();
  }

  void take() {
    client.runPendingTasks();
    server.runPendingTasks();
    int before = toServer.size();
    take(server, serverIn, toServer);
    unanswered.addAll(toServer.subList(before, toServer.size()));
    take(client, clientIn, toClient);
  }

  private static void take(EmbeddedChannel channel, ByteBuf into, List<Received> messages) {
    for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
      into.writeBytes(out);
      out.release();
    }
    MessageReader reader = MessageReader.refusing(1 << 24, MemoryBudget.unlimited().open());
    int whole = into.readerIndex();
    try {
      for (RawMessage next = reader.read(into); next != null; next = reader.read(into)) {
        messages.add(new Received(next.type(), new String(next.body(), ISO_8859_1)));
        whole = into.readerIndex();
      }
    } catch (ProtocolViolation e) {
      throw new AssertionError(e);
    }
    into.readerIndex(whole);
  }

  /** Ends the session, and checks that nothing is left of it. */
  @Override
  public void close() {
    client.close();
    take();
    client.finishAndReleaseAll();
    server.finishAndReleaseAll();
    clientIn.release();
    serverIn.release();
    client.checkException();
    server.checkException();
    assertThat(session.ended()).isDone();
    assertThat(server.isOpen()).isFalse();
    assertThat(calls).as("calls under way").allMatch(CompletableFuture::isDone);
    assertThat(held()).as("bytes not released").isZero();
    assertThat(memory.used()).as("bytes reserved").isZero();
  }
}
