package dev.pglambda.journal;

import static dev.pglambda.journal.JournalStage.FAILED;
import static dev.pglambda.journal.JournalStage.accept;
import static dev.pglambda.journal.JournalStage.arguments;
import static dev.pglambda.journal.JournalStage.begin;
import static dev.pglambda.journal.JournalStage.bytes;
import static dev.pglambda.journal.JournalStage.error;
import static dev.pglambda.journal.JournalStage.fail;
import static dev.pglambda.journal.JournalStage.journal;
import static dev.pglambda.journal.JournalStage.succeed;
import static dev.pglambda.journal.JournalStage.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.CallObserver.ObservedCall;
import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeAnswer;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.testing.LogCapture;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class JournalTest {
  private static final long MEGABYTE = 1 << 20;

  private final Journal journal = journal(MEGABYTE);

  private List<Long> ids(JournalFilter filter) {
    return journal.find(filter, 100_000).stream().map(JournalEntry::id).toList();
  }

  private JournalEntry only() {
    List<JournalEntry> all = journal.find(JournalFilter.ALL, 10);
    assertThat(all).hasSize(1);
    return all.get(0);
  }

  private static JournalFilter outcome(Outcome outcome) {
    return new JournalFilter(null, null, outcome, null, null, null, null);
  }

  @Test
  void keepsTheLatestCallsWithinItsMemory() {
    for (int i = 0; i < 10_000; i++) {
      succeed(journal, "f", "{\"n\": " + i + "}");
      assertThat(journal.bytes()).isLessThanOrEqualTo(MEGABYTE);
    }

    List<Long> kept = ids(JournalFilter.ALL);
    assertThat(kept).hasSizeBetween(700, 1000);
    assertThat(kept).isEqualTo(LongStream.range(0, kept.size()).mapToObj(i -> 10_000 - i).toList());
    assertThat(text(Objects.requireNonNull(journal.find(10_000)).payload()))
        .isEqualTo("{\"n\": 9999}");
    assertThat(journal.find(1)).isNull();
  }

  @Test
  void keepsFailuresLongerThanOthers() {
    fail(journal, "failing", "{}");
    for (int i = 0; i < 10_000; i++) {
      succeed(journal, "f", "{}");
    }

    assertThat(journal.find(1)).isNotNull();
    assertThat(journal.find(2)).isNull();
  }

  @Test
  void hasRoomForACallThatSucceedsBehindManyThatFailed() {
    for (int i = 0; i < 10_000; i++) {
      fail(journal, "failing", "{}");
    }
    succeed(journal, "f", "{}");

    assertThat(ids(outcome(Outcome.OK))).containsExactly(10_001L);
    assertThat(journal.bytes()).isLessThanOrEqualTo(MEGABYTE);
  }

  @Test
  void keepsOfACallThatIsTooLargeOnlyTheLengths() {
    succeed(journal, "small", "{}");

    succeed(begin(journal, "large", "x".repeat(2 << 20)), "y");

    JournalEntry large = Objects.requireNonNull(journal.find(2));
    assertThat(large.payload()).isNull();
    assertThat(large.requestBytes()).isEqualTo(2 << 20);
    assertThat(Objects.requireNonNull(large.ending()).responseBytes()).isEqualTo(1);
    assertThat(journal.find(1)).isNotNull();
  }

  @Test
  void countsTheTextsOfArgumentsAndErrors() {
    String text = "x".repeat(100_000);
    ObservedCall call = journal.begins(arguments(text, null), CallOrigin.UNKNOWN);
    call.ends(null, new InvokeAnswer.Failure(new SqlError("22023", text, text, text)));

    assertThat(journal.bytes()).isGreaterThanOrEqualTo(4 * 200_000L);
  }

  @Test
  void findsCallsByWhatTheyAre() {
    CallOrigin shop = new CallOrigin(null, "shop", null, null, null, null, "installation-1", null);
    succeed(begin(journal, "a", bytes("{}"), shop), "1");
    fail(begin(journal, "b", "{}"), "no");
    begin(journal, "a", "{}").isCancelled();
    begin(journal, "b", "{}");

    assertThat(ids(JournalFilter.ALL)).containsExactly(4L, 3L, 2L, 1L);
    assertThat(journal.find(JournalFilter.ALL, 2))
        .extracting(JournalEntry::id)
        .containsExactly(4L, 3L);
    assertThat(ids(new JournalFilter("a", null, null, null, null, null, null)))
        .containsExactly(3L, 1L);
    assertThat(ids(new JournalFilter(null, true, null, null, null, null, null)))
        .containsExactly(3L, 2L);
    assertThat(ids(outcome(Outcome.CANCELLED))).containsExactly(3L);
    assertThat(ids(outcome(Outcome.PENDING))).containsExactly(4L);
    assertThat(ids(new JournalFilter(null, null, null, null, 3L, null, null)))
        .containsExactly(2L, 1L);
    assertThat(ids(new JournalFilter(null, null, null, null, null, "shop", null)))
        .containsExactly(1L);
    assertThat(ids(new JournalFilter(null, null, null, null, null, null, "installation-1")))
        .containsExactly(1L);
    assertThat(
            ids(
                new JournalFilter(
                    null, null, null, JournalStage.NOON.instant().plusNanos(1), null, null, null)))
        .isEmpty();
  }

  @Test
  void forgetsAllButTheCallsInProgressWhenItIsCleared() {
    succeed(journal, "f", "{}");
    fail(journal, "f", "{}");
    ObservedCall call = begin(journal, "f", "{}");

    journal.clear();

    assertThat(ids(JournalFilter.ALL)).containsExactly(3L);
    assertThat(journal.bytes()).isZero();
    succeed(call, "1");
    assertThat(only().outcome()).isEqualTo(Outcome.OK);
    assertThat(journal.bytes()).isPositive();
  }

  @Test
  void countsWhatIsThereAlsoWhenItIsClearedWhileCallsEnd() throws Exception {
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      Thread thread =
          new Thread(
              () -> {
                for (int i = 0; i < 5000; i++) {
                  succeed(journal, "f", "{}");
                  fail(journal, "failing", "{}");
                }
              });
      thread.start();
      threads.add(thread);
    }
    while (threads.stream().anyMatch(Thread::isAlive)) {
      journal.clear();
    }

    succeed(journal, "f", "{}");
    List<JournalEntry> kept = journal.find(JournalFilter.ALL, 100_000);
    assertThat(kept).isNotEmpty();
    assertThat(journal.bytes()).isEqualTo(kept.stream().mapToLong(JournalEntry::bytes).sum());
  }

  @Test
  void tellsOfEachOfManyCallsAtATimeOnce() throws Exception {
    Journal large = journal(1L << 30);
    ConcurrentLinkedQueue<JournalEntry> told = new ConcurrentLinkedQueue<>();
    large.listen(told::add);
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 8; t++) {
      String name = "f" + t;
      Thread thread =
          new Thread(
              () -> {
                for (int i = 0; i < 10_000; i++) {
                  succeed(large, name, name + ":" + i);
                }
              });
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }

    Set<String> ended = new HashSet<>();
    Set<Long> begun = new HashSet<>();
    for (JournalEntry entry : told) {
      if (entry.ending() == null) {
        assertThat(begun.add(entry.id())).isTrue();
      } else {
        assertThat(begun.contains(entry.id())).isTrue();
        assertThat(ended.add(text(entry.payload()))).isTrue();
      }
    }
    assertThat(ended).hasSize(80_000);
    List<JournalEntry> kept = large.find(JournalFilter.ALL, 100_000);
    assertThat(kept).hasSize(80_000);
    assertThat(
            kept.stream()
                .map(entry -> text(entry.payload()))
                .collect(Collectors.toSet())
                .equals(ended))
        .isTrue();
    assertThat(large.bytes()).isEqualTo(kept.stream().mapToLong(JournalEntry::bytes).sum());
  }

  @Test
  void keepsTheFirstEndOfACall() {
    ObservedCall call = begin(journal, "f", "{}");

    call.isCancelled();
    succeed(call, "1");

    assertThat(only().outcome()).isEqualTo(Outcome.CANCELLED);
  }

  @Test
  void recordsUnderTheSameNumberThatAnEventHasFailedLater() {
    // given
    List<JournalEntry> told = new ArrayList<>();
    journal.listen(told::add);
    CompletableFuture<InvocationResult> run = accept(journal, "f");
    JournalEntry accepted = only();

    // when
    run.complete(FAILED);

    // then
    assertThat(told)
        .extracting(JournalEntry::outcome)
        .containsExactly(Outcome.PENDING, Outcome.OK, Outcome.FUNCTION_ERROR);
    JournalEntry failed = only();
    JournalEntry.Ending ending = Objects.requireNonNull(failed.ending());
    assertThat(told.get(2)).isEqualTo(failed);
    assertThat(failed.id()).isEqualTo(accepted.id());
    assertThat(ending.total()).isEqualTo(Objects.requireNonNull(accepted.ending()).total());
    assertThat(ending.error()).isNull();
    assertThat(ending.responseBytes()).isEqualTo(28);
    assertThat(ending.result())
        .isEqualTo(new InvocationResult(202, FAILED.payload(), "3", "bG9n", "Unhandled"));
    assertThat(text(failed.payload())).isEqualTo("{}");
    assertThat(journal.bytes()).isEqualTo(failed.bytes());
  }

  @Test
  void leavesAnEventThatHasRunAsItIs() {
    List<JournalEntry> told = new ArrayList<>();
    journal.listen(told::add);

    accept(journal, "f").complete(new InvocationResult(200, bytes("1"), "3", null, null));

    assertThat(told).hasSize(2);
    assertThat(only().response()).isNull();
  }

  @Test
  void keepsAnEventThatHasFailedLaterAsLongAsOtherFailures() {
    accept(journal, "failing").complete(FAILED);
    for (int i = 0; i < 10_000; i++) {
      succeed(journal, "f", "{}");
    }

    assertThat(Objects.requireNonNull(journal.find(1)).outcome()).isEqualTo(Outcome.FUNCTION_ERROR);
    assertThat(journal.bytes())
        .isEqualTo(
            journal.find(JournalFilter.ALL, 100_000).stream().mapToLong(JournalEntry::bytes).sum());
  }

  @Test
  void forgetsAnEventForGoodAlsoIfItFailsLater() {
    List<JournalEntry> told = new ArrayList<>();
    CompletableFuture<InvocationResult> cleared = accept(journal, "f");
    journal.clear();
    CompletableFuture<InvocationResult> displaced = accept(journal, "f");
    for (int i = 0; i < 10_000; i++) {
      succeed(journal, "f", "{}");
    }
    journal.listen(told::add);
    long before = journal.bytes();

    cleared.complete(FAILED);
    displaced.complete(FAILED);

    assertThat(told).isEmpty();
    assertThat(ids(outcome(Outcome.FUNCTION_ERROR))).isEmpty();
    assertThat(journal.bytes()).isEqualTo(before);
  }

  @Test
  void keepsOfAnEventThatHasFailedLaterOnlyLengthsWithoutPayloads() {
    Journal lengths = new Journal(MEGABYTE, false, JournalStage.NOON);

    accept(lengths, "f").complete(FAILED);

    JournalEntry.Ending ending =
        Objects.requireNonNull(Objects.requireNonNull(lengths.find(1)).ending());
    assertThat(ending.responseBytes()).isEqualTo(28);
    assertThat(ending.result()).isEqualTo(new InvocationResult(202, null, "3", null, "Unhandled"));
  }

  @Test
  void keepsOnlyLengthsWithoutPayloads() {
    // given
    Journal lengths = new Journal(MEGABYTE, false, JournalStage.NOON);
    List<JournalEntry> told = new ArrayList<>();
    lengths.listen(told::add);
    ObservedCall call = begin(lengths, "f", "{\"a\": \"secret\"}");

    // when
    InvocationResult result =
        new InvocationResult(200, bytes("\"secret\""), "1", "c2VjcmV0", "Unhandled");
    call.ends(
        result, new InvokeAnswer.Failure(new SqlError("39000", "failed", "details: secret", null)));

    // then
    assertThat(told).hasSize(2).allSatisfy(entry -> assertThat(entry.payload()).isNull());
    JournalEntry ended = told.get(1);
    JournalEntry.Ending ending = Objects.requireNonNull(ended.ending());
    assertThat(ended.requestBytes()).isEqualTo(15);
    assertThat(ended.response()).isNull();
    assertThat(ending.responseBytes()).isEqualTo(8);
    assertThat(Objects.requireNonNull(ending.result()).logResult()).isNull();
    assertThat(Objects.requireNonNull(ending.error()).detail()).isNull();
    assertThat(ended.origin().statement()).isEqualTo("INSERT INTO orders VALUES ..");
  }

  @Test
  void copiesASmallPartOfALargeArray() {
    byte[] array = new byte[1 << 20];
    ByteBuffer part = ByteBuffer.wrap(array, 10, 20).slice();
    ByteBuffer most = ByteBuffer.wrap(array, 10, 1_000_000).slice();

    begin(journal, "f", part, CallOrigin.UNKNOWN);
    begin(journal, "f", most, CallOrigin.UNKNOWN);
    begin(journal, "f", ByteBuffer.wrap(array, 0, 20).asReadOnlyBuffer(), CallOrigin.UNKNOWN);
    array[10] = 'x';

    assertThat(Objects.requireNonNull(journal.find(1)).payload())
        .isEqualTo(ByteBuffer.allocate(20));
    assertThat(Objects.requireNonNull(journal.find(2)).payload()).isEqualTo(most);
    assertThat(Objects.requireNonNull(journal.find(3)).payload())
        .isEqualTo(ByteBuffer.allocate(20));
  }

  @Test
  void countsWhatIsUnusedOfAnArrayThatIsKept() {
    byte[] array = new byte[100_000];
    succeed(begin(journal, "f", ByteBuffer.wrap(array, 0, 90_000), CallOrigin.UNKNOWN), "1");

    array[0] = 'x';

    assertThat(text(only().payload())).startsWith("x");
    assertThat(journal.bytes()).isGreaterThanOrEqualTo(100_000);
  }

  @Test
  void copiesASmallPayloadOutOfALargerMessage() {
    byte[] message = new byte[1000];
    begin(journal, "f", ByteBuffer.wrap(message, 0, 800), CallOrigin.UNKNOWN);

    message[0] = 'x';

    assertThat(text(only().payload())).doesNotStartWith("x");
  }

  @Test
  void takesASmallPartOfTheHeapIfNobodySaysHowMuch() {
    assertThat(Journal.defaultBytes())
        .isLessThanOrEqualTo(64L << 20)
        .isLessThanOrEqualTo(Runtime.getRuntime().maxMemory() / 8);
  }

  @Test
  void givesEachReaderAViewOfItsOwn() {
    ByteBuffer payload = bytes("{}");
    succeed(begin(journal, "f", payload, CallOrigin.UNKNOWN), "12");

    Objects.requireNonNull(only().payload()).get();
    Objects.requireNonNull(only().response()).get();
    payload.get();

    assertThat(text(only().payload())).isEqualTo("{}");
    assertThat(text(only().response())).isEqualTo("12");
    assertThat(Objects.requireNonNull(only().payload()).isReadOnly()).isTrue();
  }

  @Test
  void makesNoCallFailBecauseOfAListener() {
    List<JournalEntry> told = new ArrayList<>();
    journal.listen(
        entry -> {
          throw new IllegalStateException("a defect");
        });
    Runnable end = journal.listen(told::add);

    try (LogCapture log = LogCapture.of(Journal.class)) {
      succeed(journal, "f", "{}");
      end.run();
      fail(begin(journal, "f", "{}"), error("no").message());

      assertThat(log.errors()).hasSize(1);
    }
    assertThat(told).extracting(JournalEntry::outcome).containsExactly(Outcome.PENDING, Outcome.OK);
    assertThat(ids(JournalFilter.ALL)).hasSize(2);
  }
}
