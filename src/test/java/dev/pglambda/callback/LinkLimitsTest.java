package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.FrontendMessage;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How many links and calls there may be, how long a link stays, and what it may hold. */
class LinkLimitsTest {
  private static final int LINKS = 3;
  private static final int LIMIT = 1 << 20;
  private static final Duration IDLE = Duration.ofMinutes(10);

  private final MemoryBudget memory = new MemoryBudget(4L * LIMIT, LIMIT);
  private final FakeFunction function = new FakeFunction();
  private final Map<String, CompletableFuture<Void>> sessions = new HashMap<>();
  private final CallbackServer server =
      new CallbackServer(
          Worker.SECRET, function, Worker.JOURNAL, sessions::get, CallbackLimits.of(LINKS, memory));

  private final List<Worker> workers = new ArrayList<>();

  @AfterEach
  void nothingIsLeft() {
    workers.forEach(Worker::close);
    assertThat(memory.used()).isZero();
  }

  private Worker connected(CallbackServer to) {
    Worker worker = Worker.connected(to);
    workers.add(worker);
    return worker;
  }

  private Worker started(CallbackServer to) {
    Worker worker = Worker.started(to);
    workers.add(worker);
    return worker;
  }

  private static byte[] announced(byte type, int length) {
    return ByteBuffer.allocate(Frame.HEADER_LENGTH)
        .put(type)
        .putInt(length + Frame.MIN_LENGTH)
        .array();
  }

  @Test
  void lengthThatIsOnlyAnnouncedTakesNoMemory() {
    Worker worker = connected(server);
    long before = memory.used();

    worker.send(announced(FrontendMessage.QUERY, 16 << 20));
    worker.send("0123456789".repeat(1000).getBytes(ISO_8859_1));

    assertThat(memory.used() - before).isBetween(10_000L, 30_000L);
  }

  @Test
  void requestThatDoesNotFitIsDroppedAndRefusedAndTheLinkGoesOn() {
    Worker worker = connected(server);
    worker.hello();
    String tooMuch = "x".repeat(3 * LIMIT);

    worker.send(Worker.query(worker.signed("invoke/1", Fields.call("f", tooMuch))));

    List<@Nullable String> row = worker.row();
    assertThat(row.get(0)).isEqualTo("53200");
    assertThat(row.get(5)).isEqualTo("out of memory");
    assertThat(row.get(6)).contains("--max-memory-per-session is 1024 kB");
    assertThat(function.arguments).isEmpty();
    assertThat(memory.used()).isZero();
    worker.invoke();
    function.last().complete(FakeFunction.row("1"));
    assertThat(worker.row().get(0)).isEqualTo("ok");
  }

  @Test
  void requestIsHeldWithItsCopiesUntilItsCallIsOver() {
    Worker worker = connected(server);
    worker.hello();
    String payload = "x".repeat(LIMIT / 4);
    worker.send(Worker.query(worker.signed("invoke/1", Fields.call("f", payload))));
    assertThat(memory.used()).isGreaterThan(3L * LIMIT / 4);

    function.last().complete(FakeFunction.row("1"));
    assertThat(worker.row().get(0)).isEqualTo("ok");

    assertThat(memory.used()).isZero();
    worker.send(Worker.query(worker.signed("invoke/1", Fields.call("f", payload))));
    worker.pass(CallbackLimits.DEFAULTS.answerWithin());
    assertThat(worker.row().get(0)).isEqualTo("pending");
    worker.invoke(); // gives the other up
    assertThat(memory.used()).isZero();
  }

  @Test
  void callWhoseCopiesDoNotFitIsNotMade() {
    Worker worker = connected(server);
    worker.hello();

    String payload = "x".repeat(LIMIT / 2 - 1000);
    worker.send(Worker.query(worker.signed("invoke/1", Fields.call("f", payload))));

    assertThat(worker.row().get(0)).isEqualTo("53200");
    assertThat(function.arguments).isEmpty();
    assertThat(memory.used()).isZero();
  }

