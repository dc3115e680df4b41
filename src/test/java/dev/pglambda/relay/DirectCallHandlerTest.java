package dev.pglambda.relay;

import static dev.pglambda.relay.DirectStage.BIND;
import static dev.pglambda.relay.DirectStage.CALL;
import static dev.pglambda.relay.DirectStage.DESCRIBE;
import static dev.pglambda.relay.DirectStage.EXECUTE;
import static dev.pglambda.relay.DirectStage.PARSE;
import static dev.pglambda.relay.DirectStage.QUERY;
import static dev.pglambda.relay.DirectStage.SYNC;
import static dev.pglambda.testing.Peer.error;
import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.notice;
import static dev.pglambda.testing.Peer.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.config.DirectCallMode;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeAnswer;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.BackendKeyData;
import dev.pglambda.protocol.BackendMessage.BindComplete;
import dev.pglambda.protocol.BackendMessage.CopyInResponse;
import dev.pglambda.protocol.BackendMessage.ParseComplete;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.SqlError;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When a message is held, and what happens while a call is under way. */
class DirectCallHandlerTest {
  private static final byte[] OTHER_PARSE = message(new Parse("other", "SELECT 1", List.of()));
  private static final byte[] COPY = message(new Query("COPY t FROM STDIN"));
  private static final byte[] COPY_IN = message(new CopyInResponse(0, List.of()));

  private final DirectStage stage = new DirectStage(DirectCallMode.AUTO);

  @AfterEach
  void close() {
    stage.close();
  }

  @Test
  void servesAQueryAndAPipeline() {
    stage.clientSends(QUERY);
    stage.play();
    assertThat(stage.clientSaw()).isEqualTo("TDCZ");
    stage.toClient.clear();
    stage.clientSends(PARSE, BIND, DESCRIBE, EXECUTE, SYNC);
    stage.play();
    assertThat(stage.clientSaw()).isEqualTo("12TDCZ");
    assertThat(stage.calls).hasSize(2);
  }

  @Test
  void servesEachMessageByteByByte() {
    for (byte each : RelayStage.concat(PARSE, BIND, DESCRIBE, EXECUTE, SYNC, QUERY)) {
      stage.clientSends(new byte[] {each});
    }
    stage.play();
    assertThat(stage.clientSaw()).isEqualTo("12TDCZTDCZ");
    assertThat(stage.calls).hasSize(2);
  }

  @Test
  void waitsForWhatIsUnansweredAndAsksForItOnce() {
    stage.clientSends(OTHER_PARSE, PARSE, BIND);
    assertThat(sent()).isEqualTo("PH");
    stage.clientSends(EXECUTE, SYNC);
    stage.serverSends(message(notice("SNOTICE", "VNOTICE", "C00000", "Mx")));
    assertThat(sent()).isEqualTo("PH");

    stage.play();

    assertThat(stage.clientSaw()).isEqualTo("N112DCZ");
    assertThat(stage.calls).hasSize(1);
    assertThat(stage.model.knows("other")).isTrue();
  }

  @Test
  void passesWhatIsHeldWhenCopyBegins() {
    stage.clientSends(
        COPY,
        QUERY,
        message(FrontendMessage.COPY_DATA, "1\n"),
        message(new FrontendMessage.CopyDone()));
    assertThat(sent()).isEqualTo("Q");

    stage.serverSends(COPY_IN);

    assertThat(sent()).isEqualTo("QQdc");
    assertThat(stage.toServer.get(1).body()).isEqualTo(CALL + "\0");
    assertThat(stage.calls).isEmpty();
  }

  @Test
  void passesWhatTheServerSkipsAsItIs() {
    stage.clientSends(OTHER_PARSE, PARSE, BIND, EXECUTE, SYNC);
    stage.nextToServer();

    stage.serverSends(stage.model.fail("42601", "syntax error"));

    assertThat(sent()).isEqualTo("PHPBES");
    assertThat(stage.toServer.get(2).body()).isEqualTo("s\0" + CALL + "\0\0\0");
    stage.play();
    assertThat(stage.clientSaw()).isEqualTo("EZ");
    assertThat(stage.calls).isEmpty();
  }

