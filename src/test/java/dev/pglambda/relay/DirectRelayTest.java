package dev.pglambda.relay;

import static dev.pglambda.relay.DirectStage.BIND;
import static dev.pglambda.relay.DirectStage.DESCRIBE;
import static dev.pglambda.relay.DirectStage.EXECUTE;
import static dev.pglambda.relay.DirectStage.PARSE;
import static dev.pglambda.relay.DirectStage.QUERY;
import static dev.pglambda.relay.DirectStage.SYNC;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.intercept.direct.DirectCalls;
import org.junit.jupiter.api.Test;

class DirectRelayTest {
  private static DirectStage stage() {
    return new DirectStage(DirectCalls.Mode.AUTO);
  }

  @Test
  void servesAQuery() {
    try (DirectStage stage = stage()) {
      stage.clientSends(QUERY);
      stage.play();
      assertThat(stage.clientSaw()).isEqualTo("TDCZ");
      assertThat(stage.calls).hasSize(1);
    }
  }

  @Test
  void servesAPipeline() {
    try (DirectStage stage = stage()) {
      stage.clientSends(PARSE, BIND, DESCRIBE, EXECUTE, SYNC);
      stage.play();
      assertThat(stage.clientSaw()).isEqualTo("12TDCZ");
      assertThat(stage.calls).hasSize(1);
    }
  }
}
