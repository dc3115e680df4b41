package dev.pglambda.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ConfigurationDocumentTest {

  @Test
  void describesEveryOptionAsTheHelpDoesAndNoOther() throws IOException {
    List<String> rows =
        Files.readAllLines(Path.of("docs/configuration.md")).stream()
            .filter(line -> line.startsWith("| `--"))
            .toList();

    assertThat(rows)
        .containsExactlyElementsOf(
            Arrays.stream(Option.values()).map(ConfigurationDocumentTest::row).toList());
  }

  private static String row(Option option) {
    String label = option.label() == null ? "" : " " + option.label().replace("|", "\\|");
    return "| `"
        + option.optionName()
        + label
        + "` | "
        + code(option.variable())
        + " | "
        + code(option.defaultText())
        + " | "
        + option.meaning()
        + " |";
  }

  private static String code(@Nullable String text) {
    return text == null ? "" : "`" + text + "`";
  }

  @Test
  void namesEveryVariableOfOursOnlyWhereItExists() throws IOException {
    String document = Files.readString(Path.of("docs/configuration.md"));
    List<String> variables =
        Arrays.stream(Option.values()).map(Option::variable).filter(Objects::nonNull).toList();

    assertThat(Pattern.compile("PGLAMBDA_[A-Z_]+").matcher(document).results())
        .allSatisfy(match -> assertThat(variables).contains(match.group()));
  }
}
