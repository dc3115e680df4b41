package dev.pglambda.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SecretTest {

  @Test
  void keepsACopyAndGivesCopies() {
    byte[] bytes = new byte[32];
    Secret secret = new Secret(bytes);

    bytes[0] = 1;
    secret.bytes()[1] = 1;

    assertThat(secret.bytes()).containsOnly(0);
  }

  @Test
  void isEqualByItsBytes() {
    byte[] ones = new byte[32];
    Arrays.fill(ones, (byte) 1);

    assertThat(new Secret(new byte[32])).isEqualTo(new Secret(new byte[32]));
    assertThat(new Secret(new byte[32])).hasSameHashCodeAs(new Secret(new byte[32]));
    assertThat(new Secret(new byte[32])).isNotEqualTo(new Secret(ones));
  }

  @Test
  void refusesLessThan32Bytes() {
    assertThatThrownBy(() -> new Secret(new byte[31])).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void hidesItself() {
    byte[] letters = new byte[32];
    Arrays.fill(letters, (byte) 'x');

    assertThat(new Secret(letters).toString()).doesNotContain("x").doesNotContain("120");
  }
}
