package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Plays the PostgreSQL server at the other end of a callback link, over an embedded channel. */
final class Worker {
  static final CallbackSecret SECRET = CallbackSecret.of("0123456789abcdef0123456789abcdef");
  static final String INSTALLATION = SECRET.newInstallation();
  static final InstallationKeys KEYS = SECRET.keys(INSTALLATION);

  final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false);
  final EmbeddedChannel channel = new EmbeddedChannel();
  private String nonce = "";
  private long sequence = 1_000_000;

  /** A message of the proxy's; one character of the body for one byte. */
  record Received(char type, String body) {
    boolean isFatal(String sqlState) {
      return type == 'E' && body.startsWith("SFATAL\0VFATAL\0C" + sqlState + "\0");
    }
  }

  /** A link that has sent its StartupMessage. */
  static Worker started(CallbackServer server, int protocolMinor, Map<String, String> parameters) {
    Worker worker = new Worker();
    worker.channel.config().setAllocator(worker.allocator);
    worker.channel.freezeTime();
    server.accept(worker.channel, protocolMinor, parameters, () -> {});
    return worker;
  }

  static Worker started(CallbackServer server) {
    return started(
        server, 0, Map.of("user", "pglambda", "database", CallbackServer.database(INSTALLATION)));
  }

  /** A link after authentication. */
  static Worker connected(CallbackServer server) {
    Worker worker = started(server);
    worker.authenticate(KEYS.linkPassword());
    assertThat(worker.received()).extracting(Received::type).endsWith('Z');
    return worker;
  }

  /** Does SCRAM; what answers the client's proof is left to be {@link #received()}. */
  void authenticate(String password) {
    assertThat(received()).containsExactly(new Received('R', "\0\0\0\nSCRAM-SHA-256\0\0"));
    ScramClient client = new ScramClient(password, "n,,");
    send(initialResponse("SCRAM-SHA-256", client.first()));
    Received challenge = received().get(0);
    assertThat(challenge.body()).startsWith("\0\0\0\13");
    send(message('p', client.last(challenge.body().substring(4)).getBytes(ISO_8859_1)));
  }

  static byte[] initialResponse(String mechanism, String clientFirst) {
    byte[] data = clientFirst.getBytes(ISO_8859_1);
    return message(
        'p',
        concat(
            (mechanism + "\0").getBytes(ISO_8859_1),
            ByteBuffer.allocate(4).putInt(data.length).array(),
            data));
  }

  static byte[] message(char type, byte[] body) {
    return concat(
        new byte[] {(byte) type}, ByteBuffer.allocate(4).putInt(body.length + 4).array(), body);
  }

  static byte[] query(String text) {
    return message('Q', (text + "\0").getBytes(UTF_8));
  }

  static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    Arrays.stream(parts).forEach(all::writeBytes);
    return all.toByteArray();
  }

  void send(byte[] octets) {
    channel.writeInbound(allocator.buffer().writeBytes(octets));
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
    List<Received> messages = received();
    assertThat(messages).extracting(Received::type).containsExactly('T', 'D', 'C', 'Z');
    assertThat(messages.get(2).body()).isEqualTo("SELECT 1\0");
    assertThat(messages.get(3).body()).isEqualTo("I");
    return columns(messages.get(1).body());
  }

  private static List<@Nullable String> columns(String dataRow) {
    ByteBuffer octets = ByteBuffer.wrap(dataRow.getBytes(ISO_8859_1));
    List<@Nullable String> columns = new ArrayList<>();
    for (int count = octets.getShort(); count > 0; count--) {
      int length = octets.getInt();
      if (length < 0) {
        columns.add(null);
      } else {
        byte[] value = new byte[length];
        octets.get(value);
        columns.add(new String(value, UTF_8));
      }
    }
    assertThat(octets.remaining()).isZero();
    assertThat(columns).hasSize(8);
    return columns;
  }

  /** All messages sent since the last time. */
  List<Received> received() {
    channel.runPendingTasks();
    ByteBuf all = Unpooled.buffer();
    for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
      all.writeBytes(out);
      out.release();
    }
    List<Received> messages = new ArrayList<>();
    while (all.isReadable()) {
      char type = (char) all.readByte();
      int length = all.readInt() - 4;
      messages.add(new Received(type, all.readCharSequence(length, ISO_8859_1).toString()));
    }
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
    assertThat(allocator.metric().usedHeapMemory()).as("octets not released").isZero();
    assertThat(allocator.metric().usedDirectMemory()).as("octets not released").isZero();
  }
}