  @Test
  void replyThatDoesNotFitIsDroppedAndTold() {
    Worker worker = connected(server);
    worker.hello();
    worker.invoke();

    function.last().complete(FakeFunction.row("1".repeat(LIMIT / 2)));

    List<@Nullable String> row = worker.row();
    assertThat(row.get(0)).isEqualTo("53200");
    assertThat(row.get(6)).endsWith("The function ran; its reply was dropped.");
    assertThat(memory.used()).isZero();
  }

  @Test
  void replyIsHeldUntilItHasLeft() {
    Worker worker = connected(server);
    worker.hello();
    worker.invoke();
    worker.pass(Duration.ofMillis(100));
    assertThat(worker.row().get(0)).isEqualTo("pending");
    function.last().complete(FakeFunction.row("1".repeat(100_000)));
    worker.pass(Duration.ZERO);
    assertThat(memory.used()).isGreaterThanOrEqualTo(300_000);

    worker.sendWait();

    assertThat(worker.row().get(0)).isEqualTo("ok");
    assertThat(memory.used()).isZero();
  }

  @Test
  void refusesOneLinkTooManyUntilAnotherHasGone() {
    Worker first = connected(server);
    connected(server);
    connected(server);

    Worker refused = started(server);
    refused.authenticate(Worker.KEYS.linkPassword());

    List<BackendMessage> messages = refused.received();
    assertThat(messages.get(messages.size() - 1)).matches(Worker.isFatal("53300"));
    assertThat(messages.get(messages.size() - 1)).asString().contains("--max-callback-links");
    assertThat(refused.channel.isOpen()).isFalse();
    first.disconnect();
    connected(server).hello();
  }

  @Test
  void countsNoLinkThatHasNotAuthenticated() {
    for (int i = 0; i < 2 * LINKS; i++) {
      Worker stranger = started(server);
      stranger.authenticate("wrong");
      assertThat(stranger.received().get(0)).matches(Worker.isFatal("28P01"));
      started(server); // and says nothing
    }
    connected(server).hello();
  }

  @Test
  void refusesCallsOfOneSessionOnManyLinks() {
    CallbackServer wide =
        new CallbackServer(
            Worker.SECRET, function, Worker.JOURNAL, sessions::get, CallbackLimits.of(100, memory));
    sessions.put("s", new CompletableFuture<>());
    for (int i = 0; i < CallbackLimits.DEFAULTS.maxCallsPerSession(); i++) {
      callInSession(connected(wide));
    }

    Worker refused = connected(wide);
    callInSession(refused);

    assertThat(refused.row().get(0)).isEqualTo("53300");
    assertThat(function.arguments).hasSize(CallbackLimits.DEFAULTS.maxCallsPerSession());
    function.last().complete(FakeFunction.row("1"));
    workers.forEach(Worker::received);
    callInSession(connected(wide));
    assertThat(function.arguments).hasSize(CallbackLimits.DEFAULTS.maxCallsPerSession() + 1);
  }

  private static void callInSession(Worker worker) {
    worker.hello();
    worker.send(Worker.query(worker.signed("invoke/1", Fields.callInSession("s"))));
  }

  @Test
  void closesAnIdleLinkThatNobodyWillMiss() {
    Worker silent = connected(server);
    Worker withoutSession = connected(server);
    withoutSession.hello();
    withoutSession.invoke();
    function.last().complete(FakeFunction.row("1"));
    withoutSession.row();

    silent.pass(IDLE);
    withoutSession.pass(IDLE);
    assertThat(withoutSession.channel.isOpen()).as("a request has come since").isTrue();
    withoutSession.pass(IDLE);

    assertThat(silent.received().get(0)).matches(Worker.isFatal("57P05"));
    assertThat(withoutSession.received().get(0)).matches(Worker.isFatal("57P05"));
  }

  @Test
  void keepsAnIdleLinkAsLongAsItsSessionIsThere() {
    sessions.put("s", new CompletableFuture<>());
    Worker worker = connected(server);
    callInSession(worker);
    function.last().complete(FakeFunction.row("1"));
    worker.row();

    for (int i = 0; i < 10; i++) {
      worker.pass(IDLE);
    }
    assertThat(worker.channel.isOpen()).isTrue();

    sessions.get("s").complete(null);
    worker.pass(IDLE);
    assertThat(worker.received().get(0)).matches(Worker.isFatal("57P05"));
  }
}
