package dev.pglambda.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

class LeakCheckTest {

  /** The examples run only from here, however the tests were selected. */
  private static volatile boolean examplesRun;

  @Test
  void failsAClassThatDoesNotReleaseAPooledBuffer() {
    TestExecutionSummary summary = run(LeaksPooledBuffer.class);

    assertThat(summary.getTestsSucceededCount()).isEqualTo(1);
    assertThat(summary.getFailures())
        .singleElement()
        .satisfies(
            failure ->
                assertThat(failure.getException())
                    .hasMessageContaining("1 leaks found after")
                    .hasMessageContaining("LeaksPooledBuffer.makesABuffer"));
  }

  @Test
  void failsAClassThatDoesNotReleaseAnUnpooledBuffer() {
    TestExecutionSummary summary = run(LeaksUnpooledBuffer.class);

    assertThat(summary.getFailures())
        .singleElement()
        .satisfies(
            failure ->
                assertThat(failure.getException())
                    .hasMessageContaining("LeaksUnpooledBuffer.makesABuffer"));
  }

  @Test
  void passesAClassThatReleasesItsBuffers() {
    TestExecutionSummary summary = run(ReleasesBuffer.class);

    assertThat(summary.getTestsSucceededCount()).isEqualTo(1);
    assertThat(summary.getFailures()).isEmpty();
  }

  private static TestExecutionSummary run(Class<?> example) {
    SummaryGeneratingListener listener = new SummaryGeneratingListener();
    examplesRun = true;
    try {
      LauncherFactory.create()
          .execute(
              LauncherDiscoveryRequestBuilder.request().selectors(selectClass(example)).build(),
              listener);
    } finally {
      examplesRun = false;
    }
    return listener.getSummary();
  }

  static boolean examplesRun() {
    return examplesRun;
  }

  private static final String EXAMPLES_RUN = "dev.pglambda.testing.LeakCheckTest#examplesRun";

  @EnabledIf(EXAMPLES_RUN)
  static class LeaksPooledBuffer {
    @Test
    void makesABuffer() {
      make(PooledByteBufAllocator.DEFAULT);
    }
  }

  @EnabledIf(EXAMPLES_RUN)
  static class LeaksUnpooledBuffer {
    @Test
    void makesABuffer() {
      make(UnpooledByteBufAllocator.DEFAULT);
    }
  }

  @EnabledIf(EXAMPLES_RUN)
  static class ReleasesBuffer {
    @Test
    void makesABuffer() {
      make(PooledByteBufAllocator.DEFAULT).release();
    }
  }

  private static ByteBuf make(ByteBufAllocator allocator) {
    return allocator.directBuffer(16).writeByte(1);
  }
}
