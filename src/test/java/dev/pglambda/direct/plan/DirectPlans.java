package dev.pglambda.direct.plan;

import static java.util.Objects.requireNonNull;

import dev.pglambda.direct.resolve.ArgumentType;
import dev.pglambda.intercept.Rewrite.FoundCalls;
import dev.pglambda.protocol.ClientEncoding;
import dev.pglambda.protocol.TypeOid;
import dev.pglambda.sql.SqlText;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Plans of statements whose arguments have types of PostgreSQL's own. */
final class DirectPlans {

  /** As the server answers {@link ArgumentType#QUERY}. */
  private static final Map<Integer, List<@Nullable String>> TYPES =
      Map.of(
          TypeOid.TEXT,
          List.of("25", "text", "25", "S", "t", "{}", "f"),
          114,
          List.of("114", "json", "114", "U", "f", "{}", "f"),
          3802,
          List.of("3802", "jsonb", "3802", "U", "f", "{}", "f"));

  private DirectPlans() {}

  /**
   * @param columnTypes object ids of the types of the arguments, as the server describes them; for
   *     those that are not given it is text
   */
  static DirectPlan of(String text, InstalledSchemas schemas, Integer... columnTypes) {
    return ((DirectAnalysis.Planned) resolve(text, schemas, columnTypes)).plan();
  }

  static DirectAnalysis.AnalysisOutcome resolve(
      String text, InstalledSchemas schemas, Integer... columnTypes) {
    DirectText script =
        requireNonNull(DirectText.of(new FoundCalls(new SqlText(text, true), ClientEncoding.UTF8)));
    DirectAnalysis analysis =
        new DirectAnalysis(requireNonNull(script.onlyCandidate()), schemas, List.of());
    return analysis.resolve(columns(columnTypes), List.copyOf(TYPES.values()));
  }

  /** One for each argument that a statement in these tests can have. */
  private static List<Integer> columns(Integer... columnTypes) {
    Integer[] columns = new Integer[20];
    for (int i = 0; i < columns.length; i++) {
      columns[i] = i < columnTypes.length ? columnTypes[i] : Integer.valueOf(TypeOid.TEXT);
    }
    return List.of(columns);
  }
}
