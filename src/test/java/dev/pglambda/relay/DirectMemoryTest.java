package dev.pglambda.relay;

import static dev.pglambda.relay.DirectStage.BIND;
import static dev.pglambda.relay.DirectStage.EXECUTE;
import static dev.pglambda.relay.DirectStage.PARSE;
import static dev.pglambda.relay.DirectStage.QUERY;
import static dev.pglambda.relay.DirectStage.SYNC;
import static dev.pglambda.testing.Peer.message;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.config.DirectCallMode;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeAnswer;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Close;
import dev.pglambda.protocol.FrontendMessage.Query;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a session may hold for the calls that the proxy serves itself, and what is beyond it. */
class DirectMemoryTest {
  private static final int LIMIT = 1 << 20;
  private static final String OUT_OF_MEMORY = "SERROR\0VERROR\0C53200\0Mout of memory\0";

  private final MemoryBudget memory = new MemoryBudget(4L * LIMIT, LIMIT);
  private final DirectStage stage = new DirectStage(DirectCallMode.AUTO, memory);

  @AfterEach
  void close() {
    stage.close();
  }

  /** Its portal's name is long, so that the message is. */
  private static byte[] bind(String portal, int bytes) {
    return message(FrontendMessage.BIND, portal + "x".repeat(bytes) + "\0s\0\0\0\0\0\0\0");
  }

  @Test
  void holdsNothingBehindACall() {
    stage.clientSends(QUERY);
    stage.playUntilCalled();
    assertThat(memory.used()).isPositive();
    stage.play();
    assertThat(stage.clientSaw()).isEqualTo("TDCZ");
    assertThat(memory.used()).isZero();

    stage.clientSends(PARSE, BIND, EXECUTE, SYNC);
    stage.play();
    long statement = memory.used();
    stage.clientSends(BIND, EXECUTE, SYNC, BIND, EXECUTE, SYNC);
    stage.play();
    assertThat(memory.used()).as("the statement alone").isEqualTo(statement).isPositive();
    stage.clientSends(message(Close.statement("s")), SYNC);
    stage.play();
    assertThat(memory.used()).isZero();
  }

  @Test
  void refusesPortalsBeyondTheSessionsMemoryAndGoesOn() {
    stage.clientSends(PARSE);
    stage.model.status = 'T';
    stage.clientSends(SYNC);
    stage.play();
    stage.toClient.clear();
    for (int i = 0; i < 6; i++) {
      stage.clientSends(bind("portal" + i, 150_000));
      stage.play();
    }

    assertThat(stage.clientSaw()).startsWith("22").endsWith("E");
    assertThat(stage.toClient.get(stage.toClient.size() - 1).body()).startsWith(OUT_OF_MEMORY);
    assertThat(memory.used()).isBetween(300_000L, (long) LIMIT);

    stage.model.status = 'I';
    stage.clientSends(SYNC); // the transaction ends, and its portals with it
    stage.play();
    stage.toClient.clear();
    stage.clientSends(BIND, EXECUTE, SYNC);
    stage.play();
    assertThat(stage.clientSaw()).isEqualTo("2DCZ");
    assertThat(stage.calls).hasSize(1);
  }

  @Test
  void refusesABindThatCannotBeGatheredInItsPlace() {
    stage.clientSends(PARSE, SYNC);
    stage.play();
    stage.toClient.clear();

    stage.clientSends(bind("p", 2 * LIMIT), EXECUTE, SYNC, message(new Query("SELECT 1")));
    stage.play();

    assertThat(stage.clientSaw()).isEqualTo("EZCZ");
    assertThat(stage.toClient.get(0).body()).startsWith(OUT_OF_MEMORY);
    assertThat(stage.toServer.stream().mapToLong(each -> each.body().length()).max().orElseThrow())
        .as("the Bind did not reach the server")
        .isLessThan(LIMIT);
  }

  @Test
  void passesATextUnseenThatCannotBeGathered() {
    String text = "SELECT 1 -- aws_lambda.invoke" + "x".repeat(LIMIT * 2 / 3);
    stage.clientSends(message(new Query(text)));

    assertThat(stage.toServer).hasSize(1);
    assertThat(stage.toServer.get(0).body()).isEqualTo(text + "\0");
    stage.play();
    assertThat(stage.clientSaw()).isEqualTo("CZ");
    assertThat(memory.used()).isZero();
  }

  @Test
  void refusesAReplyThatDoesNotFit() {
    stage.clientSends(QUERY);
    stage.playUntilCalled();

    ByteBuffer payload = ByteBuffer.allocate(LIMIT + 1);
    stage
        .calls
        .get(0)
        .complete(
            new InvokeAnswer.Row(new InvocationResult(200, payload, "$LATEST", null, null), null));
    stage.play();

    assertThat(stage.clientSaw()).endsWith("EZ");
    assertThat(stage.toClient.get(stage.toClient.size() - 2).body()).startsWith(OUT_OF_MEMORY);
    assertThat(memory.used()).isZero();
  }

  @Test
  void refusesArgumentsThatDoNotFit() {
    stage.model.payload = "1".repeat(LIMIT);
    stage.clientSends(QUERY);
    stage.play();

    assertThat(stage.clientSaw()).endsWith("EZ");
    assertThat(stage.toClient.get(stage.toClient.size() - 2).body()).startsWith(OUT_OF_MEMORY);
    assertThat(stage.calls).isEmpty();
    assertThat(memory.used()).isZero();
  }

  @Test
  void refusesACallWhoseRequestDoesNotFit() {
    stage.model.payload = "1".repeat(LIMIT / 2 - 1000); // which is gathered, but not copied
    stage.clientSends(QUERY);
    stage.play();

    assertThat(stage.clientSaw()).endsWith("EZ");
    assertThat(stage.calls).isEmpty();
    assertThat(memory.used()).isZero();
    stage.model.payload = "{}";
    stage.toClient.clear();
    stage.clientSends(QUERY);
    stage.play();
    assertThat(stage.clientSaw()).isEqualTo("TDCZ");
  }

  @Test
  void holdsNothingOfACallThatIsCancelled() {
    stage.model.payload = "1".repeat(100_000);
    stage.clientSends(QUERY);
    stage.playUntilCalled();
    assertThat(memory.used()).isGreaterThan(300_000);

    stage.session.cancelLocalExecution(cancelled -> assertThat(cancelled).isTrue());
    stage.take();
    stage.play();

    assertThat(stage.clientSaw()).endsWith("EZ");
    assertThat(memory.used()).isZero();
  }
}
