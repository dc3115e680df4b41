package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.protocol.FrontendMessage.Flush;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Sync;
import dev.pglambda.protocol.Message;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is no request, and what is no message. */
class RefusedRequestTest extends RequestStage {
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

    assertRefused(
        worker.proven(rest), "08P01", "H=Run ALTER EXTENSION aws_lambda UPDATE through the proxy.");
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

    assertRefused("x".repeat(LIMIT), "54000", "request too long (expected: at most 1048576 bytes)");
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
    for (byte[] bytes :
        List.of(
            Worker.message((byte) '?', new byte[0]),
            Worker.message(FrontendMessage.QUERY, new byte[0]),
            Worker.message(FrontendMessage.QUERY, "hello".getBytes(UTF_8)),
            Worker.message(FrontendMessage.QUERY, "he\0llo\0".getBytes(UTF_8)),
            new byte[] {FrontendMessage.QUERY, 0, 0, 0, 0},
            new byte[] {FrontendMessage.QUERY, 0x7f, -1, -1, -1},
            new byte[] {FrontendMessage.QUERY, -1, -1, -1, -1})) {
      Worker other = Worker.connected(server);

      other.send(bytes);

      assertThat(other.received()).singleElement().matches(Worker.isFatal("08P01"));
      assertThat(other.channel.isOpen()).isFalse();
      other.close();
    }
  }
}
