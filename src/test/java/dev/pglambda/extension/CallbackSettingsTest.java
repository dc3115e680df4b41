package dev.pglambda.extension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class CallbackSettingsTest {
  private static final String PASSWORD = "the-link-password";
  private static final String PAD = "0f".repeat(64);

  @Test
  void takesKeyPadsAsOctets() {
    // Given
    byte[] inner = new byte[64];
    Arrays.fill(inner, (byte) 0xfe);

    // When
    CallbackSettings settings = CallbackSettings.of(null, 5433, PASSWORD, inner, new byte[64]);

    // Then
    assertThat(settings)
        .isEqualTo(new CallbackSettings(null, 5433, PASSWORD, "fe".repeat(64), "00".repeat(64)));
  }

  @Test
  void showsNoKey() {
    CallbackSettings settings = new CallbackSettings("proxy", 5433, PASSWORD, PAD, PAD);

    assertThat(settings.toString()).isEqualTo("CallbackSettings[host=proxy, port=5433]");
  }

  @Test
  void refusesWhatIsMalformedWithoutShowingAKey() {
    assertThatThrownBy(() -> new CallbackSettings("pro xy", 5433, PASSWORD, PAD, PAD))
        .hasMessage("callback host: pro xy (expected: visible ASCII)");
    assertThatThrownBy(() -> new CallbackSettings(null, 0, PASSWORD, PAD, PAD))
        .hasMessage("callback port: 0 (expected: 1 to 65535)");
    assertThatThrownBy(() -> new CallbackSettings(null, 5433, "pass word", PAD, PAD))
        .hasMessage("link password: not visible ASCII");
    assertThatThrownBy(() -> new CallbackSettings(null, 5433, PASSWORD, PAD, PAD + "0f"))
        .hasMessage("HMAC key pads: not 128 lower-case hexadecimal digits");
  }
}
