package dev.pglambda.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the page's files may not say. */
class PageSourcesTest {
  private static final Path PAGE = Path.of("src/main/resources/dev/pglambda/admin/page");

  @Test
  void makesNoMarkupOfText() throws IOException {
    Pattern markup =
        Pattern.compile(
            "innerHTML|outerHTML|insertAdjacentHTML|document\\.write|createContextualFragment"
                + "|DOMParser|srcdoc|\\beval\\b|new Function|javascript:");

    assertThat(linesWith(markup)).isEmpty();
  }

  @Test
  void hasNoScriptOrStyleInItsMarkupAndNeedsNothingFromElsewhere() throws IOException {
    Pattern foreign =
        Pattern.compile(
            "<style|\\sstyle=|<script>|\\son[a-z]+=[\"']|[\"'(]//|https?://(?!www\\.w3\\.org/2000/svg)"
                + "|@import");

    assertThat(linesWith(foreign)).isEmpty();
  }

  private static List<String> linesWith(Pattern pattern) throws IOException {
    try (Stream<Path> files = Files.list(PAGE)) {
      return files
          .flatMap(file -> lines(file).filter(line -> pattern.matcher(line).find()))
          .toList();
    }
  }

  private static Stream<String> lines(Path file) {
    try {
      return Files.readAllLines(file).stream().map(line -> file.getFileName() + ": " + line);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
