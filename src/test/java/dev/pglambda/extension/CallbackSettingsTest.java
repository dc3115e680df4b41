package dev.pglambda.extension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CallbackSettingsTest {
  private static final String INSTALLATION = "0123456789abcdef".repeat(2);
  private static final String PASSWORD = "the-link-password";
  private static final KeyPads PADS = new KeyPads("0f".repeat(64), "1e".repeat(64));

  private static CallbackSettings settings(
      @Nullable String host, int port, String installation, String password) {
    return new CallbackSettings(host, port, false, installation, password, PADS, PADS);
  }

  @Test
  void takesKeyPadsAsBytes() {
    // Given
    byte[] inner = new byte[64];
    Arrays.fill(inner, (byte) 0xfe);

    // When
    KeyPads pads = KeyPads.of(inner, new byte[64]);

    // Then
    assertThat(pads).isEqualTo(new KeyPads("fe".repeat(64), "00".repeat(64)));
  }

  @Test
  void showsNoKey() {
    assertThat(settings("proxy", 5433, INSTALLATION, PASSWORD).toString())
        .isEqualTo("CallbackSettings[host=proxy, port=5433, installation=" + INSTALLATION + "]");
    assertThat(PADS.toString()).isEqualTo("KeyPads");
  }

  @Test
  void refusesWhatIsMalformedWithoutShowingAKey() {
    assertThatThrownBy(() -> settings("pro xy", 5433, INSTALLATION, PASSWORD))
        .hasMessage("callback host: pro xy (expected: visible ASCII)");
    assertThatThrownBy(() -> settings(null, 0, INSTALLATION, PASSWORD))
        .hasMessage("callback port: 0 (expected: 1 to 65535)");
    assertThatThrownBy(() -> settings(null, 5433, INSTALLATION + "0", PASSWORD))
        .hasMessage("installation: not 32 lower-case hexadecimal digits");
    for (String password : new String[] {"pass word", "pass'word", "pass\\word", ""}) {
      assertThatThrownBy(() -> settings(null, 5433, INSTALLATION, password))
          .hasMessage("link password: not letters, digits and hyphens");
    }
    assertThatThrownBy(() -> new KeyPads("0f".repeat(64), "0f".repeat(65)))
        .hasMessage("HMAC key pads: not 128 lower-case hexadecimal digits");
  }
}
