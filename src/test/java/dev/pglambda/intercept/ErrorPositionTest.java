package dev.pglambda.intercept;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import dev.pglambda.protocol.ErrorFields;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrorPositionTest {
  /** {@code aaaa; BBBB; cccc; DDDD; eeee} became {@code aaaa; bbbbbbbbb; cccc; dd; eeee}. */
  private static final List<ReplacedSpan> TWO =
      List.of(
          new ReplacedSpan(1, "CREATE EXTENSION", 6, 10, 9),
          new ReplacedSpan(3, "CREATE EXTENSION", 18, 22, 2));

  @ParameterizedTest
  @CsvSource({
    "1, 1", "6, 6", "7, 7", "8, 7", "15, 7", "16, 11", "18, 13", "24, 19", "26, 23", "28, 25"
  })
  void becomesThePositionInTheClientsText(String reported, String original) {
    ErrorFields error = error(reported);

    boolean changed = ErrorPosition.restore(error, TWO);

    assertThat(error.get(ErrorFields.POSITION)).isEqualTo(original);
    assertThat(changed).isEqualTo(!reported.equals(original));
  }

  @Test
  void staysWhereNothingWasRewritten() {
    ErrorFields error = error("99");

    assertThat(ErrorPosition.restore(error, null)).isFalse();
    assertThat(ErrorPosition.restore(error, List.of())).isFalse();
    assertThat(error.get(ErrorFields.POSITION)).isEqualTo("99");
  }

  @Test
  void isNotAddedToAnErrorWithoutOne() {
    ErrorFields error = error(null);

    assertThat(ErrorPosition.restore(error, TWO)).isFalse();
    assertThat(error.get(ErrorFields.POSITION)).isNull();
  }

  @Test
  void staysIfItIsNoNumber() {
    ErrorFields error = error("x");

    assertThat(ErrorPosition.restore(error, TWO)).isFalse();
    assertThat(error.get(ErrorFields.POSITION)).isEqualTo("x");
  }

  private static ErrorFields error(@Nullable String position) {
    return ErrorFields.fatal("42601", "syntax error").with(ErrorFields.POSITION, position);
  }
}
