package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeAnswer;
import dev.pglambda.lambda.InvokeArguments;
import dev.pglambda.lambda.InvokeArguments.Form;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Column;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.ParameterStatus;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.BackendMessage.RowDescription;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.protocol.FrontendMessage.Flush;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Sync;
import dev.pglambda.protocol.Message;
import dev.pglambda.protocol.SqlError;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestTest {
  private static final int LIMIT = 1 << 20;

  private final FakeFunction function = new FakeFunction();
  private final CallbackServer server =
      new CallbackServer(
          Worker.SECRET,
          function,
          session -> null,
          new CallbackLimits(
              Duration.ofSeconds(10),
              Duration.ofMillis(100),
              Duration.ofMillis(300),
              LIMIT,
              100,
              4,
              Duration.ofMinutes(10),
              MemoryBudget.unlimited()));
  private final Worker worker = Worker.connected(server);

  @AfterEach
  void nothingIsLeft() {
    worker.close();
  }

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

  @ParameterizedTest
  @ValueSource(strings = {"7b00", "ff", "c0af", "eda080", "f4908080", "e282"})
  void refusesAReplyThatIsNoTextForPostgresql(String octets) {
    worker.hello();

    worker.invoke();
    function.last().complete(FakeFunction.row(ByteBuffer.wrap(HexFormat.of().parseHex(octets))));

    assertThat(worker.row().subList(0, 3)).containsExactly("22021", null, null);
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

  // ---- proof, nonce, sequence

  @Test
  void refusesARequestBeforeHello() {
    assertThat(worker.ask(worker.signed("invoke/1", Fields.call("f", "{}"))))
        .containsExactly("stale", null, null, null, null, null, null, null);
    assertThat(function.arguments).isEmpty();
  }

  @Test
  void refusesAReplayedRequest() {
    worker.hello();
    String request = worker.signed("invoke/1", Fields.call("f", "{}"));
    worker.send(Worker.query(request));
    function.last().complete(FakeFunction.row("1"));
    assertThat(worker.row().get(0)).isEqualTo("ok");

    assertThat(worker.ask(request).get(0)).isEqualTo("stale");
    assertThat(function.arguments).hasSize(1);
  }

  @Test
  void refusesALowerSequenceUntilAnotherHello() {
    worker.hello();
    worker.sendWait();
    worker.received();

    assertThat(worker.ask(worker.proven("wait/1 5")).get(0)).isEqualTo("stale");
    worker.hello();
    assertThat(worker.ask(worker.proven("wait/1 5")).get(0)).isEqualTo("08006");
  }

  @Test
  void refusesTheNonceOfAnotherLink() {
    Worker other = Worker.connected(server);
    other.hello();
    worker.hello();

    assertThat(worker.ask(other.signed("invoke/1", Fields.call("f", "{}"))).get(0))
        .isEqualTo("stale");
    other.close();
    assertThat(function.arguments).isEmpty();
  }

  @Test
  void refusesTheNonceBeforeTheLastHello() {
    worker.hello();
    String request = worker.signed("invoke/1", Fields.call("f", "{}"));
    worker.hello();

    assertThat(worker.ask(request).get(0)).isEqualTo("stale");
    assertThat(function.arguments).isEmpty();
  }

  @Test
  void refusesAProofOfAnotherInstallationOrOfAnotherText() {
    worker.hello();
    InstallationKeys other = Worker.SECRET.keys(Worker.SECRET.newInstallation());
    String rest = "invoke/1 99999999 " + Fields.call("f", "{}");
    String proven = worker.proven(rest);

    assertThat(worker.ask(WorkerProof.of(other, worker.nonce(), rest) + " " + rest).get(0))
        .isEqualTo("stale");
    assertThat(worker.ask(proven.replace("1:f", "1:g")).get(0)).isEqualTo("stale");
    assertThat(worker.ask(proven + " ").get(0)).isEqualTo("stale");
    assertThat(function.arguments).isEmpty();
  }

  @Test
  void forgivesAStaleRequestAndServesTheNext() {
    worker.hello();
    assertThat(worker.ask("0".repeat(64) + " wait/1 99999999").get(0)).isEqualTo("stale");

    worker.invoke();
    function.last().complete(FakeFunction.row("1"));

    assertThat(worker.row().get(0)).isEqualTo("ok");
  }

  // ---- what is no request

  @ParameterizedTest
  @ValueSource(strings = {"", "select 1", "HELLO", "hello ", "0123 invoke/1 1 -"})
  void refusesATextThatIsNoRequestAndGoesOn(String text) {
    assertRefused(text, "08P01", "not a request of the extension aws_lambda");
  }

  @Test
  void refusesSixtyFourCharactersThatAreNoDigits() {
    assertRefused("A".repeat(64) + " wait/1 1", "08P01", "not a request");
    assertRefused("g".repeat(64) + " wait/1 1", "08P01", "not a request");
  }

  @ParameterizedTest
  @ValueSource(strings = {"invoke/2 1 -", "invoke/10 1 -", "invoke 1", "wait/2 1", "wait/1x 1", ""})
  void saysHowToUpdateAnExtensionThatAsksInAnotherVersion(String rest) {
    worker.hello();

    assertRefused(worker.proven(rest), "08P01", "unknown request: " + rest.split(" ", -1)[0]);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "invoke/1",
        "invoke/1 ",
        "invoke/1 x",
        "invoke/1 -1 ",
        "invoke/1 99999999999999999999 -",
        "invoke/1 9223372036854775808 -",
        "invoke/1 1",
        "invoke/1 1 ",
        "invoke/1 1  -",
        "invoke/1 1 -4:name",
        "invoke/1 1 ----------------",
        "invoke/1 1 -5:other----------",
        "invoke/1 1 -4:name-----------",
        "invoke/1 1 -4:name---------- ",
        "invoke/1 1 -4:name---------1:",
        "invoke/1 1 -4:name---------2:x",
        "invoke/1 1 -4:name---------2147483648:x",
        "invoke/1 1 -4:name---------:x",
        "invoke/1 1 -4:name---------1x",
        "invoke/1 1 -4:name---------x1:6",
        "invoke/1 1 -4:name---------x2:6g",
        "invoke/1 1 -4:name---------x2:6",
        "invoke/1 1 -4:name---------x:6",
        "wait/1",
        "wait/1 x",
        "wait/1 1 ",
        "wait/1 1 -",
        "a name that is longer than any request's",
      })
  void refusesAMalformedRequestWithoutACallAndGoesOn(String rest) {
    worker.hello();
    worker.send(Worker.query(worker.proven(rest)));

    List<BackendMessage> messages = worker.received();

    assertThat(messages)
        .extracting(Message::name)
        .containsExactly("ErrorResponse", "ReadyForQuery");
    assertThat(messages.get(0))
        .asString()
        .startsWith("ErrorResponse[fields={S=ERROR, V=ERROR, C=08P01, M=")
        .contains("H=Run ALTER EXTENSION aws_lambda UPDATE through the proxy.");
    assertThat(function.arguments).isEmpty();
    assertThat(worker.hello().get(0)).isEqualTo("hello");
  }

  @Test
  void refusesAnArgumentThatIsNotUtf8ByItsName() {
    worker.hello();
    String rest =
        "invoke/1 9999999 " + Fields.hexadecimal((String) null) + "4:name" + "x2:ff" + "---------";

    assertRefused(worker.proven(rest), "22021", "encoding \"UTF8\" in function_name");
  }

  @Test
  void readsAndRefusesARequestThatIsTooLong() {
    worker.hello();

    assertRefused(
        "x".repeat(LIMIT), "54000", "request too long (expected: at most 1048576 octets)");
  }

  @Test
  void answersExtendedQueriesWithOneErrorUntilSync() {
    worker.send(
        Worker.concat(
            Worker.message(new Parse("", "hello", List.of())),
            Worker.message(Bind.EMPTY),
            Worker.message(new Flush()),
            Worker.query("hello"),
            Worker.message(new Sync()),
            Worker.query("hello")));

    List<BackendMessage> messages = worker.received();
    assertThat(messages)
        .extracting(Message::name)
        .containsExactly(
            "ErrorResponse",
            "ReadyForQuery",
            "RowDescription",
            "DataRow",
            "CommandComplete",
            "ReadyForQuery");
    assertThat(messages.get(0)).asString().contains("C=0A000");
  }

  @Test
  void answersAFunctionCallWithAnError() {
    worker.send(Worker.message(FrontendMessage.FUNCTION_CALL, new byte[10]));

    assertThat(worker.received())
        .extracting(Message::name)
        .containsExactly("ErrorResponse", "ReadyForQuery");
  }

  @Test
  void endsALinkWhoseMessagesAreNone() {
    for (byte[] octets :
        List.of(
            Worker.message((byte) '?', new byte[0]),
            Worker.message(FrontendMessage.QUERY, new byte[0]),
            Worker.message(FrontendMessage.QUERY, "hello".getBytes(UTF_8)),
            Worker.message(FrontendMessage.QUERY, "he\0llo\0".getBytes(UTF_8)),
            new byte[] {FrontendMessage.QUERY, 0, 0, 0, 0},
            new byte[] {FrontendMessage.QUERY, 0x7f, -1, -1, -1},
            new byte[] {FrontendMessage.QUERY, -1, -1, -1, -1})) {
      Worker other = Worker.connected(server);

      other.send(octets);

      assertThat(other.received()).singleElement().matches(Worker.isFatal("08P01"));
      assertThat(other.channel.isOpen()).isFalse();
      other.close();
    }
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

  private void assertRefused(String text, String sqlState, String message) {
    worker.send(Worker.query(text));
    List<BackendMessage> messages = worker.received();
    assertThat(messages)
        .extracting(Message::name)
        .containsExactly("ErrorResponse", "ReadyForQuery");
    assertThat(messages.get(0))
        .asString()
        .startsWith("ErrorResponse[fields={S=ERROR, V=ERROR, C=" + sqlState + ", M=")
        .contains(message);
    assertThat(function.arguments).isEmpty();
    assertThat(worker.hello().get(0)).isEqualTo("hello");
  }

  private static ByteBuffer utf8(String text) {
    return ByteBuffer.wrap(text.getBytes(UTF_8));
  }
}
