package dev.pglambda.client.wire;

import static dev.pglambda.testing.TestCertificates.shown;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.TestCertificates;
import java.io.OutputStream;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;

/** Much data within TLS, by pgjdbc, which verifies the certificate. */
@Timeout(120)
class TlsTransferTest {
  private static final int MEGABYTES = 32;
  private static final String ROWS =
      "SELECT lpad(i::text, 1023, '0') FROM generate_series(1, %d) i".formatted(MEGABYTES << 10);

  private final PostgresServer postgres =
      PostgresServer.of(PostgresServer.versions().get(PostgresServer.versions().size() - 1));

  private static long copyOut(Connection connection, String query) throws Exception {
    CRC32C checksum = new CRC32C();
    CopyManager copies = connection.unwrap(PGConnection.class).getCopyAPI();
    copies.copyOut(
        "COPY (" + query + ") TO STDOUT",
        new OutputStream() {
          @Override
          public void write(int b) {
            checksum.update(b);
          }

          @Override
          public void write(byte[] bytes, int offset, int length) {
            checksum.update(bytes, offset, length);
          }
        });
    return checksum.getValue();
  }

  @Test
  void copiesBothWaysAsWithoutTls() throws Exception {
    String database = postgres.createDatabase();
    try (ProxyUnderTest proxy =
            ProxyUnderTest.start(postgres, shown("server", "--tls-mode", "require"));
        Connection direct = postgres.connect(database);
        Connection encrypted =
            DriverManager.getConnection(
                "jdbc:postgresql://localhost:%d/%s?sslmode=verify-full&sslrootcert=%s"
                    .formatted(proxy.port(), database, TestCertificates.certificate("ca")),
                postgres.user(),
                "");
        Statement statement = encrypted.createStatement()) {
      assertThat(copyOut(encrypted, ROWS)).isEqualTo(copyOut(direct, ROWS));

      statement.execute("CREATE TABLE lines (line text)");
      CopyManager copies = encrypted.unwrap(PGConnection.class).getCopyAPI();
      CopyIn in = copies.copyIn("COPY lines FROM STDIN");
      byte[] line = ("x".repeat(99_999) + "\n").getBytes(US_ASCII);
      for (int i = 0; i < MEGABYTES * 10; i++) {
        in.writeToCopy(line, 0, line.length);
      }
      assertThat(in.endCopy()).isEqualTo(MEGABYTES * 10);
      try (ResultSet rows =
          statement.executeQuery(
              "SELECT count(*), count(DISTINCT line), min(length(line)) FROM lines")) {
        rows.next();
        assertThat(rows.getInt(1)).isEqualTo(MEGABYTES * 10);
        assertThat(rows.getInt(2)).isEqualTo(1);
        assertThat(rows.getInt(3)).isEqualTo(99_999);
      }
    }
    postgres.dropDatabase(database);
  }
}
