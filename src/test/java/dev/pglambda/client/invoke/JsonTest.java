package dev.pglambda.client.invoke;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.ReceivedRequest;
import dev.pglambda.testing.Reply;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** JSON travels byte for byte, both ways. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#ofEachVersion")
class JsonTest {
  private final FakeLambdaEndpoint lambda;
  private final Connection connection;

  JsonTest(LambdaDatabase database) throws SQLException {
    lambda = database.lambda();
    connection = database.connect();
  }

  @BeforeEach
  void programEcho() {
    lambda.on("echo", Reply.echo());
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
  }

  static Stream<String> texts() {
    return Stream.of(
        "null",
        "true",
        "\"\"",
        "{}",
        "[]",
        " \t\n{ \"white\" :\t[ 1 ,\r\n2 ] } \n",
        "{\"b\": 1, \"a\": 2, \"aa\": 3}",
        "{\"twice\": 1, \"twice\": {\"twice\": 2}}",
        "[1.10, 1.0, 1e400, -0, 123456789012345678901234567890.0, 1E+2]",
        "\"\\u0041\\u00e4\\ud83d\\ude00\\/\\b\\f\\n\\r\\t\"",
        "\"\u00e4\u00f6\u00fc \u20ac \uD83D\uDE00 \u0645\u0631\u062D\u0628\u0627 \u200B\"",
        "{\"schl\u00fcssel\": \"it's \\\"quoted\\\" $$ $1 ? : ' \\\\ %s | 5:- \"}",
        "\"\\u0000\"",
        "[".repeat(500) + "]".repeat(500));
  }

  @ParameterizedTest
  @MethodSource("texts")
  void travelsAsItIs(String json) throws SQLException {
    assertThat(echo(json)).isEqualTo(json);
    assertThat(lastRequest().text()).isEqualTo(json);
  }

  @ParameterizedTest
  @MethodSource("texts")
  void travelsAsItIsInsideALiteral(String json) throws SQLException {
    String literal = "'" + json.replace("'", "''") + "'::json";

    List<String> rows =
        Queries.rows(
            connection, "SELECT payload FROM aws_lambda.invoke('echo', %s)".formatted(literal));

    assertThat(rows).containsExactly(json);
    assertThat(lastRequest().text()).isEqualTo(json);
  }

  @Test
  void travelsAsPostgresqlKeepsItIfItIsJsonb() throws SQLException {
    String jsonb = "{\"a\": 1.10, \"b\": [1, \"A\"]}";

    String row =
        Queries.row(
            connection,
            "SELECT payload, pg_typeof(payload) FROM aws_lambda.invoke('echo', ?::jsonb)",
            "{ \"b\":[1,\"\\u0041\"], \"a\": 2, \"a\":1.10 }");

    assertThat(row).isEqualTo(jsonb + "|jsonb");
    assertThat(lastRequest().text()).isEqualTo(jsonb);
  }

  @Test
  void travelsAsItIsIfItHasFiveMegabytes() throws SQLException {
    StringBuilder items = new StringBuilder("[0");
    for (int i = 1; items.length() < 5 << 20; i++) {
      items.append(", {\"number\": ").append(i).append(", \"text\": \"\u00e4\uD83D\uDE00\"}");
    }
    String json = items.append("]").toString();

    assertThat(echo(json).equals(json)).as("the reply is the payload").isTrue();
    assertThat(lastRequest().text().equals(json)).as("the request is the payload").isTrue();
  }

  private String echo(String json) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT payload FROM aws_lambda.invoke('echo', ?::json)")) {
      statement.setString(1, json);
      try (ResultSet row = statement.executeQuery()) {
        assertThat(row.next()).isTrue();
        return row.getString(1);
      }
    }
  }

  private ReceivedRequest lastRequest() {
    List<ReceivedRequest> requests = lambda.requests("echo");
    return requests.get(requests.size() - 1);
  }
}
