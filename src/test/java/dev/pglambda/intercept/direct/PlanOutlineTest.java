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
  void reachesTheCallIfOnlyAPartOfThePlanIsEmpty() {
    List<String> plan =
        List.of("Append", "  ->  Result", "        One-Time Filter: false", "  ->  Result");

    assertThat(outline(plan, false).reachesCalls()).isTrue();
  }

  @Test
  void writesNothingInAReadOnlyTransactionButTemporaryTables() {
    List<String> temporary = List.of("Insert on pg_temp.log", "  ->  Result");

    assertThat(outline(INSERT, true).reachesCalls()).isFalse();
    assertThat(outline(temporary, true).reachesCalls()).isTrue();
    assertThat(new PlanOutline(SELECT, true, true).reachesCalls()).isFalse();
    assertThat(new PlanOutline(SELECT, false, true).reachesCalls()).isTrue();
  }

  @Test
  void knowsAnInsert() {
    assertThat(outline(INSERT, false).inserts()).isTrue();
    assertThat(outline(SELECT, false).inserts()).isFalse();
    assertThat(outline(List.of(), false).inserts()).isFalse();
  }

  private static PlanOutline outline(List<String> lines, boolean readOnly) {
    return new PlanOutline(lines, readOnly, false);
  }
}
