package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.journal.Journal;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.SaslInitialResponse;
import dev.pglambda.protocol.FrontendMessage.SaslResponse;
import dev.pglambda.protocol.MessageReader;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.RawMessage;
import dev.pglambda.protocol.auth.ChannelBinding;
import dev.pglambda.protocol.auth.ScramClient;
import dev.pglambda.protocol.auth.ScramServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Plays the PostgreSQL server at the other end of a callback link, over an embedded channel. */
final class Worker {
  static final CallbackSecret SECRET =
      CallbackSecret.of("0123456789abcdef0123456789abcdef".getBytes(UTF_8));
  static final String INSTALLATION = SECRET.newInstallation();
  static final String DATABASE = "pglambda_" + INSTALLATION;
  static final InstallationKeys KEYS = SECRET.keys(INSTALLATION);

  /** Of which nothing is asked. */
  static final Journal JOURNAL = new Journal(0, false, Clock.systemUTC());

  final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false);
  final EmbeddedChannel channel = new EmbeddedChannel();
  private String nonce = "";
  private long sequence = 1_000_000;

  /** Whether a message is a FATAL error. */
  static Predicate<BackendMessage> isFatal(String sqlState) {
    return message ->
        message instanceof ErrorResponse error
            && error.fields().isFatal()
            && sqlState.equals(error.sqlState());
  }

  /** A link that has sent its StartupMessage. */
  static Worker started(CallbackServer server, int protocolMinor, Map<String, String> parameters) {
    return started(server, protocolMinor, parameters, ChannelBinding.NONE);
  }

  static Worker started(CallbackServer server, ChannelBinding binding) {
    return started(server, 0, Map.of("user", "pglambda", "database", DATABASE), binding);
  }

  private static Worker started(
      CallbackServer server,
      int protocolMinor,
      Map<String, String> parameters,
      ChannelBinding binding) {
    Worker worker = new Worker();
    worker.channel.config().setAllocator(worker.allocator);
    worker.channel.freezeTime();
    server.accept(worker.channel, protocolMinor, parameters, binding, () -> {});
    return worker;
  }

  static Worker started(CallbackServer server) {
    return started(server, 0, Map.of("user", "pglambda", "database", DATABASE));
  }

  /** A link after authentication. */
  static Worker connected(CallbackServer server) {
    Worker worker = started(server);
    worker.authenticate(KEYS.linkPassword());
    assertThat(worker.received()).last().isInstanceOf(ReadyForQuery.class);
    return worker;
  }

  /** Does SCRAM; what answers the client's proof is left to be {@link #received()}. */
  void authenticate(String password) {
    assertThat(received()).containsExactly(Authentication.sasl(ScramServer.MECHANISM));
    ScramClient client = new ScramClient(password);
    send(initialResponse(ScramServer.MECHANISM, client.first()));
    Authentication challenge = (Authentication) received().get(0);
    assertThat(challenge.code()).isEqualTo(Authentication.SASL_CONTINUE);
    try {
      send(message(new SaslResponse(UTF_8.encode(client.last(challenge.text())))));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static byte[] initialResponse(String mechanism, String clientFirst) {
    return message(new SaslInitialResponse(mechanism, UTF_8.encode(clientFirst)));
  }

  static byte[] message(byte type, byte[] body) {
    return message(new FrontendMessage.Unknown(type, ByteBuffer.wrap(body)));
  }

  static byte[] message(FrontendMessage message) {
    return MessageWriter.bytes(UTF_8, message);
  }

  static byte[] query(String text) {
    return message(new FrontendMessage.Query(text));
  }

  static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    Arrays.stream(parts).forEach(all::writeBytes);
    return all.toByteArray();
  }

  void send(byte[] bytes) {
    channel.writeInbound(allocator.buffer().writeBytes(bytes));
  }

  /** Sends a query and returns the row that answers it; its columns are null for NULL. */
  List<@Nullable String> ask(String text) {
    send(query(text));
    return row();
  }

  List<@Nullable String> hello() {
    List<@Nullable String> row = ask("hello");
    String payload = row.get(2);
    assertThat(payload).isNotNull();
    nonce = payload;
    return row;
  }

  String nonce() {
    return nonce;
  }

  /** A request with proof and the next sequence. */
  String signed(String name, String fields) {
    return proven(name + " " + ++sequence + (fields.isEmpty() ? "" : " " + fields));
  }

  String proven(String rest) {
    return WorkerProof.of(KEYS, nonce, rest) + " " + rest;
  }

  /** Sends {@code invoke/1} for a call without session. */
  void invoke() {
    send(query(signed("invoke/1", Fields.call("f", "{}"))));
  }

  void sendWait() {
    send(query(signed("wait/1", "")));
  }

  /** The one answer there is now. */
  List<@Nullable String> row() {
    List<BackendMessage> messages = received();
    assertThat(messages)
        .extracting(BackendMessage::name)
        .containsExactly("RowDescription", "DataRow", "CommandComplete", "ReadyForQuery");
    assertThat(messages.get(2)).isEqualTo(new CommandComplete("SELECT 1"));
    assertThat(messages.get(3)).isEqualTo(new ReadyForQuery(ReadyForQuery.IDLE));
    List<@Nullable String> columns = ((DataRow) messages.get(1)).texts();
    assertThat(columns).hasSize(8);
    return columns;
  }

  /** All messages sent since the last time. */
  List<BackendMessage> received() {
    channel.runPendingTasks();
    ByteBuf all = Unpooled.buffer();
    for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
      all.writeBytes(out);
      out.release();
    }
    MessageReader reader = MessageReader.refusing(1 << 24, MemoryBudget.unlimited().open());
    List<BackendMessage> messages = new ArrayList<>();
    try {
      for (RawMessage next = reader.read(all); next != null; next = reader.read(all)) {
        messages.add(next.backend(UTF_8));
      }
    } catch (ProtocolViolation e) {
      throw new AssertionError(e);
    }
    assertThat(reader.isBetweenMessages()).isTrue();
    return messages;
  }

  void pass(Duration time) {
    channel.runPendingTasks();
    channel.advanceTimeBy(time.toMillis(), TimeUnit.MILLISECONDS);
    channel.runPendingTasks();
  }

  void disconnect() {
    channel.close().syncUninterruptibly();
    channel.runPendingTasks();
  }

  /** Closes the link; nothing is left of it: no buffer, no exception. */
  void close() {
    received();
    channel.finishAndReleaseAll();
    channel.checkException();
    assertThat(allocator.metric().usedHeapMemory()).as("bytes not released").isZero();
    assertThat(allocator.metric().usedDirectMemory()).as("bytes not released").isZero();
  }
}
