package dev.pglambda.journal;

import static dev.pglambda.journal.JournalStage.FAILED;
import static dev.pglambda.journal.JournalStage.accept;
import static dev.pglambda.journal.JournalStage.arguments;
import static dev.pglambda.journal.JournalStage.begin;
import static dev.pglambda.journal.JournalStage.bytes;
import static dev.pglambda.journal.JournalStage.fail;
import static dev.pglambda.journal.JournalStage.journal;
import static dev.pglambda.journal.JournalStage.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeAnswer;
import dev.pglambda.testing.LogCapture;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.event.KeyValuePair;

class CallLinesTest {
  private static final CallOrigin ORDERS =
      new CallOrigin(
          null,
          "orders",
          null,
          null,
          null,
          "INSERT INTO orders (item)\nVALUES ('a secret')",
          null,
          null);

  private final Journal journal = journal(1 << 20);
  private final LogCapture log = LogCapture.of("dev.pglambda.calls").at(Level.INFO);

  @AfterEach
  void close() {
    log.close();
  }

  private List<String> lines() {
    return log.lines().stream().map(line -> line.replaceAll("[\\d.]+ ms", "<time>")).toList();
  }

  @Test
  void tellOfACallsBeginAndOfItsEnd() {
    journal.listen(new CallLines(true, false));

    succeed(begin(journal, "my-function", bytes("x".repeat(1234)), ORDERS), "\"a secret\"");

    assertThat(lines())
        .containsExactly(
            "→ #1 my-function Event 1.2 kB  orders INSERT INTO orders ..",
            "← #1 my-function 202 <time>");
  }

  @Test
  void tellWhatBecameOfACallThatFailed() {
    journal.listen(new CallLines(false, false));

    journal
        .begins(arguments(null, null), ORDERS)
        .ends(null, new InvokeAnswer.Failure(JournalStage.error("a name is missing")));
    fail(begin(journal, "f", bytes("{}"), ORDERS), "no way");
    begin(journal, "f", bytes("{}"), CallOrigin.UNKNOWN.replaying(2)).isCancelled();
    InvocationResult error = new InvocationResult(200, bytes("{}"), null, null, "Unhandled");
    begin(journal, "f", bytes("{}"), CallOrigin.UNKNOWN)
        .ends(error, new InvokeAnswer.Failure(JournalStage.error("lambda invocation failed")));

    assertThat(lines())
        .containsExactly(
            "<- #1  39000 <time> a name is missing",
            "-> #2 f Event 2 B  orders INSERT INTO orders ..",
            "<- #2 f 39000 <time> no way",
            "~> #3 f Event 2 B  replay of #2",
            "<- #3 f cancelled <time>",
            "-> #4 f Event 2 B",
            "<- #4 f Unhandled <time> lambda invocation failed");
  }

  @Test
  void tellOfAnEventThatHasFailedLaterOnceMore() {
    journal.listen(new CallLines(true, false));

    accept(journal, "f").complete(FAILED);

    assertThat(lines())
        .containsExactly(
            "→ #1 f Event 2 B  INSERT INTO orders VALUES ..",
            "← #1 f 202 <time>",
            "← #1 f Unhandled <time> the Event has failed");
    assertThat(fields(log.events().get(2)))
        .containsEntry("outcome", "function_error")
        .containsEntry("message", "the Event has failed")
        .doesNotContainKey("sqlstate");
  }

  @Test
  void areColouredOnATerminal() {
    journal.listen(new CallLines(true, true));

    succeed(journal, "f", "{}");
    fail(journal, "f", "{}");

    assertThat(lines().get(0)).startsWith("\033[36m→\033[0m #1 f Event");
    assertThat(lines().get(1)).startsWith("\033[32m←\033[0m #1 f \033[32m202\033[0m <time>");
    assertThat(lines().get(3)).startsWith("\033[31m←\033[0m #2 f \033[31m39000\033[0m <time>");
  }

  @Test
  void haveFieldsForProgramsAndNoPayloads() {
    journal.listen(new CallLines(true, false));

    succeed(begin(journal, "f", bytes("{\"a\": \"secret\"}"), ORDERS), "\"a secret\"");

    List<ILoggingEvent> events = log.events();
    assertThat(fields(events.get(0)))
        .containsEntry("call", "1")
        .containsEntry("function", "f")
        .containsEntry("outcome", "pending")
        .containsEntry("type", "Event")
        .containsEntry("database", "orders")
        .containsEntry("statement", "INSERT INTO orders ..")
        .containsEntry("payload_bytes", "15");
    assertThat(fields(events.get(1)))
        .containsEntry("result", "202")
        .containsEntry("outcome", "ok")
        .containsEntry("response_bytes", "10")
        .containsKey("duration_ms");
    assertThat(events)
        .noneMatch(event -> (event.getFormattedMessage() + fields(event)).contains("secret"));
  }

  private static Map<String, String> fields(ILoggingEvent event) {
    return event.getKeyValuePairs().stream()
        .collect(
            Collectors.toMap((KeyValuePair pair) -> pair.key, pair -> String.valueOf(pair.value)));
  }

  @Test
  void tellATerminalNothing() {
    journal.listen(new CallLines(true, false));
    String hostile = "a\n2026-01-01 ERROR\u001b[2J\u009b31m\u202e{}";
    CallOrigin origin =
        new CallOrigin(null, hostile, hostile, hostile, 1, "SELECT x" + hostile, null, null);

    fail(begin(journal, hostile, bytes("{}"), origin), hostile);

    assertThat(lines())
        .hasSize(2)
        .allSatisfy(line -> assertThat(line).matches("[\\p{Print}→←]+").contains("{}"));
    assertThat(log.events())
        .noneMatch(event -> fields(event).toString().matches("(?s).*\\p{Cntrl}.*"));
  }

  @ParameterizedTest
  @CsvSource({
    "0,0 B",
    "999,999 B",
    "1000,1.0 kB",
    "999949,999.9 kB",
    "999950,1.0 MB",
    "6291456,6.3 MB"
  })
  void tellLengthsAsPeopleReadThem(long bytes, String shown) {
    assertThat(CallLines.size(bytes)).isEqualTo(shown);
  }

  @ParameterizedTest
  @CsvSource({"50,0.1 ms", "9940,9.9 ms", "9960,10 ms", "9999000,9999 ms", "9999600,10.0 s"})
  void tellTimesAsPeopleReadThem(long microseconds, String shown) {
    assertThat(CallLines.time(Duration.ofNanos(1000 * microseconds))).isEqualTo(shown);
  }
}
