package dev.pglambda.callback;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.FrontendMessage.Terminate;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LongPollTest {
  private static final Duration ANSWER_WITHIN = CallbackLimits.DEFAULTS.answerWithin();
  private static final Duration WAIT_WITHIN = CallbackLimits.DEFAULTS.waitWithin();
  private static final Duration TICK = Duration.ofMillis(1);

  private final FakeFunction function = new FakeFunction();
  private final Map<String, CompletableFuture<Void>> sessions = new HashMap<>();
  private final Worker worker =
      Worker.connected(
          new CallbackServer(
              Worker.SECRET, function, Worker.JOURNAL, sessions::get, CallbackLimits.DEFAULTS));

  @BeforeEach
  void sayHello() {
    worker.hello();
  }

  @AfterEach
  void nothingIsLeft() {
    worker.close();
  }

  @Test
  void answersPendingWhenLambdaTakesLongerThanTheLimit() {
    worker.invoke();

    worker.pass(ANSWER_WITHIN.minus(TICK));
    assertThat(worker.received()).isEmpty();
    worker.pass(TICK);

    assertThat(worker.row()).containsExactly("pending", null, null, null, null, null, null, null);
  }

  @Test
  void answersTheWaitThatIsThereWhenLambdaAnswers() {
    makePending();
    for (int i = 0; i < 50; i++) {
      worker.pass(WAIT_WITHIN.minus(TICK));
      worker.sendWait();
      worker.pass(ANSWER_WITHIN);
      assertThat(worker.row().get(0)).isEqualTo("pending");
    }
    worker.sendWait();
    worker.pass(ANSWER_WITHIN.minus(TICK));
    function.last().complete(FakeFunction.row("1"));

    assertThat(worker.row().subList(0, 3)).containsExactly("ok", "200", "1");
    assertThat(function.arguments).hasSize(1);
  }

  @Test
  void keepsTheAnswerThatComesBetweenTwoRequests() {
    makePending();
    function.last().complete(FakeFunction.row("1"));
    assertThat(worker.received()).isEmpty();

    worker.sendWait();

    assertThat(worker.row().get(0)).isEqualTo("ok");
  }

  @Test
  void answersOnceOnly() {
    worker.invoke();
    function.last().complete(FakeFunction.row("1"));
    assertThat(worker.row().get(0)).isEqualTo("ok");

    worker.pass(Duration.ofSeconds(5));

    assertThat(worker.received()).isEmpty();
    worker.sendWait();
    assertThat(worker.row().subList(0, 3)).containsExactly("08006", null, null);
  }

  @Test
  void cancelsACallThatNobodyWaitsFor() {
    makePending();

    worker.pass(WAIT_WITHIN.minus(TICK));
    assertThat(function.last()).isNotDone();
    worker.pass(TICK);

    assertThat(function.last()).isCancelled();
    worker.sendWait();
    List<String> row = worker.row();
    assertThat(row.get(0)).isEqualTo("08006");
    assertThat(row.get(6)).contains("its outcome is unknown");
  }

  @Test
  void dropsAnAnswerThatNobodyAsksFor() {
    makePending();
    function.last().complete(FakeFunction.row("1"));
    worker.pass(WAIT_WITHIN);

    worker.sendWait();

    assertThat(worker.row().get(0)).isEqualTo("08006");
  }

  @Test
  void doesNotTakeAStaleRequestOrAHelloForAWait() {
    makePending();
    assertThat(worker.ask("0".repeat(64) + " wait/1 1").get(0)).isEqualTo("stale");
    worker.hello();

    worker.pass(WAIT_WITHIN);

    assertThat(function.last()).isCancelled();
  }

  @Test
  void goesOnWithACallAfterAnotherHello() {
    makePending();
    worker.hello();
    worker.sendWait();
    function.last().complete(FakeFunction.row("1"));

    assertThat(worker.row().get(0)).isEqualTo("ok");
  }

  @Test
  void cancelsACallWhenAnotherOneComes() {
    makePending();
    CompletableFuture<?> first = function.last();

    worker.invoke();

    assertThat(first).isCancelled();
    assertThat(function.results).hasSize(2);
    worker.pass(ANSWER_WITHIN);
    assertThat(worker.row().get(0)).isEqualTo("pending");
    worker.pass(WAIT_WITHIN.minus(TICK));
    assertThat(function.last()).isNotDone();
    worker.sendWait();
    function.last().complete(FakeFunction.row("2"));
    assertThat(worker.row().get(2)).isEqualTo("2");
  }

  @Test
  void cancelsACallWhenTheLinkCloses() {
    worker.invoke();

    worker.disconnect();

    assertThat(function.last()).isCancelled();
  }

  @Test
  void cancelsACallWhenTheLinkTerminatesBeforeItsAnswer() {
    worker.invoke();

    worker.send(Worker.message(new Terminate()));

    assertThat(function.last()).isCancelled();
    assertThat(worker.channel.isOpen()).isFalse();
  }

  @Test
  void cancelsAPendingCallWhenTheLinkCloses() {
    makePending();

    worker.disconnect();

    assertThat(function.last()).isCancelled();
  }

  @Test
  void handlesTheNextRequestOnlyAfterTheAnswerToTheOneBefore() {
    worker.invoke();
    worker.send(Worker.query("hello"));
    worker.send(Worker.query("hello"));
    assertThat(worker.received()).isEmpty();
    assertThat(worker.channel.config().isAutoRead()).isFalse();

    function.last().complete(FakeFunction.row("1"));

    assertThat(worker.received())
        .filteredOn(DataRow.class::isInstance)
        .extracting(row -> ((DataRow) row).text(0))
        .containsExactly("ok", "hello", "hello");
    assertThat(worker.channel.config().isAutoRead()).isTrue();
  }

  @Test
  void cancelsACallWhenTheClientsSessionEnds() {
    sessions.put("token", new CompletableFuture<>());
    invokeInSession("token");

    end("token");

    assertThat(function.last()).isCancelled();
    List<String> row = worker.row();
    assertThat(row.get(0)).isEqualTo("57P01");
    assertThat(row.get(5)).isEqualTo("terminating the call because the client's session has ended");
  }

  @Test
  void tellsTheNextWaitThatTheClientsSessionHasEnded() {
    sessions.put("token", new CompletableFuture<>());
    invokeInSession("token");
    worker.pass(ANSWER_WITHIN);
    assertThat(worker.row().get(0)).isEqualTo("pending");

    end("token");
    assertThat(function.last()).isCancelled();
    worker.sendWait();

    assertThat(worker.row().get(0)).isEqualTo("57P01");
  }

  @Test
  void failsACallOfASessionThatHasEndedAlready() {
    sessions.put("token", CompletableFuture.completedFuture(null));

    invokeInSession("token");
    worker.channel.runPendingTasks();

    assertThat(worker.row().get(0)).isEqualTo("57P01");
    assertThat(function.last()).isCancelled();
  }

  @Test
  void leavesTheCallsOfOtherSessionsAlone() {
    sessions.put("token", new CompletableFuture<>());
    sessions.put("other", new CompletableFuture<>());
    invokeInSession("token");

    end("other");
    function.last().complete(FakeFunction.row("1"));

    assertThat(worker.row().get(0)).isEqualTo("ok");
  }

  @Test
  void makesTheCallOfASessionItDoesNotKnow() {
    invokeInSession("unknown");
    function.last().complete(FakeFunction.row("1"));

    assertThat(worker.row().get(0)).isEqualTo("ok");
  }

  @Test
  void watchesASessionOnceForAllItsCalls() {
    CompletableFuture<Void> end = new CompletableFuture<>();
    sessions.put("token", end);
    for (int i = 0; i < 100; i++) {
      invokeInSession("token");
      function.last().complete(FakeFunction.row("1"));
      assertThat(worker.row().get(0)).isEqualTo("ok");
    }

    assertThat(end.getNumberOfDependents()).isEqualTo(1);
    invokeInSession("token");
    end("token");
    assertThat(worker.row().get(0)).isEqualTo("57P01");
  }

  private void makePending() {
    worker.invoke();
    worker.pass(ANSWER_WITHIN);
    assertThat(worker.row().get(0)).isEqualTo("pending");
  }

  private void invokeInSession(String session) {
    worker.send(Worker.query(worker.signed("invoke/1", Fields.callInSession(session))));
  }

  private void end(String session) {
    CompletableFuture<Void> end = sessions.get(session);
    assertThat(end).isNotNull();
    end.complete(null);
    worker.channel.runPendingTasks();
  }
}