  /** A COPY failed whose Sync may have been read or not: a ReadyForQuery more or less follows. */
  @Test
  void servesNothingWhereItIsNotSureWhatTheServerOwes() {
    stage.clientSends(
        OTHER_PARSE,
        message(new Bind("", "other", List.of(), List.of(), List.of())),
        EXECUTE,
        SYNC);
    stage.serverSends(message(new ParseComplete()), message(new BindComplete()), COPY_IN);
    stage.clientSends(message(FrontendMessage.COPY_DATA, "x"));
    stage.serverSends(message(error("SERROR", "VERROR", "C22P02", "Mx")));
    stage.clientSends(message(new FrontendMessage.CopyDone()), SYNC);
    stage.serverSends(message(new ReadyForQuery('I')));
    stage.toServer.clear();

    stage.clientSends(QUERY);
    stage.serverSends(message(new ReadyForQuery('I')));

    assertThat(sent()).isEqualTo("Q");
    assertThat(stage.toServer.get(0).body()).isEqualTo(CALL + "\0");
    assertThat(stage.client.isOpen()).isTrue();
  }

  @Test
  void readsNoMoreThanSomeOfWhatFollowsWhileItHolds() {
    byte[] data = message(new Query("SELECT '" + "x".repeat(8_000) + "'"));
    stage.clientSends(QUERY);
    stage.playUntilCalled();
    int behind = 0;
    while (stage.client.config().isAutoRead()) {
      stage.clientSends(data);
      behind++;
      assertThat(behind).isLessThan(20);
    }
    assertThat(behind).as("messages of 8 kB").isBetween(8, 10);
    assertThat(stage.held()).isLessThan(3 * 64 * 1024);

    stage.play();

    assertThat(stage.client.config().isAutoRead()).isTrue();
    assertThat(stage.clientSaw()).isEqualTo("TDCZ" + "CZ".repeat(behind));
  }

  @Test
  void cancelsTheCallWhenTheClientCloses() {
    stage.clientSends(QUERY);
    stage.playUntilCalled();
    CompletableFuture<?> call = stage.calls.get(0);

    stage.client.close();
    stage.take();

    assertThat(call).isCancelled();
    assertThat(stage.server.isOpen()).isFalse();
  }

