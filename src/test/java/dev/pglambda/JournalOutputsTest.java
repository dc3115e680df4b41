package dev.pglambda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.config.Config;
import dev.pglambda.testing.LogCapture;
import org.junit.jupiter.api.Test;

class JournalOutputsTest {
  private static final long HEAP = Runtime.getRuntime().maxMemory();

  @Test
  void warnsOfAJournalThatIsLargeForTheHeap() {
    try (LogCapture log = LogCapture.of(JournalOutputs.class)) {
      JournalOutputs.journal(new Config.KeptCalls(HEAP / 4, null, true));
      JournalOutputs.journal(new Config.KeptCalls(null, null, true));
      assertThat(log.lines()).isEmpty();

      JournalOutputs.journal(new Config.KeptCalls(HEAP / 2, null, true));
      assertThat(log.lines())
          .singleElement()
          .asString()
          .contains("--journal-size: %d MB (expected: at most".formatted((HEAP / 2) >> 20));
    }
  }
}
