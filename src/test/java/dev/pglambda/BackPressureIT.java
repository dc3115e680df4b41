package dev.pglambda;

import static dev.pglambda.testing.Awaiting.await;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.FrontendMessage.CopyData;
import dev.pglambda.protocol.FrontendMessage.CopyDone;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.testing.FloodingServer;
import dev.pglambda.testing.NumberedLines;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyProcess;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The jar in 64 MB of heap and 64 MB of direct memory, with one side that does not read: it holds
 * the other side up, and nobody else. How much is sent is 256 MB, or as many megabytes as the
 * system property {@code backPressure.megabytes} says.
 */
@Timeout(600)
class BackPressureIT {
  private static final int ROWS =
      Integer.getInteger("backPressure.megabytes", 256) * NumberedLines.LINES_PER_MEGABYTE;

  /** More than all buffers on the way hold. */
  private static final int FAR_TOO_MANY_ROWS = 64 * NumberedLines.LINES_PER_MEGABYTE;

  private static final int PROBES = 300;
  private static final int STALLED_CLIENTS = 200;
  private static final int ROWS_READ = 2_000;

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private Path directory;

  private ProxyProcess.Builder before(String host, int port) {
    return ProxyProcess.with("--listen", "127.0.0.1:0", "--data-dir", directory.toString())
        .arguments("--backend", host + ":" + port, "--backend-sslmode", "disable")
        .arguments("--sample-functions", "on")
        .jvm("-Xmx64m", "-XX:+ExitOnOutOfMemoryError");
  }

  private static PostgresServer postgres() {
    List<String> versions = PostgresServer.versions();
    return PostgresServer.of(versions.get(versions.size() - 1));
  }

  @Test
  void clientThatStopsReadingHoldsUpItsServerAndNobodyElse() throws Exception {
    PostgresServer postgres = postgres();
    try (ProxyProcess proxy =
            before(postgres.host(), postgres.port())
                .jvm("-XX:MaxDirectMemorySize=64m")
                .startAndAwait();
        Connection other = proxy.connect();
        Connection observer = postgres.connect("postgres");
        Peer client = Peer.connect(proxy.port())) {
      client.socket().setSoTimeout((int) PATIENCE.toMillis());
      DataInputStream in = session(client);
      client.send(new Query(NumberedLines.copyOut(ROWS)));
      awaitTrue(observer, NumberedLines.WAITS_FOR_CLIENT);

      assertServed(other);

      assertThat(read(in, BackendMessage.COPY_OUT_RESPONSE)).isNotEmpty();
      CRC32C received = new CRC32C();
      for (int i = 0; i < ROWS; i++) {
        received.update(read(in, BackendMessage.COPY_DATA));
      }
      assertThat(received.getValue()).isEqualTo(NumberedLines.checksum(ROWS));
      read(in, BackendMessage.COPY_DONE);
      assertThat(new String(read(in, BackendMessage.COMMAND_COMPLETE), US_ASCII))
          .isEqualTo("COPY " + ROWS + "\0");
      read(in, BackendMessage.READY_FOR_QUERY);
      assertThat(proxy.err().lines()).isEmpty();
    }
  }

