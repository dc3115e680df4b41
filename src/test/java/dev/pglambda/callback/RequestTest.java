package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeAnswer;
import dev.pglambda.lambda.InvokeArguments;
import dev.pglambda.lambda.InvokeArguments.Form;
import dev.pglambda.protocol.BackendMessage.Column;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.ParameterStatus;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.BackendMessage.RowDescription;
import dev.pglambda.protocol.SqlError;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that are served, and their answers. */
class RequestTest extends RequestStage {
  @Test
  void answersHelloWithAFreshNonce() {
    List<String> first = worker.hello();
    List<String> second = worker.hello();

    assertThat(first.get(0)).isEqualTo("hello");
    assertThat(first.get(2)).matches("[0-9a-f]{32}");
    assertThat(second.get(2)).isNotEqualTo(first.get(2));
    assertThat(first.subList(3, 8)).containsOnlyNulls();
  }

  @Test
  void describesARowOfEightTextColumns() {
    worker.send(Worker.query("hello"));

    assertThat(worker.received().get(0))
        .isEqualTo(
            new RowDescription(
                Stream.of(
                        "outcome",
                        "status_code",
                        "payload",
                        "executed_version",
                        "log_result",
                        "message",
                        "detail",
                        "hint")
                    .map(Column::text)
                    .toList()));
  }

  @Test
  void makesACallOfTheFieldsAndAnswersItsRow() {
    worker.hello();

    worker.send(
        Worker.query(
            worker.signed(
                "invoke/1",
                Fields.of(
                    "token",
                    "composite",
                    "f",
                    "eu-west-1",
                    "{\"é\": \"7:x-\"}",
                    "us-east-1",
                    "Event",
                    "Tail",
                    "{}",
                    "live",
                    "1000",
                    "3000"))));
    function
        .last()
        .complete(
            new InvokeAnswer.Row(
                new InvocationResult(200, utf8("{\"a\": \"ü\"}"), "7", "bG9n", null), null));

    assertThat(function.arguments)
        .containsExactly(
            new InvokeArguments(
                Form.COMPOSITE,
                "f",
                "eu-west-1",
                utf8("{\"é\": \"7:x-\"}"),
                "us-east-1",
                "Event",
                "Tail",
                "{}",
                "live",
                "1000",
                "3000"));
    assertThat(worker.row())
        .containsExactly("ok", "200", "{\"a\": \"ü\"}", "7", "bG9n", null, null, null);
  }

  @Test
  void takesNullForEveryArgument() {
    worker.hello();

    worker.send(
        Worker.query(
            worker.signed(
                "invoke/1",
                Fields.of(
                    null,
                    "composite_text",
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null))));
    function
        .last()
        .complete(new InvokeAnswer.Row(new InvocationResult(202, null, null, null, null), null));

    assertThat(function.arguments)
        .containsExactly(
            new InvokeArguments(
                Form.COMPOSITE_TEXT, null, null, null, null, null, null, null, null, null, null));
    assertThat(worker.row()).containsExactly("ok", "202", null, null, null, null, null, null);
  }

  @Test
  void takesFieldsInHexadecimalDigits() {
    worker.hello();

    worker.send(
        Worker.query(
            worker.signed(
                "invoke/1",
                Fields.hexadecimal(
                    null,
                    "name",
                    "fé",
                    null,
                    "{\"é\":1}",
                    "",
                    null,
                    null,
                    null,
                    null,
                    null,
                    null))));

    assertThat(function.arguments)
        .containsExactly(
            new InvokeArguments(
                Form.NAME, "fé", null, utf8("{\"é\":1}"), "", null, null, null, null, null, null));
    function.last().complete(FakeFunction.row("1"));
    assertThat(worker.row().get(0)).isEqualTo("ok");
  }

  @Test
  void answersAFailedCallWithItsSqlstate() {
    worker.hello();

    worker.invoke();
    function.last().complete(new InvokeAnswer.Failure(new SqlError("38000", "m", "d", null)));

    assertThat(worker.row()).containsExactly("38000", null, null, null, null, "m", "d", null);
  }

  @Test
  void answersAWarningBesideTheRow() {
    worker.hello();

    worker.invoke();
    function
        .last()
        .complete(
            new InvokeAnswer.Row(
                new InvocationResult(204, null, null, null, null),
                new SqlError("01000", "m", "d", "h\0")));

    assertThat(worker.row()).containsExactly("ok", "204", null, null, null, "m", "d", "h\ufffd");
  }

  @Test
  void answersABugOfTheFunctionWithAnErrorAndGoesOn() {
    worker.hello();

    worker.invoke();
    function.last().completeExceptionally(new IllegalStateException("expected by this test"));

    assertThat(worker.row().get(0)).isEqualTo("XX000");
    assertThat(worker.hello().get(0)).isEqualTo("hello");
  }

  @Test
  void leavesTheReplysBufferAsItWas() {
    worker.hello();
    ByteBuffer payload = utf8("xx{\"a\":1}xx");
    payload.position(2).limit(9);

    worker.invoke();
    function.last().complete(FakeFunction.row(payload));

    assertThat(worker.row().get(2)).isEqualTo("{\"a\":1}");
    assertThat(payload.position()).isEqualTo(2);
    assertThat(payload.limit()).isEqualTo(9);
  }

  @Test
  void passesALargePayloadBothWays() {
    worker.hello();
    String large = "é".repeat(LIMIT / 3);

    worker.send(Worker.query(worker.signed("invoke/1", Fields.call("f", large))));
    ByteBuffer payload = function.arguments.get(0).payload();
    assertThat(payload).isEqualTo(utf8(large));
    function.last().complete(FakeFunction.row(payload));

    assertThat(worker.row().get(2)).isEqualTo(large);
  }

  // ---- encodings

  @ParameterizedTest
  @ValueSource(strings = {"set client_encoding to 'LATIN1'", "SET Client_Encoding TO 'LATIN1' ;"})
  void answersInHexadecimalDigitsWhereTheServerMustConvert(String command) {
    worker.send(Worker.query(command));
    assertThat(worker.received())
        .containsExactly(
            new ParameterStatus("client_encoding", "LATIN1"),
            new CommandComplete("SET"),
            new ReadyForQuery('I'));

    String nonce = worker.ask("hello").get(2);
    assertThat(nonce).matches("\\\\x([0-9a-f]{2}){32}");
    String rest = "invoke/1 1 " + Fields.call("f", "{}");
    String plainNonce = new String(HexFormat.of().parseHex(nonce, 2, 66), UTF_8);
    worker.send(Worker.query(WorkerProof.of(Worker.KEYS, plainNonce, rest) + " " + rest));
    function
        .last()
        .complete(
            new InvokeAnswer.Row(
                new InvocationResult(200, utf8("é"), "$LATEST", "bG9n", null),
                new SqlError("01000", "ü", "d", null)));

    assertThat(worker.row())
        .containsExactly("ok", "200", "\\xc3a9", "$LATEST", "bG9n", "\\xc3bc", "\\x64", null);
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF8", "utf-8", "unicode", "SQL_ASCII", "sql_ascii"})
  void answersTextAsItIsWhereTheServerTakesUtf8(String encoding) {
    worker.send(Worker.query("set client_encoding to 'LATIN1'"));
    worker.send(Worker.query("set client_encoding to '" + encoding + "'"));
    worker.received();

    assertThat(worker.hello().get(2)).matches("[0-9a-f]{32}");
  }

  @Test
  void refusesAnEncodingThatIsNone() {
    assertRefused("set client_encoding to ''", "22023", "client_encoding");
  }
}
