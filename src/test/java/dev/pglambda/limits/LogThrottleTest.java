package dev.pglambda.limits;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogThrottleTest {
  @ParameterizedTest
  @ValueSource(strings = {"\r\n", "\u001b", "\u009b", "\u0085", "\u2028", "\u202e", "\u2066\u007f"})
  void putsTextsOnOneLineThatTellsATerminalNothing(String control) {
    assertThat(LogThrottle.onOneLine("a" + control + "b")).isEqualTo("a b");
  }
}
