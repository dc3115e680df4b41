package dev.pglambda.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ReplacementTest {

  @Test
  void changesNothingButTheParts() {
    List<Replacement> replacements =
        List.of(
            new Replacement(0, 1, "A"),
            new Replacement(1, 1, "<"),
            new Replacement(1, 1, ">"),
            new Replacement(3, 5, ""),
            new Replacement(6, 6, "!"));

    assertThat(Replacement.splice("abc\u00e9\u0080f", replacements)).isEqualTo("A<>bcf!");
    assertThat(Replacement.splice("abc\u00e9", List.of())).isEqualTo("abc\u00e9");
  }

  @Test
  void refusesOffsetsThatOverlapOrLieOutside() {
    assertRefused(new Replacement(0, 2, ""), new Replacement(1, 3, ""));
    assertRefused(new Replacement(2, 1, ""));
    assertRefused(new Replacement(-1, 1, ""));
    assertRefused(new Replacement(2, 4, ""));
  }

  private static void assertRefused(Replacement... replacements) {
    assertThatThrownBy(() -> Replacement.splice("abc", List.of(replacements)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected: ascending");
  }
}
