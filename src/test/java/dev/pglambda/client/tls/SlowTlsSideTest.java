package dev.pglambda.client.tls;

import static dev.pglambda.testing.Awaiting.await;
import static dev.pglambda.testing.TestCertificates.shown;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.FrontendMessage.CopyData;
import dev.pglambda.protocol.FrontendMessage.CopyDone;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.testing.NettyMemory;
import dev.pglambda.testing.NumberedLines;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.TlsPeer;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Much data within TLS, of which one side takes nothing for a while: the proxy holds little, and
 * stops the other side; nobody else waits, and nothing is lost.
 */
@Timeout(180)
class SlowTlsSideTest {
  private static final int LINES = 128 * NumberedLines.LINES_PER_MEGABYTE;

  /**
   * What the proxy may hold of a session: a series of reads, once as it came and once encrypted.
   */
  private static final long MOST_HELD = 4 << 20;

  private final PostgresServer postgres =
      PostgresServer.of(PostgresServer.versions().get(PostgresServer.versions().size() - 1));
  private String database = "";
  private long heldBefore;

  @BeforeEach
  void remember() throws SQLException {
    database = postgres.createDatabase();
    heldBefore = NettyMemory.inUse();
  }

  @AfterEach
  void drop() throws SQLException {
    postgres.dropDatabase(database);
  }

  private Peer session(ProxyUnderTest proxy, String version, Socket socket) throws IOException {
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), proxy.port()));
    Peer client = TlsPeer.of(proxy.port()).version(version).over(socket);
    client.socket().setSoTimeout(0); // the server takes its time for so many rows
    client.send(Peer.startup("user", postgres.user(), "database", database));
    readThrough(client, BackendMessage.READY_FOR_QUERY);
    return client;
  }

  private static Peer.Received readThrough(Peer client, byte type) throws IOException {
    Peer.Received message;
    do {
      message = client.read();
      assertThat(message.type()).as(message.body()).isNotEqualTo(BackendMessage.ERROR_RESPONSE);
    } while (message.type() != type);
    return message;
  }

  private static void awaitTrue(Connection connection, String sql) {
    await(sql).until(() -> Queries.row(connection, sql).equals("t"));
  }

  private void assertLittleIsHeldAndServed(ProxyUnderTest proxy) throws SQLException {
    assertThat(NettyMemory.inUse() - heldBefore).isLessThan(MOST_HELD);
    try (Connection other = proxy.connect(database)) {
      for (int i = 0; i < 100; i++) {
        assertThat(Queries.row(other, "SELECT 1")).isEqualTo("1");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void clientThatDoesNotReadHoldsUpItsServer(String version) throws Exception {
    try (ProxyUnderTest proxy = ProxyUnderTest.start(postgres, shown("server"));
        Connection observer = postgres.connect("postgres");
        Peer client = session(proxy, version, new Socket())) {
      client.send(new Query(NumberedLines.copyOut(LINES)));
      awaitTrue(observer, NumberedLines.WAITS_FOR_CLIENT);

      assertLittleIsHeldAndServed(proxy);

      readThrough(client, BackendMessage.COPY_OUT_RESPONSE);
      CRC32C received = new CRC32C();
      for (int i = 0; i < LINES; i++) {
        received.update(client.read().body().getBytes(ISO_8859_1));
      }
      assertThat(received.getValue()).isEqualTo(NumberedLines.checksum(LINES));
      assertThat(readThrough(client, BackendMessage.COMMAND_COMPLETE).body())
          .isEqualTo("COPY " + LINES + "\0");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void serverThatDoesNotReadHoldsUpItsClient(String version) throws Exception {
    try (ProxyUnderTest proxy = ProxyUnderTest.start(postgres, shown("server"));
        Connection owner = postgres.connect(database);
        Peer client = session(proxy, version, new ScatteringSocket())) {
      Queries.execute(
          owner,
          "CREATE TABLE lines (line text)",
          NumberedLines.IN_ORDER_FUNCTION,
          "SELECT pg_advisory_lock(" + NumberedLines.LOCK + ")");
      client.send(new Query("SET test.lines = 0"));
      readThrough(client, BackendMessage.READY_FOR_QUERY);
      client.send(new Query("COPY lines FROM STDIN WHERE in_order(line)"));
      readThrough(client, BackendMessage.COPY_IN_RESPONSE);
      AtomicInteger sent = new AtomicInteger();
      CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> copyIn(client, sent));
      awaitTrue(owner, NumberedLines.WAITS_FOR_LOCK);

      assertLittleIsHeldAndServed(proxy);
      assertThat(writing).isNotDone();

      Queries.execute(owner, "SELECT pg_advisory_unlock(" + NumberedLines.LOCK + ")");
      assertThat(readThrough(client, BackendMessage.COMMAND_COMPLETE).body()).isEqualTo("COPY 0\0");
      client.send(new Query("SELECT current_setting('test.lines')"));
      assertThat(readThrough(client, BackendMessage.DATA_ROW).body())
          .endsWith(Integer.toString(LINES));
      writing.get(60, TimeUnit.SECONDS);
      assertThat(sent.get()).isEqualTo(LINES);
    }
  }

  private static void copyIn(Peer client, AtomicInteger sent) {
    try {
      for (int i = 1; i <= LINES; i++) {
        client.send(new CopyData(ByteBuffer.wrap(NumberedLines.line(i))));
        sent.set(i);
      }
      client.send(new CopyDone());
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  /** Sends what it is given in pieces that have nothing to do with TLS's records. */
  private static final class ScatteringSocket extends Socket {
    private final Random random = new Random(13);

    @Override
    public OutputStream getOutputStream() throws IOException {
      setTcpNoDelay(true);
      return new FilterOutputStream(super.getOutputStream()) {
        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
          for (int at = 0; at < length; ) {
            int piece = Math.min(length - at, 1 + random.nextInt(6_000));
            out.write(bytes, offset + at, piece);
            at += piece;
          }
        }
      };
    }
  }
}
