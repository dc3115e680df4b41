package dev.pglambda.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HelpTest {

  @Test
  void listsEveryOptionWithVariableAndDefault() {
    String help = Help.text();

    for (Option option : Option.values()) {
      int start = help.indexOf("\n      " + option.optionName());
      assertThat(start).as(option.optionName()).isPositive();
      int end = help.indexOf("\n      --", start + 1);
      String part = end < 0 ? help.substring(start) : help.substring(start, end);
      assertThat(part.replaceAll("\\s+", "")).contains(option.meaning().replace(" ", ""));
      if (option.variable() != null) {
        assertThat(part).contains("variable " + option.variable());
      }
      if (option.defaultText() != null) {
        assertThat(part).contains("default " + option.defaultText());
      }
    }
  }

  @Test
  void fitsATerminalOfAHundredColumns() {
    assertThat(Help.text().lines()).allSatisfy(line -> assertThat(line).hasSizeLessThan(101));
  }
}
