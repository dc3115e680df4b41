package dev.pglambda.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import dev.pglambda.protocol.FrontendMessage;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReplyQueueTest {
  private static final ReplacedSpan FIRST = new ReplacedSpan(0, "CREATE EXTENSION", 0, 9, 90);
  private static final ReplacedSpan THIRD = new ReplacedSpan(2, "CREATE EXTENSION", 20, 29, 90);

  private final ReplyQueue queue = new ReplyQueue();

  @BeforeEach
  void startUp() {
    received("RSKZ");
  }

  @Test
  void owesNothingOnceTheSessionIsReady() {
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void owesAQueryUntilItsReadyForQuery() {
    sent("Q");
    received("TDDC");
    assertThat(queue.isEmpty()).isFalse();
    received("Z");
    assertThat(queue.isEmpty()).isTrue();
  }

  /** What is executed and answered, but not synced, is not committed. */
  @ParameterizedTest
  @CsvSource({
    "'', '', true",
    "Q, TDC, false",
    "Q, TDCZ, true",
    "QQ, TDCZ, false",
    "PBE, 12C, false",
    "PBES, 12C, false",
    "PBES, 12CZ, true",
    "PBESPBE, 12CZ12C, false",
    "PBESPBES, 12CZ12CZ, true",
    "PBE, 1E, false",
    "PBES, 1EZ, true",
    "Q, G, false",
    "Q, GEZ, true",
    "F, VZ, true"
  })
  void isIdleIfNothingIsOwedAndNoSyncIsAwaited(String sent, String received, boolean idle) {
    sent(sent);
    received(received);

    assertThat(queue.isIdle()).isEqualTo(idle);
  }

  @Test
  void matchesAPipelineMessageByMessage() {
    sent("PBDEPBDESCS");
    received("12TDDC");
    assertThat(queue.size()).isEqualTo(7);
    received("12nCZ");
    assertThat(queue.size()).isEqualTo(2);
    received("3Z");
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void describingAStatementIsAnsweredByTwoMessagesAndOneEntry() {
    sent("PDS");
    received("1tTZ");
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void knowsWhatAnswersAnOfferIfNothingIsOwed() {
    assertThat(queue.canOffer()).isTrue();
    sent("PBDE");
    assertThat(queue.canOffer()).isFalse();
    received("12TC");
    assertThat(queue.canOffer()).isTrue();
    sent("S");
    received("Z");
    assertThat(queue.canOffer()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "Q, ''", // a COPY in it may swallow what follows, or not
    "F, ''", "QQ, GE", "PE, 1E", // what follows is skipped
    "QP, GEZ", // not swallowed by COPY
    "QS, GdC",
  })
  void doesNotKnowWhatAnswersAnOfferBehind(String sent, String received) {
    sent(sent);
    received(received);

    assertThat(queue.canOffer()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "2", "3", "Z", "E", "s"})
  void isNeverSureAgainAfterAReplyThatWasNotOwed(String reply) {
    received(reply);
    sent("Q");
    received("Z");

    assertThat(queue.canOffer()).isFalse();
  }

  @Test
  void isSureAfterACopyThatAClientHasLedByTheRules() {
    sent("Q");
    received("G");
    sent("ddc");
    received("CZ");
    sent("PBES");
    received("12G");
    sent("dcS");
    received("CZ");

    assertThat(queue.canOffer()).isTrue();
  }

  @Test
  void keepsAPortalThatIsSuspendedOutOfTheWay() {
    sent("BEEHS");
    received("2Ds");
    assertThat(queue.size()).isEqualTo(2);
    received("DCZ");
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void anErrorTakesEverythingUpToSyncWithIt() {
    sent("PBDESPBES");
    received("1E");
    assertThat(queue.size()).isEqualTo(5);
    received("Z12CZ");
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void aQuerySentBeforeSyncWhileTheServerSkipsGetsNoReply() {
    sent("PBEQS");
    received("E");
    assertThat(queue.size()).isEqualTo(1);
    received("Z");
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void whatIsSentWhileTheServerSkipsGetsNoReply() {
    sent("PBE");
    received("E");
    sent("QPBEF");
    assertThat(queue.isEmpty()).isTrue();
    sent("SQ");
    assertThat(queue.size()).isEqualTo(2);
    received("Z");
    received("CZ");
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void anErrorOfAQueryOrASyncSkipsNothing() {
    sent("QS");
    received("EZ");
    assertThat(queue.size()).isEqualTo(1);
    received("EZ");
    assertThat(queue.isEmpty()).isTrue();
    sent("PS");
    assertThat(queue.size()).isEqualTo(2);
  }

  @Test
  void aFunctionCallEndsWithReadyForQuery() {
    sent("FQ");
    received("VZ");
    assertThat(queue.size()).isEqualTo(1);
  }

  @Test
  void copyInByQueryEndsWithItsReadyForQuery() {
    sent("Q");
    received("G");
    sent("ddcQ");
    received("CZ");
    assertThat(queue.size()).isEqualTo(1);
  }

  @Test
  void aSyncInTheMiddleOfCopyInIsIgnored() {
    sent("PBES");
    received("12G");
    sent("dSdc");
    sent("S");
    received("CZ");
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void copyDataSentBeforeTheServerAskedForItIsKnownToEndBeforeTheSync() {
    sent("PBESddcSQ");
    received("12GC");
    assertThat(queue.size()).isEqualTo(2);
    received("ZCZ");
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void aCopyThatFailsBeforeItBeginsLeavesTheSyncsInPlace() {
    sent("PBEdcS");
    received("12E");
    assertThat(queue.size()).isEqualTo(1);
    received("Z");
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void aCopyThatFailsMidwaySkipsToTheNextSync() {
    sent("PBE");
    received("12G");
    sent("d");
    received("E");
    sent("dcQ");
    assertThat(queue.isEmpty()).isTrue();
    sent("S");
    received("Z");
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void copyDoneWhereNoCopyRunsIsForgotten() {
    sent("QcQ");
    received("CZ");
    assertThat(queue.size()).isEqualTo(1);
  }

  @Test
  void asynchronousMessagesBelongToNoEntry() {
    sent("PBES");
    received("1ANS2AANS");
    assertThat(queue.size()).isEqualTo(2);
  }

  @Test
  void readyForQueryBringsAQueueThatIsOutOfStepBackInStep() {
    sent("PBDES");
    received("Z");
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void growsAsLongAsTheClientPipelinesAndStaysInOrder() {
    for (int i = 0; i < 100_000; i++) {
      sent("PBES");
    }
    assertThat(queue.size()).isEqualTo(400_000);
    for (int i = 0; i < 100_000; i++) {
      received("12CZ");
    }
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void findsARewrittenStatementAmongTheStatementsOfAQuery() {
    queue.sent(FrontendMessage.QUERY, List.of(FIRST, THIRD));
    sent("Q");

    assertThat(queue.current()).isEqualTo(FIRST);
    received("C");
    assertThat(queue.current()).isNull();
    received("TDC");
    assertThat(queue.current()).isEqualTo(THIRD);
    received("CC");
    assertThat(queue.current()).isNull();
    received("Z");
    assertThat(queue.current()).isNull();
  }

  @Test
  void givesAStatementWithinABodyNoReplyOfItsOwn() {
    ReplacedSpan nested = new ReplacedSpan(ReplacedSpan.NESTED, "", 4, 9, 90);
    queue.sent(FrontendMessage.QUERY, List.of(nested, THIRD));

    assertThat(queue.current()).isNull();
    assertThat(queue.rewritten()).containsExactly(nested, THIRD);
    received("CC");
    assertThat(queue.current()).isEqualTo(THIRD);
  }

  @Test
  void countsTheStatementsOfAQueryAcrossACopy() {
    queue.sent(FrontendMessage.QUERY, List.of(THIRD));
    received("C");
    received("G");
    sent("dc");
    received("C");
    assertThat(queue.current()).isEqualTo(THIRD);
  }

  @Test
  void findsTheRewrittenStatementOfAnExecute() {
    sent("PBES");
    sent("PBD");
    queue.sent(FrontendMessage.EXECUTE, List.of(FIRST));
    sent("S");

    received("12CZ12n");
    assertThat(queue.current()).isEqualTo(FIRST);
    received("C");
    assertThat(queue.current()).isNull();
  }

  private void sent(String types) {
    types.chars().forEach(type -> queue.sent((byte) type));
  }

  private void received(String types) {
    types.chars().forEach(type -> queue.received((byte) type));
  }
}
