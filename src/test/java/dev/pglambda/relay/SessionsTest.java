package dev.pglambda.relay;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SessionsTest {
  private final Sessions sessions = new Sessions();

  @Test
  void tellsThatASessionHasEnded() {
    // A call that reaches the proxy after its client has gone must not wait for nobody.
    assertThat(sessions.end(sessions.newToken())).isCompleted();
  }

  @Test
  void knowsNothingOfAnotherProxysSessions() {
    // Its calls come here where several proxies share an address, and must be made.
    assertThat(sessions.end(new Sessions().newToken())).isNull();
  }

  @Test
  void givesEverySessionATokenOfItsOwn() {
    Set<String> tokens = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      tokens.add(sessions.newToken());
    }

    assertThat(tokens).hasSize(1000).allMatch(token -> token.matches("[0-9a-f]{32}"));
  }
}
