package dev.pglambda.intercept.direct;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Plans as PostgreSQL 15 prints them. */
class PlanOutlineTest {
  private static final List<String> SELECT =
      List.of("Nested Loop Left Join", "  Output: $0, $1", "  Join Filter: false");

  private static final List<String> NOTHING =
      List.of("Result", "  Output: $0", "  One-Time Filter: false");

  private static final List<String> INSERT =
      List.of("Insert on public.log", "  ->  Result", "        Output: $0");

  private static final List<String> INSERT_NOTHING =
      List.of(
          "Insert on public.log",
          "  ->  Result",
          "        Output: $0",
          "        One-Time Filter: false");

  private static final List<String> WITH_INSERT =
      List.of(
          "Nested Loop Left Join",
          "  Output: $1",
          "  CTE done",
          "    ->  Insert on public.log",
          "          ->  Result");

  @Test
  void reachesTheCallsOfAnyOtherPlan() {
    assertThat(outline(SELECT, false).reachesCalls()).isTrue();
    assertThat(outline(SELECT, true).reachesCalls()).isTrue();
    assertThat(outline(INSERT, false).reachesCalls()).isTrue();
    assertThat(outline(List.of(), false).reachesCalls()).isTrue();
  }

  @Test
  void reachesNothingBehindAConditionThatIsFalse() {
    assertThat(outline(NOTHING, false).reachesCalls()).isFalse();
    assertThat(outline(INSERT_NOTHING, false).reachesCalls()).isFalse();
  }

  @Test
  void reachesNothingBehindNodesThatHaveNoRows() {
    List<String> plan =
        List.of(
            "Limit",
            "  Output: $0",
            "  CTE done",
            "    ->  Insert on pg_temp.log",
            "          ->  Result",
            "  InitPlan 2 (returns $0)",
            "    ->  Result",
            "          Output: $2",
            "  ->  WindowAgg",
            "        Output: count(*) OVER (?)",
            "        ->  Result",
            "              One-Time Filter: false");
    List<String> unknown = List.of("Result", "  One-Time Filter: NULL::boolean", "  ->  Result");

    assertThat(outline(plan, false).reachesCalls()).isFalse();
    assertThat(outline(unknown, false).reachesCalls()).isFalse();
  }

  @Test
  void reachesTheCallIfOnlyAPartOfThePlanIsEmpty() {
    List<String> plan =
        List.of("Append", "  ->  Result", "        One-Time Filter: false", "  ->  Result");

    assertThat(outline(plan, false).reachesCalls()).isTrue();
  }

  @Test
  void writesNothingInAReadOnlyTransactionButTemporaryTables() {
    List<String> temporary = List.of("Insert on pg_temp.log", "  ->  Result");
    List<String> numbered = List.of("Insert on pg_temp_3.log", "  ->  Result");

    assertThat(outline(INSERT, true).reachesCalls()).isFalse();
    assertThat(outline(WITH_INSERT, true).reachesCalls()).isFalse();
    assertThat(outline(WITH_INSERT, false).reachesCalls()).isTrue();
    assertThat(outline(temporary, true).reachesCalls()).isTrue();
    assertThat(outline(numbered, true).reachesCalls()).isTrue();
    assertThat(new PlanOutline(SELECT, true, true).reachesCalls()).isFalse();
    assertThat(new PlanOutline(SELECT, false, true).reachesCalls()).isTrue();
  }

  @Test
  void knowsWhatWrites() {
    assertThat(outline(INSERT, false).writes()).isTrue();
    assertThat(outline(WITH_INSERT, false).writes()).isTrue();
    assertThat(outline(SELECT, false).writes()).isFalse();
    assertThat(outline(List.of(), false).writes()).isFalse();
  }

  private static PlanOutline outline(List<String> lines, boolean readOnly) {
    return new PlanOutline(lines, readOnly, false);
  }
}
