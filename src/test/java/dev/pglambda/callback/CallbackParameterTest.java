package dev.pglambda.callback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CallbackParameterTest {
  private static final HmacKey KEY = Worker.SECRET.callbackKey();

  @Test
  void signsHostPortAndSession() {
    String value = new CallbackParameter("proxy.internal", 5433, "abc", false).signedWith(KEY);

    assertThat(value)
        .isEqualTo(
            "proxy.internal|5433|abc|"
                + WorkerProof.hex(
                    KEY.innerPad(), KEY.outerPad(), "callback proxy.internal|5433|abc"));
  }

  @Test
  void saysInTheSessionsNameThatTheProxyHasTls() {
    String value = new CallbackParameter("proxy.internal", 5433, "abc", true).signedWith(KEY);

    assertThat(value)
        .isEqualTo(
            "proxy.internal|5433|tls.abc|"
                + WorkerProof.hex(
                    KEY.innerPad(), KEY.outerPad(), "callback proxy.internal|5433|tls.abc"));
    assertThat(CallbackParameter.token("tls.abc")).isEqualTo("abc");
    assertThat(CallbackParameter.token("abc")).isEqualTo("abc");
  }

  @ParameterizedTest
  @CsvSource({"10.0.0.5, ?10.0.0.5", "::1, ?0:0:0:0:0:0:0:1", "fe80::1%1, ?fe80:0:0:0:0:0:0:1"})
  void marksTheProxysOwnAddressWhichCountsForASessionFromThereAlone(String address, String host)
      throws UnknownHostException {
    assertThat(
            CallbackParameter.ofAddress(InetAddress.getByName(address), 5433, "abc", false)
                .signedWith(KEY))
        .startsWith(host + "|5433|abc|");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a|b", "a b", "a\0b", "é"})
  void refusesAHostThatWouldChangeTheMeaningOfTheValue(String host) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new CallbackParameter(host, 1, "abc", false));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 65536})
  void refusesAPortThatIsNone(int port) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new CallbackParameter("", port, "abc", false));
  }
}
