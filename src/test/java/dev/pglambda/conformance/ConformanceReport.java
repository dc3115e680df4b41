package dev.pglambda.conformance;

import static java.util.stream.Collectors.joining;

import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Counts the runs of cases, and prints the numbers as a table in Markdown: a row for all cases
 * whose names begin with the same word, a column for each version. Not for several threads.
 */
final class ConformanceReport {
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

  private final Map<String, Set<String>> cases = new TreeMap<>();
  private final Map<String, Map<Integer, Tally>> tallies = new TreeMap<>();
  private final Set<Integer> versions = new TreeSet<>();

  /**
   * Counts one run.
   *
   * @param caseName the file's name without {@code .case}
   * @param version PostgreSQL's major version
   */
  void add(String caseName, int version, Outcome outcome) {
    String group = caseName.replaceFirst("-.*", "-*");
    versions.add(version);
    cases.computeIfAbsent(group, key -> new TreeSet<>()).add(caseName);
    tallies
        .computeIfAbsent(group, key -> new TreeMap<>())
        .computeIfAbsent(version, key -> new Tally())
        .add(outcome, 1);
  }

  /** The table, with what its numbers mean before it. */
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

  private static String line(String first, Object second, String others) {
    return "| %s | %s | %s |\n".formatted(first, second, others);
  }
}
