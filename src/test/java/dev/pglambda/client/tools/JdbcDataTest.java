package dev.pglambda.client.tools;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.StringJoiner;
import java.util.UUID;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;

/** Values of every size and format pass as they are. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#ofNewestVersion")
class JdbcDataTest {
  private static final int COPY_BYTES = 10 << 20;
  private static final int LARGE_BYTES = 50 << 20;

  private final LambdaDatabase database;
  private final Connection connection;

  JdbcDataTest(LambdaDatabase database) throws SQLException {
    this.database = database;
    connection = database.connect();
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
  }

  /** Ten megabytes of lines with a number and text. */
  private static final class Lines extends InputStream {
    private int left = COPY_BYTES;
    private int number;
    private byte[] line = {};
    private int position;

    @Override
    public int read() {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) {
      if (position == line.length) {
        if (left <= 0) {
          return -1;
        }
        line =
            (number++ + "\ttext \u00e4\uD83D\uDE00 " + "x".repeat(number % 300) + "\n")
                .getBytes(UTF_8);
        left -= line.length;
        position = 0;
      }
      int count = Math.min(length, line.length - position);
      System.arraycopy(line, position, bytes, offset, count);
      position += count;
      return count;
    }
  }

  @Test
  void copiesTenMegabytesInAndOut() throws SQLException, IOException {
    CopyManager copies = connection.unwrap(PGConnection.class).getCopyAPI();
    Queries.execute(connection, "CREATE TEMPORARY TABLE copied (n int, t text)");
    CheckedInputStream in = new CheckedInputStream(new Lines(), new CRC32());
    CheckedOutputStream out = new CheckedOutputStream(OutputStream.nullOutputStream(), new CRC32());

    long rowsIn = copies.copyIn("COPY copied FROM STDIN", in);
    long rowsOut = copies.copyOut("COPY (SELECT * FROM copied ORDER BY n) TO STDOUT", out);

    assertThat(rowsIn).isGreaterThan(10_000).isEqualTo(rowsOut);
    assertThat(out.getChecksum().getValue()).isEqualTo(in.getChecksum().getValue());
    assertThat(Queries.row(connection, "SELECT 1")).isEqualTo("1");
  }

  @Test
  void endsACopyThatFailsOrIsGivenUp() throws SQLException {
    CopyManager copies = connection.unwrap(PGConnection.class).getCopyAPI();
    Queries.execute(connection, "CREATE TEMPORARY TABLE copied (n int)");

    CopyIn givenUp = copies.copyIn("COPY copied FROM STDIN");
    givenUp.writeToCopy("1\n".getBytes(UTF_8), 0, 2);
    givenUp.cancelCopy();
    assertThat(Queries.error(connection, "COPY copied FROM PROGRAM 'exit 1'").getMessage())
        .startsWith("program \"exit 1\" failed");

    assertThat(Queries.row(connection, "SELECT count(*) FROM copied")).isEqualTo("0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"preferQueryMode=simple", "prepareThreshold=-1"})
  void carriesAValueOfFiftyMegabytes(String mode) throws SQLException {
    byte[] large = new byte[LARGE_BYTES];
    Arrays.fill(large, (byte) 'x');
    try (Connection in = database.connect(mode);
        PreparedStatement statement =
            in.prepareStatement("SELECT ?::text AS value, length(?::text)")) {
      String text = new String(large, UTF_8);
      statement.setString(1, text);
      statement.setString(2, "short");
      try (ResultSet row = statement.executeQuery()) {
        assertThat(row.next()).isTrue();
        assertThat(Arrays.equals(row.getBytes(1), large)).isTrue();
        assertThat(row.getInt(2)).isEqualTo(5);
      }
    }
  }

  @Test
  void carriesAMillionSmallRows() throws SQLException {
    connection.setAutoCommit(false);
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT generate_series(1, 1000000)")) {
      statement.setFetchSize(200_000);
      long sum = 0;
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          sum += rows.getInt(1);
        }
      }
      assertThat(sum).isEqualTo(500_000_500_000L);
    }
    connection.commit();
  }

  @ParameterizedTest
  @ValueSource(strings = {"prepareThreshold=-1", "binaryTransfer=false", "preferQueryMode=simple"})
  void carriesTextAndBinaryFormats(String mode) throws SQLException {
    byte[] bytes = new byte[4096];
    new Random(1).nextBytes(bytes);
    List<Object> values =
        List.of(42, -1L << 40, 1.5, true, LocalDate.of(2000, 2, 29), UUID.nameUUIDFromBytes(bytes));
    String sql =
        "SELECT ?::bytea, ?::int4, ?::int8, ?::float8, ?::bool, ?::date, ?::uuid, ARRAY[1, 2]";

    String row = read(database.connect(mode), sql, bytes, values);

    assertThat(row).isEqualTo(read(database.connectDirectly(mode), sql, bytes, values));
    assertThat(row).startsWith(HexFormat.of().formatHex(bytes) + "|42|-1099511627776|1.5|t|2000");
  }

  private static String read(Connection open, String sql, byte[] bytes, List<Object> values)
      throws SQLException {
    try (Connection connection = open;
        PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setBytes(1, bytes);
      for (int i = 0; i < values.size(); i++) {
        statement.setObject(i + 2, values.get(i));
      }
      try (ResultSet row = statement.executeQuery()) {
        assertThat(row.next()).isTrue();
        StringJoiner text = new StringJoiner("|");
        text.add(HexFormat.of().formatHex(row.getBytes(1)));
        for (int i = 2; i <= row.getMetaData().getColumnCount(); i++) {
          text.add(row.getString(i));
        }
        return text.toString();
      }
    }
  }
}
