package dev.pglambda.direct.plan;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Plans as PostgreSQL 15 prints them, without what is of no interest. */
class ExplainOutputTest {
  private static final String RESULT = "{'Node Type': 'Result', 'Output': ['$0']}";
  private static final String NEVER =
      "{'Node Type': 'Result', 'Parent Relationship': 'Outer', 'Output': ['$0'],"
          + " 'One-Time Filter': 'false'}";
  private static final String LOOP =
      "{'Node Type': 'Nested Loop', 'Join Type': 'Left', 'Output': ['$0', '$1'],"
          + " 'Join Filter': 'false', 'Plans': [%s, %s]}";
  private static final String SELECT = LOOP.formatted(RESULT, RESULT);

  private static String insert(String schema, String child) {
    return "{'Node Type': 'ModifyTable', 'Operation': 'Insert', 'Parent Relationship': 'InitPlan',"
        + " 'Relation Name': 'log', 'Schema': '%s', 'Plans': [%s]}".formatted(schema, child);
  }

  private static String over(String type, String... children) {
    return "{'Node Type': '%s', 'Plans': [%s], 'Disabled': false}"
        .formatted(type, String.join(", ", children));
  }

  @Test
  void reachesTheCallsOfAnyOtherPlan() {
    assertThat(outline(SELECT, false).reachesCalls()).isTrue();
    assertThat(outline(SELECT, true).reachesCalls()).isTrue();
    assertThat(outline(insert("public", RESULT), false).reachesCalls()).isTrue();
    assertThat(read("[]", false, false).reachesCalls()).isTrue();
  }

  @Test
  void reachesNothingBehindAConditionThatIsFalse() {
    assertThat(outline(NEVER, false).reachesCalls()).isFalse();
    assertThat(outline(NEVER.replace("false", "NULL::boolean"), false).reachesCalls()).isFalse();
    assertThat(outline(insert("public", NEVER), false).reachesCalls()).isFalse();
  }

  @Test
  void reachesNothingBehindNodesThatHaveNoRows() {
    String beside = "{'Node Type': 'Result', 'Parent Relationship': 'InitPlan'}";
    String plan =
        over("Limit", insert("pg_temp", RESULT), beside, over("WindowAgg", beside, NEVER));

    assertThat(outline(plan, false).reachesCalls()).isFalse();
  }

  @Test
  void reachesTheCallIfOnlyAPartOfThePlanIsEmpty() {
    assertThat(outline(over("Append", NEVER, RESULT), false).reachesCalls()).isTrue();
    assertThat(
            read("[{'Plan': %s}, {'Plan': %s}]".formatted(NEVER, RESULT), false, false)
                .reachesCalls())
        .isTrue();
  }

  @Test
  void writesNothingInAReadOnlyTransactionButTemporaryTables() {
    String withInsert = over("Nested Loop", insert("public", RESULT), RESULT);

    assertThat(outline(insert("public", RESULT), true).reachesCalls()).isFalse();
    assertThat(outline(withInsert, true).reachesCalls()).isFalse();
    assertThat(outline(withInsert, false).reachesCalls()).isTrue();
    assertThat(outline(insert("pg_temp", RESULT), true).reachesCalls()).isTrue();
    assertThat(outline(insert("pg_temp_3", RESULT), true).reachesCalls()).isTrue();
    assertThat(read(plan(SELECT), true, true).reachesCalls()).isFalse();
    assertThat(read(plan(SELECT), false, true).reachesCalls()).isTrue();
  }

  /** Where several tables are written to, each has an object of its own. */
  @Test
  void looksAtAllTablesThatAreWrittenTo() {
    String update =
        "{'Node Type': 'ModifyTable', 'Operation': 'Update', 'Target Tables': ["
            + "{'Relation Name': 'a', 'Schema': 'pg_temp'},"
            + " {'Relation Name': 'b', 'Schema': '%s'}], 'Plans': ["
            + RESULT
            + "]}";

    assertThat(outline(update.formatted("public"), true).reachesCalls()).isFalse();
    assertThat(outline(update.formatted("pg_temp"), true).reachesCalls()).isTrue();
  }

  @Test
  void findsTheCallInFrom() {
    String scan =
        "{'Node Type': 'Function Scan', 'Function Name': '%s', 'Schema': '%s', 'Alias': 'i'}";

    assertThat(outline(over("Limit", scan.formatted("invoke", "aws_lambda")), false).scansInvoke())
        .isTrue();
    assertThat(outline(scan.formatted("invoke", "app"), false).scansInvoke()).isFalse();
    assertThat(outline(scan.formatted("f", "aws_lambda"), false).scansInvoke()).isFalse();
    assertThat(outline(SELECT, false).scansInvoke()).isFalse();
  }

  @Test
  void knowsWhatWrites() {
    assertThat(outline(insert("public", RESULT), false).writes()).isTrue();
    assertThat(outline(over("Nested Loop", insert("public", RESULT)), false).writes()).isTrue();
    assertThat(outline(SELECT, false).writes()).isFalse();
    assertThat(read("[]", false, false).writes()).isFalse();
  }

  /** In a text these would be lines of their own. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "x\\n  ->  Insert on public.log",
        "x\\\"}, {\\\"Plan\\\": {\\\"Node Type\\\": \\\"ModifyTable"
      })
  void takesNoConstantForANode(String constant) {
    String plan = "{'Node Type': 'Result', 'Output': ['" + constant + "']}";

    assertThat(outline(plan, true).writes()).isFalse();
    assertThat(outline(plan, true).reachesCalls()).isTrue();
  }

  @Test
  void readsPlansOfAnyDepth() {
    String plan = NEVER;
    for (int i = 0; i < 5_000; i++) {
      plan = over("Limit", plan);
    }

    assertThat(outline(plan, false).reachesCalls()).isFalse();
  }

  @Test
  void refusesWhatIsNoJson() {
    assertThatThrownBy(() -> read("[{", false, false)).isInstanceOf(IllegalArgumentException.class);
  }

  private static ExplainOutput outline(String plan, boolean readOnly) {
    return read(plan(plan), readOnly, false);
  }

  private static String plan(String node) {
    return "[{'Plan': " + node + ", 'Triggers': []}]";
  }

  private static ExplainOutput read(String json, boolean readOnly, boolean createsTable) {
    return ExplainOutput.read(json.replace('\'', '"').getBytes(UTF_8), readOnly, createsTable);
  }
}
