package dev.pglambda.sql;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NestedBlockTest {
  private static final String BLOCK =
      "DO $pglambda_do$\nBEGIN\n  x := 'a\\b`~';\nEND\n$pglambda_do$";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CREATE EXTENSION aws_lambda",
        "CREATE\n\nEXTENSION\r\naws_lambda -- comment",
        "CREATE EXTENSION aws_lambda VERSION $v$1.0$v$",
        "CREATE EXTENSION aws_lambda VERSION ''1.0''",
        "CREATE\\nEXTENSION aws_lambda VERSION \\'1.0\\'"
      })
  void meansTheSameInAllQuotesAndKeepsTheLines(String spelled) {
    String block = requireNonNull(NestedBlock.of(spelled, spelled, BLOCK));

    String own = block.replace(spelled, "");
    assertThat(own).doesNotContain("'", "\\", "$$", "\n", "\r").contains("`").hasSizeLessThan(1000);
    assertThat("$" + block + "$").startsWith("$DO ").doesNotContain("$$");
  }

  @Test
  void givesBackWhatItStandsFor() {
    String first = "CREATE\nEXTENSION aws_lambda VERSION $v$1.0$v$";
    String second = "CREATE EXTENSION aws_commons";
    String text =
        "\u00e9; %s; x; %s"
            .formatted(
                NestedBlock.of(first, first, BLOCK), NestedBlock.of(second, second, BLOCK + BLOCK));

    assertThat(Originals.in(text)).isEqualTo("\u00e9; %s; x; %s".formatted(first, second));
    assertThat(Originals.in("")).isEmpty();
    assertThat(Originals.in(first)).isEqualTo(first);
  }

  @Test
  void findsNothingInWhatIsCutOff() {
    String spelled = "CREATE EXTENSION aws_lambda";
    String block = requireNonNull(NestedBlock.of(spelled, spelled, BLOCK));

    for (int length = 0; length < block.length(); length++) {
      String cut = block.substring(0, length);
      assertThat(TextFormat.CURRENT.nestedBlock.find(cut)).isEmpty();
      assertThat(Originals.in(cut)).isEqualTo(cut);
    }
    assertThat(TextFormat.CURRENT.nestedBlock.find(block)).hasSize(1);
  }

  @Test
  void usesOtherCharactersThanTheBlockHas() {
    String all = "`~^@#?!&|{}[]<>*+%z\u0001\u0002\u0003\u0004";
    String four = all.substring(4);
    String spelled = "CREATE EXTENSION aws_lambda SCHEMA \"" + four + "\"";

    assertThat(NestedBlock.of(spelled, spelled, BLOCK.replaceAll("[`~]", "") + four))
        .contains("$pglambda$`~^@$pglambda$");
    assertThat(NestedBlock.of(spelled, spelled, BLOCK + all)).isNull();
  }

  @Test
  void doesNotStandForWhatHasItsOwnMarks() {
    for (String version : List.of("$pglambda$1.0$pglambda$", "$pglambda_x$1.0$pglambda_x$")) {
      String spelled = "CREATE EXTENSION aws_lambda VERSION " + version;
      assertThat(NestedBlock.of(spelled, spelled, BLOCK)).isNull();
    }
  }

  /** As PostgreSQL reads it: an escape can have become a mark. */
  @Test
  void doesNotStandForWhatHasItsMarksInEscapes() {
    String spelled = "CREATE EXTENSION aws_lambda SCHEMA \"\\x24pglambda$\"";

    assertThat(NestedBlock.of(spelled, spelled.replace("\\x24", "$"), BLOCK)).isNull();
    assertThat(NestedBlock.of(spelled, spelled.replace("\\x24pg", "x"), BLOCK)).isNotNull();
  }
}
