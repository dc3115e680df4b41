package dev.pglambda.client.invoke;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.ReceivedRequest;
import dev.pglambda.testing.Reply;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.util.ServerErrorMessage;

/**
 * Calls in databases of other encodings than UTF8 (manual, "Supported Character Sets"): Lambda gets
 * and sends UTF-8, whatever the database keeps. A case file has no database of its own to choose.
 */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#ofEachVersion")
class DatabaseEncodingTest {
  private final LambdaDatabase database;
  private final FakeLambdaEndpoint lambda;

  DatabaseEncodingTest(LambdaDatabase database) {
    this.database = database;
    lambda = database.lambda();
    lambda.on("echo", Reply.echo());
  }

  @ParameterizedTest
  @CsvSource({
    "LATIN1, \u00e4\u00f6\u00fc \u00a3",
    "LATIN9, \u0153uvre \u20ac",
    "WIN1251, \u0442\u0430\u0431\u043b\u0438\u0446\u0430",
    "EUC_JP, \u8868\u793a \u30ab\u30bf\u30ab\u30ca",
    "EUC_KR, \ud55c\uad6d\uc5b4",
    "SQL_ASCII, \u00e4 \u20ac \u8868 \uD83D\uDE00"
  })
  void keepTextAsItIs(String encoding, String text) throws SQLException {
    try (Connection connection = create(encoding, "kept")) {
      String json = "{ \"%1$s\" : \"\\u20ac%1$s\", \"n\":1.10, \"n\":2 }".formatted(text);
      String invoke = "SELECT payload FROM aws_lambda.invoke('echo', ?::json)";
      assertThat(Queries.row(connection, invoke, json)).isEqualTo(json);
      assertThat(lastRequest()).isEqualTo(json);

      String jsonb = "SELECT payload ->> 'a' FROM aws_lambda.invoke('echo', ?::jsonb)";
      assertThat(Queries.row(connection, jsonb, "{\"a\":\"%s\"}".formatted(text))).isEqualTo(text);
      assertThat(lastRequest()).isEqualTo("{\"a\": \"%s\"}".formatted(text));

      lambda.on("failing", Reply.functionError("{\"errorMessage\": \"%s\"}".formatted(text)));
      ServerErrorMessage error =
          Queries.error(connection, "SELECT aws_lambda.invoke('failing', '1'::json)");
      assertThat(error.getDetail())
          .isEqualTo(
              "\"failing\" returned error \"Unhandled\", details: \"{\"errorMessage\": \"%s\"}\"."
                  .formatted(text));
      assertThat(error.getWhere()).isEqualTo("SQL function \"invoke\" statement 1");
    }
  }

  @ParameterizedTest
  @CsvSource({"LATIN1, \u20ac, e2 0x82 0xac", "EUC_JP, \uD83D\uDE00, f0 0x9f 0x98 0x80"})
  void refuseRepliesThatDoNotFit(String encoding, String character, String bytes)
      throws SQLException {
    int before = lambda.requests("foreign").size();
    lambda.on("foreign", Reply.json("\"%s\"".formatted(character)));
    try (Connection connection = create(encoding, "refused")) {
      ServerErrorMessage error =
          Queries.error(connection, "SELECT aws_lambda.invoke('foreign', '1'::json)");

      assertThat(error.getSQLState()).isEqualTo("22P05");
      assertThat(error.getMessage())
          .isEqualTo(
              "character with byte sequence 0x%s in encoding \"UTF8\" has no equivalent in encoding \"%s\""
                  .formatted(bytes, encoding));
      assertThat(error.getWhere()).isEqualTo("SQL function \"invoke\" statement 1");
      assertThat(lambda.requests("foreign")).hasSize(before + 1);
      assertThat(
              Queries.row(connection, "SELECT payload FROM aws_lambda.invoke('echo', '2'::json)"))
          .isEqualTo("2");
    }
  }

  /** A new database with the extension. */
  private Connection create(String encoding, String suffix) throws SQLException {
    String name = "%s_%s_%s".formatted(database.name(), encoding.toLowerCase(Locale.ROOT), suffix);
    database
        .postgres()
        .execute(
            "CREATE DATABASE %s ENCODING '%s' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
                .formatted(name, encoding));
    Connection connection = database.proxy().connect(name);
    Queries.execute(connection, "CREATE EXTENSION aws_lambda CASCADE");
    return connection;
  }

  private String lastRequest() {
    List<ReceivedRequest> requests = lambda.requests("echo");
    return requests.get(requests.size() - 1).text();
  }
}
