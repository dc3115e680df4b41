package dev.pglambda;

import static dev.pglambda.testing.Peer.concat;
import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.row;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.callback.CallbackProof;
import dev.pglambda.config.DirectCallMode;
import dev.pglambda.direct.plan.DirectCalls;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.BackendMessage.BindComplete;
import dev.pglambda.protocol.BackendMessage.CloseComplete;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.ParameterStatus;
import dev.pglambda.protocol.BackendMessage.ParseComplete;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.relay.DirectStage;
import dev.pglambda.relay.LocalExecution;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a first session's client is told, and what is believed, whatever the server answers. */
class CallbackTrialRepliesTest {
  private static final byte[] READY = message(new ReadyForQuery(ReadyForQuery.IDLE));
  private static final byte[] BEFORE_ROWS =
      message(new CloseComplete(), new ParseComplete(), new BindComplete());
  private static final byte[] BEHIND_ROWS =
      message(new CommandComplete("SELECT 1"), new CloseComplete(), new CloseComplete());
  private static final byte[] LIMITED = concat(BEFORE_ROWS, message(row("3000", "")), BEHIND_ROWS);
  private static final byte[] BLOCK = concat(BEFORE_ROWS, BEHIND_ROWS);
  private static final byte[] CLOSED = concat(message(new CloseComplete()), READY);
  private static final String ANSWERED = "22004\u0001it was refused: \u0001";
  private static final String NOT_REACHED = "08001\u0001refused: nobody listens\u0001a hint";

  private final CallbackProof proof = new CallbackProof(Clock.systemUTC());
  private final CallbackTrial trial =
      new CallbackTrial(
          LocalExecution.Provider.NONE,
          new DirectCalls(
              DirectCallMode.AUTO, role -> role, (arguments, origin) -> new CompletableFuture<>()),
          proof,
          new InetSocketAddress(NetUtil.LOCALHOST4, 5433),
          "127.0.0.1:5433",
          () -> 0);
  private final List<DirectStage> stages = new ArrayList<>();

  @AfterEach
  void close() {
    stages.forEach(DirectStage::close);
  }

  /** The first session of a role, whose server has just become ready. */
  private DirectStage ready(String role, MemoryBudget memory) {
    DirectStage stage = new DirectStage(trial, memory);
    stages.add(stage);
    stage.serverSends(
        message(
            new ParameterStatus("server_version", "15.2"),
            new ParameterStatus("session_authorization", role)));
    stage.toClient.clear();
    stage.serverSends(READY);
    return stage;
  }

  private DirectStage ready(String role) {
    return ready(role, MemoryBudget.unlimited());
  }

  private static void answer(DirectStage stage, String told) {
    byte[] outcome = concat(BEFORE_ROWS, message(row(told, "", "127.0.0.1")), BEHIND_ROWS);
    stage.serverSends(LIMITED, BLOCK, outcome, READY, CLOSED);
  }

  @Test
  void tellsTheClientAfterThreeSecondsAndPassesOnWhatItSends() {
    DirectStage stage = ready("ann");

    stage.advanceTime(2_999);
    assertThat(stage.clientSaw()).isEmpty();
    stage.advanceTime(1);
    assertThat(stage.clientSaw()).isEqualTo("Z");

    stage.clientSends(message(new Query("SELECT 1")));
    assertThat(stage.toServer.get(stage.toServer.size() - 1).type())
        .isEqualTo(FrontendMessage.QUERY);
    answer(stage, NOT_REACHED);
    assertThat(stage.clientSaw()).isEqualTo("Z");
    stage.serverSends(message(new CommandComplete("SELECT 1")), READY);
    assertThat(stage.clientSaw()).isEqualTo("ZCZ");
  }

  @Test
  void tellsTheClientOnceIfTheServerAnswersInTime() {
    DirectStage stage = ready("ann");

    answer(stage, "");
    stage.advanceTime(3_000);

    assertThat(stage.clientSaw()).isEqualTo("Z");
  }

  @Test
  void triesNothingWithoutMemory() {
    DirectStage stage = ready("ann", new MemoryBudget(100, 100));

    assertThat(stage.toServer).isEmpty();
    assertThat(stage.clientSaw()).isEqualTo("Z");
  }

  @Test
  void believesAFailureWhateverLinkWasAdmittedMeanwhile() {
    DirectStage stage = ready("ann");
    proof.proven(); // by another database

    answer(stage, NOT_REACHED);

    assertThat(proof).hasToString("failed: refused: nobody listens");
  }

  @Test
  void believesASuccessOnlyIfALinkWasAdmitted() {
    answer(ready("ann"), ANSWERED);

    assertThat(proof).hasToString("unknown");
  }

  @Test
  void asksARoleThatMayCallBehindOneThatMayNot() {
    answer(ready("ann"), "");
    DirectStage again = ready("ann");
    DirectStage other = ready("bob");

    assertThat(again.toServer).isEmpty();
    assertThat(other.toServer).isNotEmpty();
    answer(other, "");
  }
}