  @Test
  void endsWithTheServerWhileACallIsUnderWay() {
    stage.clientSends(QUERY);
    stage.playUntilCalled();

    stage.server.close();
    stage.take();

    assertThat(lastToClient()).contains("C08006\0");
    assertThat(stage.calls.get(0)).isCancelled();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void endsACallThatIsCancelled(boolean query) {
    start(query);
    stage.playUntilCalled();
    stage.toClient.clear();

    assertThat(cancel()).isTrue();

    assertThat(stage.calls.get(0)).isCancelled();
    stage.play();
    assertThat(stage.clientSaw()).isEqualTo("EZ");
    assertThat(stage.toClient.get(0).body())
        .contains("C57014\0Mcanceling statement due to user request\0");
    assertThat(stage.calls).hasSize(1);
    servesTheNext();
  }

  @Test
  void leavesACancelRequestToTheServerWhileNoCallIsUnderWay() {
    assertThat(cancel()).as("idle").isFalse();
    stage.clientSends(QUERY);
    boolean called = false;
    while (stage.clientSaw().isEmpty() || !stage.clientSaw().endsWith("Z")) {
      called |= !stage.calls.isEmpty();
      boolean underWay = called && !stage.calls.get(0).isDone();
      if (!underWay) {
        assertThat(cancel()).as("behind %s", sent()).isFalse();
      }
      assertThat(stage.step()).isTrue();
    }
    assertThat(cancel()).as("behind the call").isFalse();
    assertThat(stage.clientSaw()).isEqualTo("TDCZ");
  }

  @Test
  void isFoundByTheKeyThatTheServerHasGiven() {
    Sessions sessions = new Sessions();
    sessions.add(stage.session);
    BackendKeyData key = key(1, 2, 3, 4);
    assertThat(sessions.withCancelKey(key)).isNull();

    stage.serverSends(message(BackendMessage.BACKEND_KEY_DATA, "\0\0\0\7\1\2\3\4"));

    assertThat(sessions.withCancelKey(key)).isSameAs(stage.session);
    assertThat(sessions.withCancelKey(key(1, 2, 3, 5))).isNull();
    assertThat(sessions.withCancelKey(key())).isNull();
    assertThat(stage.clientSaw()).isEqualTo("K");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void endsACallAtTheStatementTimeout(boolean query) {
    stage.model.statementTimeout = "1.5";
    start(query);
    stage.playUntilCalled();
    stage.toClient.clear();

    stage.advanceTime(1_499);
    assertThat(stage.calls.get(0)).isNotDone();
    stage.advanceTime(1);

    assertThat(stage.calls.get(0)).isCancelled();
    stage.play();
    assertThat(stage.clientSaw()).isEqualTo("EZ");
    assertThat(stage.toClient.get(0).body())
        .contains("C57014\0Mcanceling statement due to statement timeout\0");
    servesTheNext();
  }

  @Test
  void forgetsTheTimeoutOfACallThatHasReturned() {
    stage.model.statementTimeout = "1.5";
    stage.clientSends(QUERY);
    stage.playUntilCalled();
    stage.returns();

    stage.advanceTime(2_000);
    stage.play();

    assertThat(stage.clientSaw()).isEqualTo("TDCZ");
  }

  @Test
  void drainsBehindTheCall() {
    stage.clientSends(QUERY);
    stage.playUntilCalled();

    stage.session.drain();
    stage.take();
    assertThat(stage.client.isOpen()).isTrue();
    stage.play();

    assertThat(stage.clientSaw()).isEqualTo("TDCZE");
    assertThat(lastToClient()).contains("VFATAL\0C57P01\0");
    assertThat(stage.client.isOpen()).isFalse();
  }

  @Test
  void terminatesWhileACallIsUnderWay() {
    stage.clientSends(QUERY);
    stage.playUntilCalled();

    stage.session.terminate();
    stage.take();

    assertThat(lastToClient()).contains("VFATAL\0C57P01\0");
    assertThat(stage.calls.get(0)).isCancelled();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void raisesWhatTheFunctionFailsWith(boolean query) {
    start(query);
    stage.playUntilCalled();
    stage.toClient.clear();
    stage.calls.get(0).complete(new InvokeAnswer.Failure(new SqlError("XX000", "no", null, null)));
    stage.take();
    stage.play();

    assertThat(stage.clientSaw()).isEqualTo("EZ");
    assertThat(stage.toClient.get(0).body())
        .contains("CXX000\0Mno\0", "WSQL function \"invoke\" statement 1\0");
    servesTheNext();
  }

  @Test
  void warnsBeforeTheRow() {
    stage.clientSends(QUERY);
    stage.playUntilCalled();
    InvocationResult result = ((InvokeAnswer.Row) DirectStage.answer()).result();
    SqlError warning = new SqlError("01000", "careful", null, null);
    stage.calls.get(0).complete(new InvokeAnswer.Row(result, warning));
    stage.take();
    stage.play();

    assertThat(stage.clientSaw()).isEqualTo("TNDCZ");
    assertThat(stage.toClient.get(1).body())
        .contains("Mcareful\0", "WSQL function \"invoke\" statement 1\0");
  }

  @Test
  void callsNothingIfThePlanDoesNotReachTheCall() {
    stage.model.plan = ", \"One-Time Filter\": \"false\"";
    stage.clientSends(QUERY);
    stage.play();

    assertThat(stage.calls).isEmpty();
    assertThat(stage.clientSaw()).endsWith("CZ").doesNotContain("E");
  }

  /** Its Parse passes, and what the server says to it; the prepared one is not executed. */
  @Test
  void callsNothingForARoleThatIsNotTrusted() {
    stage.model.trusted = false;
    stage.clientSends(QUERY);
    stage.play();
    assertThat(stage.toServer.get(stage.toServer.size() - 1).body()).isEqualTo(CALL + "\0");
    stage.model.trusted = true;
    stage.clientSends(PARSE, SYNC);
    stage.play();
    stage.model.trusted = false;
    stage.toClient.clear();

    stage.clientSends(BIND, EXECUTE, SYNC);
    stage.play();

    assertThat(stage.clientSaw()).isEqualTo("2EZ");
    assertThat(stage.toClient.get(1).body()).contains("C3F000\0");
    assertThat(stage.calls).isEmpty();
  }

  /** However many there are, what is sent for each does not grow with what stands before it. */
  @Test
  void sendsEachStatementOfATextAlone() {
    stage.clientSends(message(new Query((CALL + ";").repeat(40))));
    stage.play();

    assertThat(stage.calls).hasSize(40);
    assertThat(stage.toServer.stream().filter(sent -> sent.body().contains(" ".repeat(50))))
        .isEmpty();
  }

  /** A Query would end the unnamed statement; a Parse of another name does not. */
  @Test
  void leavesTheUnnamedStatementAlone() {
    stage.clientSends(message(new Parse("", "SELECT 1", List.of())), PARSE, BIND, EXECUTE, SYNC);
    stage.play();
    assertThat(stage.clientSaw()).isEqualTo("112DCZ");
    assertThat(stage.model.knows("")).isTrue();
    stage.toClient.clear();

    stage.clientSends(message(Bind.EMPTY), EXECUTE, SYNC);
    stage.play();
    assertThat(stage.clientSaw()).isEqualTo("2DCZ");
    assertThat(stage.calls).as("calls").hasSize(1);
  }

  @Test
  void forgetsAnUnnamedStatementThatAnotherReplaces() {
    byte[] bind = message(Bind.EMPTY);
    stage.clientSends(message(new Parse("", CALL, List.of())), bind, EXECUTE, SYNC);
    stage.play();
    assertThat(stage.calls).hasSize(1);
    stage.toServer.clear();

    stage.clientSends(message(new Parse("", "SELECT 1", List.of())), bind, EXECUTE, SYNC);
    stage.play();

    assertThat(stage.calls).hasSize(1);
    assertThat(stage.clientSaw()).isEqualTo("12DCZ12DCZ");
  }

  @Test
  void refusesAWrongNumberOfParameters() {
    stage.clientSends(
        PARSE, message(new Bind("", "s", List.of(), row("").values(), List.of())), EXECUTE, SYNC);
    stage.play();

    assertThat(stage.clientSaw()).isEqualTo("1EZ");
    assertThat(stage.toClient.get(1).body())
        .contains(
            "C08P01\0Mbind message supplies 1 parameters, but prepared statement \"s\" requires"
                + " 0\0");
    assertThat(stage.calls).isEmpty();
  }

  @Test
  void servesTheStatementsThatItKnowsWhenThereAreTooMany() {
    for (int i = 0; i < 1_000; i++) {
      stage.clientSends(message(FrontendMessage.PARSE, "s" + i + "\0" + CALL + "\0\0\0"), SYNC);
      stage.play();
      stage.toClient.clear();
      stage.toServer.clear();
    }
    stage.clientSends(PARSE);
    assertThat(sent()).as("one more: as it is").isEqualTo("P");
    stage.play();

    stage.clientSends(message(new Bind("", "s7", List.of(), List.of(), List.of())), EXECUTE, SYNC);
    stage.clientSends(message(new Bind("", "s8", List.of(), List.of(), List.of())), EXECUTE, SYNC);
    stage.play();

    assertThat(stage.clientSaw()).isEqualTo("12DCZ2DCZ");
    assertThat(stage.calls).hasSize(2);
  }

  private void start(boolean query) {
    if (query) {
      stage.clientSends(QUERY);
    } else {
      stage.clientSends(PARSE, BIND, EXECUTE, SYNC);
    }
  }

  private void servesTheNext() {
    stage.toClient.clear();
    stage.clientSends(QUERY);
    stage.play();
    assertThat(stage.clientSaw()).isEqualTo("TDCZ");
  }

  private boolean cancel() {
    boolean[] cancelled = new boolean[1];
    stage.session.cancelLocalExecution(was -> cancelled[0] = was);
    stage.take();
    return cancelled[0];
  }

  private String sent() {
    return DirectStage.types(stage.toServer);
  }

  private String lastToClient() {
    return stage.toClient.get(stage.toClient.size() - 1).body();
  }

  private static BackendKeyData key(int... secret) {
    ByteBuffer bytes = ByteBuffer.allocate(secret.length);
    IntStream.of(secret).forEach(each -> bytes.put((byte) each));
    return new BackendKeyData(7, bytes.flip());
  }
}
