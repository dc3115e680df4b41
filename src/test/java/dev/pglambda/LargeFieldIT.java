package dev.pglambda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.protocol.FrontendMessage.CopyData;
import dev.pglambda.protocol.FrontendMessage.Execute;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.FrontendMessage.Sync;
import dev.pglambda.protocol.Message;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyProcess;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Fields that are larger than all of the proxy's memory. How large is the system property {@code
 * pglambda.test.field.mb}: PostgreSQL's own limit is 1 GB, less what else is in a row.
 */
@Timeout(600)
class LargeFieldIT {
  private static final int MEGABYTES = Integer.getInteger("pglambda.test.field.mb", 100);
  private static final int BYTES = MEGABYTES << 20;
  private static final long MOST_RESIDENT = 200L << 20;

  @TempDir private static Path directory;

  private static ProxyProcess proxy;

  @BeforeAll
  static void start() throws Exception {
    PostgresServer postgres = PostgresServer.of("15");
    proxy =
        ProxyProcess.with("--listen", "127.0.0.1:0", "--data-dir", directory.toString())
            .arguments("--backend", postgres.host() + ":" + postgres.port())
            .arguments("--sample-functions", "on")
            .jvm("-Xmx32m", "-XX:MaxDirectMemorySize=32m")
            .startAndAwait();
  }

  @AfterAll
  static void stop() {
    proxy.close();
  }

  @Test
  void comeFromTheServer() throws Exception {
    try (Client client = new Client()) {
      client.send(new Query("SELECT repeat('x', " + BYTES + ")"));
      assertThat(client.skip(BackendMessage.ROW_DESCRIPTION)).isPositive();
      assertThat(client.skip(BackendMessage.DATA_ROW)).isEqualTo(BYTES + 6L);
      client.skip(BackendMessage.COMMAND_COMPLETE);
      client.skip(BackendMessage.READY_FOR_QUERY);
    }
    assertSmall();
  }

  @Test
  void goToTheServerAsAParameter() throws Exception {
    try (Client client = new Client()) {
      client.send(new Parse("", "SELECT length($1::bytea)", List.of()));
      ByteBuffer parameter = ByteBuffer.allocate(1);
      byte[] bind = Peer.message(new Bind("", "", List.of(1), List.of(parameter), List.of()));
      ByteBuffer.wrap(bind).putInt(1, bind.length - 2 + BYTES).putInt(bind.length - 7, BYTES);
      client.write(Arrays.copyOf(bind, bind.length - 3));
      client.fill('x');
      client.write(Arrays.copyOfRange(bind, bind.length - 2, bind.length));
      client.send(new Execute("", 0));
      client.send(new Sync());
      client.skip(BackendMessage.PARSE_COMPLETE);
      client.skip(BackendMessage.BIND_COMPLETE);
      assertThat(client.row()).isEqualTo(Integer.toString(BYTES));
      client.skip(BackendMessage.COMMAND_COMPLETE);
      client.skip(BackendMessage.READY_FOR_QUERY);
    }
    assertSmall();
  }

  @Test
  void goToTheServerAsOneMessageOfCopy() throws Exception {
    try (Client client = new Client()) {
      client.send(new Query("CREATE TEMPORARY TABLE t (x text); COPY t FROM STDIN"));
      client.skip(BackendMessage.COMMAND_COMPLETE);
      client.skip(BackendMessage.COPY_IN_RESPONSE);
      byte[] data = Peer.message(new CopyData(ByteBuffer.allocate(0)));
      client.write(ByteBuffer.wrap(data).putInt(1, data.length - 1 + BYTES).array());
      client.fill('x');
      client.send(new FrontendMessage.CopyDone());
      client.skip(BackendMessage.COMMAND_COMPLETE);
      client.skip(BackendMessage.READY_FOR_QUERY);
      client.send(new Query("SELECT length(x) FROM t"));
      client.skip(BackendMessage.ROW_DESCRIPTION);
      assertThat(client.row()).isEqualTo(Integer.toString(BYTES));
    }
    assertSmall();
  }

  private static void assertSmall() throws IOException {
    assertThat(proxy.isAlive()).isTrue();
    assertThat(proxy.residentBytes()).isLessThan(MOST_RESIDENT);
  }

  /** Messages that are never in memory as a whole. */
  private static final class Client implements AutoCloseable {
    private final Socket socket;
    private final DataInputStream in;
    private final OutputStream out;

    private Client() throws IOException {
      socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port());
      in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1 << 16));
      out = socket.getOutputStream();
      out.write(Peer.startup("user", "postgres", "database", "postgres"));
      while (in.readByte() != BackendMessage.READY_FOR_QUERY) {
        in.skipNBytes(in.readInt() - Frame.MIN_LENGTH);
      }
      in.skipNBytes(in.readInt() - Frame.MIN_LENGTH);
    }

    private void send(Message message) throws IOException {
      out.write(Peer.message(message));
    }

    private void write(byte[] bytes) throws IOException {
      out.write(bytes);
    }

    private void fill(char with) throws IOException {
      byte[] some = new byte[1 << 20];
      Arrays.fill(some, (byte) with);
      for (int i = 0; i < MEGABYTES; i++) {
        out.write(some);
      }
    }

    /** Reads a message of this type and returns the length of its body. */
    private long skip(byte type) throws IOException {
      assertThat(in.readByte()).isEqualTo(type);
      int length = in.readInt() - Frame.MIN_LENGTH;
      in.skipNBytes(length);
      return length;
    }

    /** Reads a DataRow of one column. */
    private String row() throws IOException {
      assertThat(in.readByte()).isEqualTo(BackendMessage.DATA_ROW);
      in.skipNBytes(6);
      return new String(in.readNBytes(in.readInt()), StandardCharsets.US_ASCII);
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
