package dev.pglambda;

import static org.assertj.core.api.Assertions.assertThat;

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
  private static final int OCTETS = MEGABYTES << 20;
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
      client.send('Q', ("SELECT repeat('x', " + OCTETS + ")\0"));
      assertThat(client.skip('T')).isPositive();
      assertThat(client.skip('D')).isEqualTo(OCTETS + 6L);
      client.skip('C');
      client.skip('Z');
    }
    assertSmall();
  }

  @Test
  void goToTheServerAsAParameter() throws Exception {
    try (Client client = new Client()) {
      client.send('P', "\0SELECT length($1::bytea)\0\0\0");
      // Unnamed portal and statement, one parameter in binary format, results in text format.
      ByteBuffer head = ByteBuffer.allocate(12).put(new byte[] {0, 0, 0, 1, 0, 1, 0, 1});
      client.begin('B', 12 + OCTETS + 2);
      client.write(head.putInt(OCTETS).array());
      client.fill('x');
      client.write(new byte[2]);
      client.send('E', "\0\0\0\0\0");
      client.send('S', "");
      client.skip('1');
      client.skip('2');
      assertThat(client.row()).isEqualTo(Integer.toString(OCTETS));
      client.skip('C');
      client.skip('Z');
    }
    assertSmall();
  }

  @Test
  void goToTheServerAsOneMessageOfCopy() throws Exception {
    try (Client client = new Client()) {
      client.send('Q', "CREATE TEMPORARY TABLE t (x text); COPY t FROM STDIN\0");
      client.skip('C');
      client.skip('G');
      client.begin('d', OCTETS + 1);
      client.fill('x');
      client.write(new byte[] {'\n'});
      client.send('c', "");
      client.skip('C');
      client.skip('Z');
      client.send('Q', "SELECT length(x) FROM t\0");
      client.skip('T');
      assertThat(client.row()).isEqualTo(Integer.toString(OCTETS));
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
      while (in.readByte() != 'Z') {
        in.skipNBytes(in.readInt() - 4L);
      }
      in.skipNBytes(5);
    }

    private void send(char type, String body) throws IOException {
      out.write(Peer.message(type, body));
    }

    private void begin(char type, int bodyLength) throws IOException {
      out.write(ByteBuffer.allocate(5).put((byte) type).putInt(bodyLength + 4).array());
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
    private long skip(char type) throws IOException {
      assertThat((char) in.readByte()).isEqualTo(type);
      long length = in.readInt() - 4L;
      in.skipNBytes(length);
      return length;
    }

    /** Reads a DataRow of one column. */
    private String row() throws IOException {
      assertThat((char) in.readByte()).isEqualTo('D');
      in.skipNBytes(6);
      return new String(in.readNBytes(in.readInt()), StandardCharsets.US_ASCII);
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
