package dev.pglambda.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CaseRecordingTest {
  private static final Variant SIMPLE = new Variant(Mode.SIMPLE, Role.SUPERUSER);
  private static final Variant EXTENDED = new Variant(Mode.EXTENDED, Role.SUPERUSER);

  private static final String TEXT =
      """
      title: A case
      # Why.
      > SELECT 1
      < DataRow *
      < ReadyForQuery I

      # What follows has no answer yet.
      > SELECT 2,
        3

      > COPY t FROM STDIN
      < CopyInResponse
      copy: a line
      # Of the answer.
      < CommandComplete COPY 0
      < ReadyForQuery I
      """;

  private final CaseFile caseFile = CaseParser.parse("f.case", TEXT, true);
  private final CaseRecording recording = new CaseRecording(caseFile);

  private void answer(int version, Variant variant, int step, String... lines) {
    List<TranscriptLine> answer =
        Stream.of(lines).map(line -> ExpectationLine.parse(" " + line).line()).toList();
    recording.add(version, variant, caseFile.steps().get(step), answer);
  }

  @Test
  void leavesWhatIsAnsweredAsExpected() {
    answer(18, SIMPLE, 0, "DataRow 5", "ReadyForQuery I");

    assertThat(recording.rewrite(TEXT)).isEqualTo(TEXT);
  }

  @Test
  void writesAnAnswerBehindItsStatement() {
    answer(18, SIMPLE, 1, "DataRow 2 3", "ReadyForQuery I");

    assertThat(recording.rewrite(TEXT))
        .isEqualTo(TEXT.replace("  3\n", "  3\n< DataRow 2 3\n< ReadyForQuery I\n"));
  }

  @Test
  void keepsWildcardsAndWhatIsCopiedIn() {
    answer(18, SIMPLE, 0, "DataRow 5", "CommandComplete SELECT 1", "ReadyForQuery I");
    answer(18, SIMPLE, 2, "CopyInResponse", "CommandComplete COPY 1", "ReadyForQuery I");

    assertThat(recording.rewrite(TEXT))
        .contains("< DataRow *\n< CommandComplete SELECT 1\n< ReadyForQuery I\n")
        .contains("< CopyInResponse\ncopy: a line\n< CommandComplete COPY 1\n< ReadyForQuery I\n");
  }

  @Test
  void saysForWhichRunsALineIs() {
    for (Variant variant : List.of(SIMPLE, EXTENDED)) {
      answer(12, variant, 1, "DataRow 2 3", "CommandComplete SELECT 1", "ReadyForQuery I");
      answer(15, variant, 1, "DataRow 2 4", "CommandComplete SELECT 1", "ReadyForQuery I");
      answer(18, variant, 1, "DataRow 2 4", "CommandComplete SELECT 1", "ReadyForQuery I");
    }

    assertThat(recording.rewrite(TEXT))
        .contains(
            """
              3
            <[-12] DataRow 2 3
            <[15-] DataRow 2 4
            < CommandComplete SELECT 1
            < ReadyForQuery I
            """);
  }

  @Test
  void refusesWhatNoConditionTellsApart() {
    answer(18, SIMPLE, 1, "DataRow 1 3", "ReadyForQuery I");
    answer(18, SIMPLE, 1, "DataRow 2 3", "ReadyForQuery I");

    assertThatThrownBy(() -> recording.rewrite(TEXT))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("f.case:8: no condition tells the runs apart");
  }
}
