package dev.pglambda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The tests that docs/development/reliability.md names are there. */
class ReliabilityDocumentTest {
  private static final Path DOCUMENT = Path.of("docs", "development", "reliability.md");

  /** A test's class and method, and the file that the link leads to. */
  private static final Pattern LINK =
      Pattern.compile("\\[`(\\w+)#(\\w+)`]\\(\\.\\./\\.\\./(\\S+?)\\)");

  @Test
  void namesTestsThatExist() throws IOException {
    List<MatchResult> links = LINK.matcher(Files.readString(DOCUMENT)).results().toList();

    assertThat(links).hasSizeGreaterThan(100);
    for (MatchResult link : links) {
      Path file = Path.of(link.group(3));
      assertThat(file).as(link.group()).isRegularFile();
      assertThat(file.getFileName()).hasToString(link.group(1) + ".java");
      assertThat(Files.readString(file))
          .as(link.group())
          .containsPattern(
              "@(Test|ParameterizedTest)[^{;]*(\\{[^{}]*}[^{;]*)*\\bvoid " + link.group(2) + "\\(");
    }
  }

  /** A name of a test that is no link would not be checked. */
  @Test
  void linksEveryTestItNames() throws IOException {
    String withoutLinks = LINK.matcher(Files.readString(DOCUMENT)).replaceAll("");

    assertThat(withoutLinks).doesNotContainPattern("\\w+(Test|IT)#");
  }
}
