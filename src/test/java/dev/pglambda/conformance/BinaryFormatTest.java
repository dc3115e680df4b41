package dev.pglambda.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Column;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.BackendMessage.ParameterDescription;
import dev.pglambda.protocol.BackendMessage.RowDescription;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against PostgreSQL itself, which sends each value in both formats. */
class BinaryFormatTest {
  private static PostgresServer server;
  private static String database;

  private WireClient client;
  private BinaryFormat binary;

  @BeforeAll
  static void createDatabase() throws SQLException {
    server = PostgresServer.of("17");
    database = server.createDatabase();
  }

  @AfterAll
  static void dropDatabase() throws SQLException {
    server.execute("DROP DATABASE " + database);
  }

  @BeforeEach
  void connect() throws IOException {
    Target target = new Target(server.host(), server.port(), server.user(), database, 17);
    client = WireClient.connect(target.host(), target.port(), target.user(), database, null);
    binary = new BinaryFormat(new ServerTypes(target));
  }

  @AfterEach
  void close() throws IOException {
    client.query("DROP TYPE IF EXISTS pair").readUntilReady();
    client.terminate().flushOut();
    client.readEnd();
    client.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "true",
        "false",
        "(-32768)::int2",
        "2147483647",
        "(-9223372036854775808)::int8",
        "4294967295::oid",
        "0.00",
        "1.10",
        "(-0.000123)",
        "123456789012345678901234567890.5",
        "1e20::numeric",
        "10000",
        "10000.0001",
        "'u'::\"char\"",
        "'é'::text",
        "''::varchar",
        "'ab'::char(4)",
        "current_database()",
        "'{\"a\":  1}'::json",
        "'{\"a\":  1}'::jsonb",
        "'\\x00ff'::bytea",
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid",
        "ROW(1, NULL, 'a b', '', ROW(true, '{\"a\": 1}'::jsonb))",
        "ROW()",
        "ARRAY['a', NULL, 'null', 'b \"c\"', '{}']",
        "ARRAY[1, 2]",
        "'{}'::json[]",
        "ARRAY[ROW(1, 'a,b')]",
        "ROW('1'::information_schema.cardinal_number)"
      })
  void readsAsTextWhatPostgresPrints(String expression) throws IOException {
    String sql = "SELECT " + expression;
    String printed = message(client.query(sql).readUntilReady(), DataRow.class).text(0);
    List<BackendMessage> answer = query(sql);
    Column column = message(answer, RowDescription.class).columns().get(0);
    ByteBuffer value = message(answer, DataRow.class).values().get(0);

    assertThat(column.format()).isEqualTo(1);
    assertThat(value).isNotNull();
    assertThat(binary.decode(column.typeOid(), value)).isEqualTo(printed);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "bool | t | true",
        "int2 | -7 | -7",
        "int4 | 42 | 42",
        "int8 | -1 | -1",
        "uuid | a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 | a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "varchar | é | é",
        "json | {\"a\":  1} | {\"a\":  1}",
        "jsonb | {\"a\":  1} | {\"a\": 1}",
        "text[] | {a,NULL,\"b c\"} | {a,NULL,\"b c\"}",
        "text[] | {} | {}",
        "int4[] | {1,2} | {1,2}",
        "pair | (1,) | (1,)",
        "pair[] | {\"(1,\\\"a b\\\")\"} | {\"(1,\\\"a b\\\")\"}"
      })
  void writesWhatPostgresReads(String type, String text, String printed) throws IOException {
    client.query("CREATE TYPE pair AS (a int, b text)").readUntilReady();
    byte[] value = binary.encode(parameterType(type), text);

    assertThat(value).isNotNull();
    DataRow row = row(client.bindBinary("", "", List.of(1), List.of(value)).execute("", 0));
    assertThat(row.text(0)).isEqualTo(printed);
  }

  /** Leaves a statement that returns its parameter as text. */
  private int parameterType(String type) throws IOException {
    client.parse("", "SELECT ($1::" + type + ")::text").describeStatement("").sync();
    return message(client.readUntilReady(), ParameterDescription.class).typeOids().get(0);
  }

  @Test
  void leavesToTextWhatItDoesNotKnow() throws IOException {
    assertThat(binary.encode(parameterType("timestamptz"), "now")).isNull();
    assertThat(binary.encode(parameterType("interval[]"), "{1h}")).isNull();
    assertThat(binary.encode(parameterType("int4"), "x")).isNull();
    assertThat(binary.encode(parameterType("uuid"), "x")).isNull();
  }

  @Test
  void saysWhichTypeItCannotRead() throws IOException {
    List<BackendMessage> answer = query("SELECT now()");
    Column column = message(answer, RowDescription.class).columns().get(0);
    ByteBuffer value = message(answer, DataRow.class).values().get(0);

    assertThat(value).isNotNull();
    assertThat(binary.decode(column.typeOid(), value))
        .isEqualTo("(the runner cannot read a binary timestamptz: cast it, or say results: text)");
  }

  private List<BackendMessage> query(String sql) throws IOException {
    return client
        .parse("", sql)
        .bindBinary("", "", List.of(), List.of())
        .describePortal("")
        .execute("", 0)
        .sync()
        .readUntilReady();
  }

  private static DataRow row(WireClient sent) throws IOException {
    return message(sent.sync().readUntilReady(), DataRow.class);
  }

  private static <T> T message(List<BackendMessage> messages, Class<T> type) {
    return messages.stream()
        .filter(type::isInstance)
        .map(type::cast)
        .findFirst()
        .orElseThrow(() -> new AssertionError(messages.toString()));
  }
}
