package dev.pglambda.limits;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.limits.ReadControl.Reason;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReadControlTest {
  private final EmbeddedChannel channel = new EmbeddedChannel();

  @AfterEach
  void close() {
    channel.finishAndReleaseAll();
  }

  @Test
  void readsAChannelWhenTheLastReasonAgainstItHasGone() {
    ReadControl control = ReadControl.of(channel);

    control.set(Reason.PEER_FULL, true);
    control.set(Reason.HELD, true);
    control.set(Reason.PEER_FULL, false);
    assertThat(channel.config().isAutoRead()).isFalse();

    control.set(Reason.HELD, false);
    assertThat(channel.config().isAutoRead()).isTrue();
  }

  @Test
  void countsAReasonOnceHoweverOftenItIsGiven() {
    ReadControl control = ReadControl.of(channel);

    control.set(Reason.PEER_FULL, true);
    control.set(Reason.PEER_FULL, true);
    control.set(Reason.PEER_FULL, false);

    assertThat(control.has(Reason.PEER_FULL)).isFalse();
    assertThat(channel.config().isAutoRead()).isTrue();
  }

  @Test
  void isOneForEachChannel() {
    ReadControl.of(channel).set(Reason.HELD, true);

    assertThat(ReadControl.of(channel).has(Reason.HELD)).isTrue();
  }

  @Test
  void readsAChannelThatWasOpenedWithoutAutoReadOnlyWhenItHasStarted() {
    channel.config().setAutoRead(false);
    ReadControl control = ReadControl.of(channel);

    control.set(Reason.PEER_FULL, true);
    control.set(Reason.PEER_FULL, false);
    assertThat(channel.config().isAutoRead()).isFalse();

    control.set(Reason.STARTUP, false);
    assertThat(channel.config().isAutoRead()).isTrue();
  }

  @Test
  void readsAChannelThatEndsWhateverReasonsThereAre() {
    ReadControl control = ReadControl.of(channel);
    control.set(Reason.PEER_FULL, true);

    control.readToEnd();
    control.set(Reason.HELD, true);
    control.set(Reason.STARTUP, false);

    assertThat(channel.config().isAutoRead()).isTrue();
  }
}
