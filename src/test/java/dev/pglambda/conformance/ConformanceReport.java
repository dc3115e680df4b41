package dev.pglambda.conformance;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Counts the runs of cases, and prints the numbers as tables in Markdown: one for each calling
 * mode, with a row for all cases whose names begin with the same word and a column for each
 * version; then what is out of range of direct calls. Not for several threads.
 */
final class ConformanceReport {
  private static final String OUTCOME =
      "With the extension they run, and in the mode `always` they answer as with the extension."
          + " Without it PostgreSQL answers `schema \"aws_lambda\" does not exist` (3F000), see"
          + " `direct-out-of-range.case`, and Lambda is not called.";
  private static final int SHORT = 80;

  /** How a run ended. */
  enum Outcome {
    PASSED,
    FAILED,
    /** Not run: the case is not for the version. */
    NOT_APPLICABLE
  }

  /** How many runs ended in which way. */
  private static final class Tally {
    private final Map<Outcome, Integer> numbers = new EnumMap<>(Outcome.class);

    void add(Outcome outcome, int number) {
      numbers.merge(outcome, number, Integer::sum);
    }

    void add(Tally other) {
      other.numbers.forEach(this::add);
    }

    int of(Outcome outcome) {
      return numbers.getOrDefault(outcome, 0);
    }

    @Override
    public String toString() {
      return "%d / %d / %d"
          .formatted(of(Outcome.PASSED), of(Outcome.FAILED), of(Outcome.NOT_APPLICABLE));
    }
  }

  /** The runs of one calling mode. */
  private static final class Table {
    private final Map<String, Set<String>> cases = new TreeMap<>();
    private final Map<String, Map<Integer, Tally>> tallies = new TreeMap<>();
    private final Set<Integer> versions = new TreeSet<>();

    void add(String caseName, int version, Outcome outcome) {
      String group = caseName.replaceFirst("-.*", "-*");
      versions.add(version);
      cases.computeIfAbsent(group, key -> new TreeSet<>()).add(caseName);
      tallies
          .computeIfAbsent(group, key -> new TreeMap<>())
          .computeIfAbsent(version, key -> new Tally())
          .add(outcome, 1);
    }

    String markdown() {
      Map<Integer, Tally> columns = new TreeMap<>();
      Tally all = new Tally();
      for (Map<Integer, Tally> row : tallies.values()) {
        row.forEach(
            (version, tally) -> {
              columns.computeIfAbsent(version, key -> new Tally()).add(tally);
              all.add(tally);
            });
      }
      StringBuilder text = new StringBuilder();
      text.append(
          ("%d runs of %d cases: %d passed, %d failed."
                  + " In the table: passed / failed / not for this version.\n\n")
              .formatted(
                  all.of(Outcome.PASSED) + all.of(Outcome.FAILED),
                  numberOfCases(),
                  all.of(Outcome.PASSED),
                  all.of(Outcome.FAILED)));
      text.append(
          line("cases", "files", versions.stream().map(String::valueOf).collect(joining(" | "))));
      text.append(
          line("---", "--:", versions.stream().map(version -> "--:").collect(joining(" | "))));
      tallies.forEach(
          (group, row) ->
              text.append(
                  line("`" + group + "`", cases.getOrDefault(group, Set.of()).size(), cells(row))));
      return text.append(line("all", numberOfCases(), cells(columns))).toString();
    }

    private int numberOfCases() {
      return cases.values().stream().mapToInt(Set::size).sum();
    }

    private String cells(Map<Integer, Tally> row) {
      return versions.stream()
          .map(version -> row.getOrDefault(version, new Tally()).toString())
          .collect(joining(" | "));
    }
  }

  /** Something that only the extension serves. */
  private record OutOfRange(String caseName, String what, String reason) {}

  private final Map<CallingMode, Table> tables = new EnumMap<>(CallingMode.class);
  private final List<OutOfRange> outOfRange = new ArrayList<>();

  /**
   * Counts one run.
   *
   * @param caseName the file's name without {@code .case}
   * @param version PostgreSQL's major version
   */
  void add(String caseName, int version, CallingMode calls, Outcome outcome) {
    tables.computeIfAbsent(calls, key -> new Table()).add(caseName, version, outcome);
  }

  /** Lists what in a case is not for direct calls. */
  void addOutOfRange(CaseFile caseFile) {
    if (!caseFile.callsTheExtension()) {
      return;
    }
    if (caseFile.outOfRange() != null) {
      outOfRange.add(new OutOfRange(caseFile.name(), "the whole case", caseFile.outOfRange()));
      return;
    }
    for (Step step : caseFile.steps()) {
      if (step.outOfRange() != null) {
        String what = "line %d: `%s`".formatted(step.line(), beginning(step.sql()));
        outOfRange.add(new OutOfRange(caseFile.name(), what, step.outOfRange()));
      }
    }
  }

  private static String beginning(String sql) {
    String line = sql.replaceAll("\\s+", " ").replace('`', '\'').replace("|", "\\|");
    return line.length() <= SHORT ? line : line.substring(0, SHORT) + " ...";
  }

  /** The tables, with what their numbers mean before them, and the list. */
  String markdown() {
    StringBuilder text = new StringBuilder();
    for (CallingMode calls : CallingMode.values()) {
      text.append("# ").append(title(calls)).append("\n\n");
      text.append(tables.getOrDefault(calls, new Table()).markdown()).append('\n');
    }
    text.append("# Out of range of direct calls\n\n").append(OUTCOME).append("\n\n");
    text.append(line("case", "what", "why"));
    text.append(line("---", "---", "---"));
    outOfRange.forEach(entry -> text.append(line(entry.caseName, entry.what, entry.reason)));
    return text.toString();
  }

  private static String title(CallingMode calls) {
    return switch (calls) {
      case EXTENSION -> "With the extension";
      case ALWAYS -> "With the extension and direct calls (`always`)";
      case ABSENT -> "Without the extension, direct calls (`absent`)";
    };
  }

  private static String line(String first, Object second, String others) {
    return "| %s | %s | %s |\n".formatted(first, second, others);
  }
}
