package dev.pglambda.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.conformance.ConformanceReport.Outcome;
import org.junit.jupiter.api.Test;

class ConformanceReportTest {
  private final ConformanceReport report = new ConformanceReport();

  @Test
  void countsRunsByTheFirstWordOfTheCaseAndByVersion() {
    report.add("invoke-a", 18, Outcome.PASSED);
    report.add("invoke-a", 18, Outcome.PASSED);
    report.add("invoke-b-c", 18, Outcome.FAILED);
    report.add("invoke-b-c", 9, Outcome.NOT_APPLICABLE);
    report.add("alone", 18, Outcome.PASSED);

    assertThat(report.markdown())
        .isEqualTo(
            """
            4 runs of 3 cases: 3 passed, 1 failed. In the table: passed / failed / not for this version.

            | cases | files | 9 | 18 |
            | --- | --: | --: | --: |
            | `alone` | 1 | 0 / 0 / 0 | 1 / 0 / 0 |
            | `invoke-*` | 2 | 0 / 0 / 1 | 2 / 1 / 0 |
            | all | 3 | 0 / 0 / 1 | 3 / 1 / 0 |
            """);
  }

  @Test
  void saysThatNothingWasRun() {
    assertThat(report.markdown()).startsWith("0 runs of 0 cases: 0 passed, 0 failed.");
  }
}
