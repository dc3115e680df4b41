package dev.pglambda.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.conformance.ConformanceReport.Outcome;
import org.junit.jupiter.api.Test;

class ConformanceReportTest {
  private final ConformanceReport report = new ConformanceReport();

  @Test
  void countsRunsByTheFirstWordOfTheCaseAndByVersion() {
    report.add("invoke-a", 18, CallingMode.EXTENSION, Outcome.PASSED);
    report.add("invoke-a", 18, CallingMode.EXTENSION, Outcome.PASSED);
    report.add("invoke-b-c", 18, CallingMode.EXTENSION, Outcome.FAILED);
    report.add("invoke-b-c", 9, CallingMode.EXTENSION, Outcome.NOT_APPLICABLE);
    report.add("alone", 18, CallingMode.EXTENSION, Outcome.PASSED);
    report.add("invoke-a", 18, CallingMode.ABSENT, Outcome.FAILED);

    assertThat(report.markdown())
        .startsWith(
            """
            # With the extension

            4 runs of 3 cases: 3 passed, 1 failed. In the table: passed / failed / not for this version.

            | cases | files | 9 | 18 |
            | --- | --: | --: | --: |
            | `alone` | 1 | 0 / 0 / 0 | 1 / 0 / 0 |
            | `invoke-*` | 2 | 0 / 0 / 1 | 2 / 1 / 0 |
            | all | 3 | 0 / 0 / 1 | 3 / 1 / 0 |

            # With the extension and direct calls (`always`)

            0 runs of 0 cases: 0 passed, 0 failed.\
            """)
        .contains(
            """
            # Without the extension, direct calls (`absent`)

            1 runs of 1 cases: 0 passed, 1 failed.\
            """);
  }

  @Test
  void listsWhatIsOutOfRangeOfDirectCalls() {
    String head = "title: t\nsetup: CREATE EXTENSION aws_lambda CASCADE\nlambda f => echo\n";
    String answer = "< ReadyForQuery I\n";
    report.addOutOfRange(
        CaseParser.parse("all.case", head + "direct: no, views\n> SELECT 1\n" + answer));
    report.addOutOfRange(
        CaseParser.parse(
            "one.case",
            head + "> SELECT 1\n" + answer + "> SELECT a\n  || b\ndirect: no, a cast\n" + answer));
    report.addOutOfRange(
        CaseParser.parse("none.case", "title: t\ndirect: no, no call\n> SELECT 1\n" + answer));

    assertThat(report.markdown())
        .endsWith(
            """
            | case | what | why |
            | --- | --- | --- |
            | all | the whole case | views |
            | one | line 6: `SELECT a \\|\\| b` | a cast |
            """);
  }

  @Test
  void saysThatNothingWasRun() {
    assertThat(report.markdown()).contains("0 runs of 0 cases: 0 passed, 0 failed.");
  }
}
