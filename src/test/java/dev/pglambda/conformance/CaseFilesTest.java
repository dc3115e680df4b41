package dev.pglambda.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for all of the project's case files. */
class CaseFilesTest {
  private static final int MOST_LINES = 200;

  static List<Path> files() {
    return CaseFile.files(CaseFile.DIRECTORY);
  }

  @ParameterizedTest
  @MethodSource("files")
  void isShortEnoughToBeReadAtOnce(Path file) throws IOException {
    assertThat(Files.readAllLines(file)).hasSizeLessThanOrEqualTo(MOST_LINES);
  }

  @ParameterizedTest
  @MethodSource("files")
  void expectsTheSameWhenItsAnswersAreWrittenAgain(Path file) throws IOException {
    String text = Files.readString(file);
    CaseFile before = CaseParser.parse("f.case", text);
    Map<Integer, List<Expectation>> answers =
        before.steps().stream().collect(Collectors.toMap(Step::line, Step::expectations));

    CaseFile after = CaseParser.parse("f.case", CaseWriter.write(text, answers));

    assertThat(headOf(after)).isEqualTo(headOf(before));
    assertThat(after.steps().stream().map(CaseFilesTest::comparable).toList())
        .isEqualTo(before.steps().stream().map(CaseFilesTest::comparable).toList());
  }

  /** The case without its statements. */
  private static CaseFile headOf(CaseFile file) {
    return new CaseFile(
        file.file(),
        file.title(),
        file.minVersion(),
        file.maxVersion(),
        file.protocol(),
        file.binaryResults(),
        file.role(),
        file.roles(),
        file.setup(),
        file.teardown(),
        file.endpointUnreachable(),
        file.proxyArguments(),
        file.outOfRange(),
        file.lambda(),
        List.of());
  }

  /** A step wherever it stands: answers on one line each are shorter. */
  private static List<Object> comparable(Step step) {
    return List.of(
        step.sql(), "" + step.parameters(), "" + step.outOfRange(), "" + step.expectations());
  }
}