  @Test
  void serverThatStopsReadingHoldsUpItsClientAndNobodyElse() throws Exception {
    PostgresServer postgres = postgres();
    String database = postgres.createDatabase();
    try (ProxyProcess proxy =
            before(postgres.host(), postgres.port())
                .jvm("-XX:MaxDirectMemorySize=64m")
                .startAndAwait();
        Connection other = proxy.connect();
        Connection owner = postgres.connect(database);
        Statement statement = owner.createStatement();
        Peer client = Peer.connect(proxy.port())) {
      client.socket().setSoTimeout(0); // the server takes its time for so many rows
      statement.execute("CREATE TABLE lines (line text)");
      statement.execute(NumberedLines.IN_ORDER_FUNCTION);
      statement.execute("SELECT pg_advisory_lock(" + NumberedLines.LOCK + ")");
      client.send(Peer.startup("user", "postgres", "database", database));
      DataInputStream in = new DataInputStream(client.socket().getInputStream());
      readThrough(in, BackendMessage.READY_FOR_QUERY);
      client.send(new Query("SET test.lines = 0"));
      readThrough(in, BackendMessage.READY_FOR_QUERY);
      client.send(new Query("COPY lines FROM STDIN WHERE in_order(line)"));
      readThrough(in, BackendMessage.COPY_IN_RESPONSE);
      AtomicInteger sent = new AtomicInteger();
      CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> copyIn(client, sent));
      awaitTrue(owner, NumberedLines.WAITS_FOR_LOCK);

      assertServed(other);
      assertThat(sent.get()).isLessThan(FAR_TOO_MANY_ROWS);
      assertThat(writer).isNotDone();

      statement.execute("SELECT pg_advisory_unlock(" + NumberedLines.LOCK + ")");
      assertThat(new String(read(in, BackendMessage.COMMAND_COMPLETE), US_ASCII))
          .isEqualTo("COPY 0\0");
      read(in, BackendMessage.READY_FOR_QUERY);
      client.send(new Query("SELECT current_setting('test.lines')"));
      readThrough(in, BackendMessage.ROW_DESCRIPTION);
      assertThat(new String(read(in, BackendMessage.DATA_ROW), US_ASCII))
          .endsWith(Integer.toString(ROWS));
      writer.get(60, TimeUnit.SECONDS);
      assertThat(proxy.err().lines()).isEmpty();
    }
    postgres.dropDatabase(database);
  }

  @Test
  void manyClientsThatDoNotReadFitIntoMemory() throws Exception {
    List<Peer> clients = new ArrayList<>();
    try (FloodingServer server = FloodingServer.start();
        ProxyProcess proxy =
            before("127.0.0.1", server.port()).jvm("-XX:MaxDirectMemorySize=64m").startAndAwait();
        Peer other = Peer.connect(proxy.port())) {
      session(other);
      for (int i = 0; i < STALLED_CLIENTS; i++) {
        clients.add(flooded(proxy));
      }

      assertServed(other);

      byte[] row = FloodingServer.ROW;
      for (Peer client : clients) {
        DataInputStream in = new DataInputStream(client.socket().getInputStream());
        in.skipNBytes(row.length - 1); // what is left of the first one
        byte[] rows = in.readNBytes(ROWS_READ * row.length);
        for (int at = 0; at < rows.length; at += row.length) {
          assertThat(Arrays.mismatch(rows, at, at + row.length, row, 0, row.length)).isEqualTo(-1);
        }
      }
      assertThat(proxy.err().lines()).isEmpty();
    } finally {
      clients.forEach(Peer::close);
    }
  }

  @Test
  void directMemoryThatIsUsedUpEndsSessionsAndNotTheProxy() throws Exception {
    List<Peer> clients = new ArrayList<>();
    try (FloodingServer server = FloodingServer.start();
        ProxyProcess proxy =
            before("127.0.0.1", server.port()).jvm("-XX:MaxDirectMemorySize=12m").startAndAwait()) {
      try {
        for (int i = 0; i < STALLED_CLIENTS; i++) {
          clients.add(flooded(proxy));
        }
        proxy.err().await("direct memory");
      } finally {
        clients.forEach(Peer::close);
      }

      // Everything is free again, soon.
      await("a client is served")
          .ignoreExceptionsMatching(IOException.class::isInstance)
          .until(
              () -> {
                try (Peer client = Peer.connect(proxy.port())) {
                  session(client);
                  assertServed(client);
                  return true;
                }
              });
      assertThat(proxy.isAlive()).isTrue();
      assertThat(proxy.err().lines()).noneMatch(line -> line.matches("\\s+at .*"));
    }
  }

  /** A client that has asked for more than it will read. */
  private static Peer flooded(ProxyProcess proxy) throws IOException {
    Peer client = Peer.connect(proxy.port());
    client.socket().setSoTimeout((int) PATIENCE.toMillis());
    try {
      session(client);
      client.send(new Query("flood"));
      client.socket().getInputStream().read(); // the flood has begun
    } catch (IOException ended) {
      // Because there is no memory.
    }
    return client;
  }

  private static DataInputStream session(Peer client) throws IOException {
    client.send(Peer.startup("user", "postgres", "database", "postgres"));
    DataInputStream in =
        new DataInputStream(new BufferedInputStream(client.socket().getInputStream(), 1 << 16));
    readThrough(in, BackendMessage.READY_FOR_QUERY);
    return in;
  }

  private static void copyIn(Peer client, AtomicInteger sent) {
    try {
      OutputStream out = new BufferedOutputStream(client.socket().getOutputStream(), 1 << 16);
      for (int i = 1; i <= ROWS; i++) {
        out.write(Peer.message(new CopyData(ByteBuffer.wrap(NumberedLines.line(i)))));
        sent.set(i);
      }
      out.write(Peer.message(new CopyDone()));
      out.flush();
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  /** The body of the next message, which is of this type. */
  private static byte[] read(DataInputStream in, byte type) throws IOException {
    byte actual = in.readByte();
    byte[] body = in.readNBytes(in.readInt() - Frame.MIN_LENGTH);
    assertThat(actual).as(new String(body, US_ASCII)).isEqualTo(type);
    return body;
  }

  private static void readThrough(DataInputStream in, byte type) throws IOException {
    byte actual;
    do {
      actual = in.readByte();
      in.skipNBytes(in.readInt() - Frame.MIN_LENGTH);
      if (actual == BackendMessage.ERROR_RESPONSE) {
        throw new IOException("an error instead of " + (char) type);
      }
    } while (actual != type);
  }

  private static void awaitTrue(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      await(sql)
          .until(
              () -> {
                try (ResultSet row = statement.executeQuery(sql)) {
                  return row.next() && row.getBoolean(1);
                }
              });
    }
  }

  private interface Probe {
    void run() throws Exception;
  }

  private static void assertServed(Connection connection) throws Exception {
    try (Statement statement = connection.createStatement()) {
      assertServed(() -> statement.execute("SELECT 1"));
    }
  }

  private static void assertServed(Peer client) throws Exception {
    DataInputStream in = new DataInputStream(client.socket().getInputStream());
    assertServed(
        () -> {
          client.send(new Query("SELECT 1"));
          readThrough(in, BackendMessage.READY_FOR_QUERY);
        });
  }

  private static void assertServed(Probe probe) throws Exception {
    for (int i = 0; i < PROBES; i++) {
      probe.run();
    }
  }
}
