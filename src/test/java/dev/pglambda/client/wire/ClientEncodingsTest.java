package dev.pglambda.client.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.ReceivedRequest;
import dev.pglambda.testing.Reply;
import dev.pglambda.testing.WireClient;
import java.nio.charset.Charset;
import java.sql.Connection;
import java.util.List;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Clients whose encoding has characters with a byte in them that by itself is an ASCII character.
 * (PostgreSQL itself takes none of JOHAB's that have.)
 */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#ofOldestAndNewestVersion")
class ClientEncodingsTest {
  private final LambdaDatabase database;

  ClientEncodingsTest(LambdaDatabase database) {
    this.database = database;
  }

  @ParameterizedTest
  @CsvSource({
    "SJIS, Shift_JIS, \uff71\u30bc\u30bd\u8868",
    "SHIFT_JIS_2004, x-SJIS_0213, \uff71\u30bc\u30bd\u8868",
    "BIG5, Big5, \u529f\u8a31\u84cb",
    "GBK, GBK, \u4e02\u8a98\u904b",
    "UHC, x-windows-949, \uac02\uac03\ub620",
    "GB18030, GB18030, \u0080\u00e4\ud83d\ude00\u4e02\u8a98\u904b",
    "JOHAB, US-ASCII, a",
    "EUC_JP, EUC-JP, \u8868\u30bd\uff71"
  })
  void installCompleteAndCount(String encoding, String charset, String text) throws Exception {
    database.lambda().on("echo", Reply.echo());
    try (Connection connection = database.connectDirectly()) {
      Queries.execute(
          connection,
          "DROP EXTENSION IF EXISTS aws_lambda",
          "DROP SCHEMA IF EXISTS \"%s\"".formatted(text));
    }
    try (WireClient client =
        WireClient.connect(
            database.proxy().host(),
            database.proxy().port(),
            database.postgres().user(),
            database.name(),
            null)) {
      client.query("SET client_encoding = " + encoding + "; SET escape_string_warning = off");
      assertThat(client.readUntilReady()).noneMatch(ErrorResponse.class::isInstance);
      String install =
          "SELECT E'%1$s' AS \"%1$s\", /* %1$s */ 1 AS a%1$s;".formatted(text)
              + " CREATE SCHEMA \"%1$s\"; CREATE EXTENSION aws_lambda SCHEMA \"%1$s\"; SELECT '%1$s'"
                  .formatted(text);
      List<BackendMessage> answer = send(client, install, charset);
      assertThat(answer).noneMatch(ErrorResponse.class::isInstance);
      assertThat(answer.stream().filter(CommandComplete.class::isInstance))
          .containsExactly(
              new CommandComplete("SELECT 1"),
              new CommandComplete("CREATE SCHEMA"),
              new CommandComplete("CREATE EXTENSION"),
              new CommandComplete("SELECT 1"));
      assertThat(value(answer)).isEqualTo(bytes(text, charset));

      String call =
          "SELECT payload AS \"%1$s\" FROM aws_lambda.invoke('echo', ('\"%1$s\"')::json,"
              + " 'RequestResponse', 'None', NULL, 'v')";
      answer = send(client, call.formatted(text), charset);
      assertThat(value(answer)).isEqualTo("\"" + bytes(text, charset) + "\"");
      List<ReceivedRequest> requests = database.lambda().requests("echo");
      assertThat(UTF_8.decode(requests.get(requests.size() - 1).body().duplicate()).toString())
          .isEqualTo("\"" + text + "\"");

      checkPosition(
          client,
          charset,
          "SELECT '%s' FROM aws_lambda.invoke('echo', '1'::json, 'Event', 'None', NULL, 'v') WHERE nowhere"
              .formatted(text.repeat(200)));
      checkPosition(
          client,
          charset,
          "DROP EXTENSION aws_lambda CASCADE; SELECT '%s' || nowhere".formatted(text));
    }
  }

  private static void checkPosition(WireClient client, String charset, String wrong)
      throws Exception {
    assertThat(send(client, wrong, charset).stream().filter(ErrorResponse.class::isInstance))
        .singleElement()
        .satisfies(
            error ->
                assertThat(((ErrorResponse) error).fields().get(ErrorFields.POSITION))
                    .isEqualTo(Integer.toString(position(wrong, "nowhere"))));
  }

  private static int position(String text, String word) {
    return text.codePointCount(0, text.indexOf(word)) + 1;
  }

  private static List<BackendMessage> send(WireClient client, String sql, String charset)
      throws Exception {
    return client
        .raw(MessageWriter.bytes(Charset.forName(charset), new Query(sql)))
        .readUntilReady();
  }

  private static String bytes(String text, String charset) {
    return new String(text.getBytes(Charset.forName(charset)), ISO_8859_1);
  }

  /** The first value of the last row, one {@code char} per byte. */
  private static String value(List<BackendMessage> answer) {
    return answer.stream()
        .filter(DataRow.class::isInstance)
        .map(row -> ISO_8859_1.decode(((DataRow) row).values().get(0).duplicate()).toString())
        .reduce("", (first, last) -> last);
  }
}
