package dev.pglambda.callback;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class CallbackProofTest {
  private static final Instant NOON = Instant.parse("2026-01-02T12:00:00Z");

  @Test
  void tellsWhatWasSeenLast() {
    CallbackProof proof = new CallbackProof(Clock.fixed(NOON, ZoneOffset.UTC));
    assertThat(proof).hasToString("unknown");

    assertThat(proof.failed("refused")).isTrue();
    assertThat(proof.failed("refused again")).isFalse();
    assertThat(proof).hasToString("failed: refused again");
    assertThat(proof.provenAt()).isNull();

    proof.proven();
    assertThat(proof).hasToString("proven at 2026-01-02T12:00:00Z");
    assertThat(proof.failure()).isNull();
  }
}
