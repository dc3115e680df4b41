package dev.pglambda.callback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CallbackParameterTest {
  private static final CallbackSecret SECRET = Worker.SECRET;

  @Test
  void signsHostPortAndSession() {
    String value = new CallbackParameter("proxy.internal", 5433, "abc").signedWith(SECRET);

    assertThat(value)
        .isEqualTo(
            "proxy.internal|5433|abc|"
                + WorkerProof.hex(
                    SECRET.innerKeyPad(),
                    SECRET.outerKeyPad(),
                    "callback proxy.internal|5433|abc"));
  }

  @Test
  void leavesTheHostEmptyWhereTheServerIsToUseTheClientsAddress() {
    assertThat(CallbackParameter.ofNewSession("", 5433).signedWith(SECRET))
        .matches("\\|5433\\|[0-9a-f]{32}\\|[0-9a-f]{64}");
  }

  @Test
  void givesEachSessionATokenOfItsOwn() {
    assertThat(CallbackParameter.ofNewSession("", 5433).session())
        .isNotEqualTo(CallbackParameter.ofNewSession("", 5433).session());
  }

  @ParameterizedTest
  @ValueSource(strings = {"a|b", "a b", "a\0b", "é"})
  void refusesAHostThatWouldChangeTheMeaningOfTheValue(String host) {
    assertThatIllegalArgumentException().isThrownBy(() -> CallbackParameter.ofNewSession(host, 1));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 65536})
  void refusesAPortThatIsNone(int port) {
    assertThatIllegalArgumentException().isThrownBy(() -> CallbackParameter.ofNewSession("", port));
  }
}
