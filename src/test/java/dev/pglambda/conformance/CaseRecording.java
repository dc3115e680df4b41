package dev.pglambda.conformance;

import static java.util.stream.Collectors.toCollection;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToIntBiFunction;
import java.util.stream.Stream;

/**
 * What was answered in the runs of a case, to be written as what it expects. Where all runs agree
 * with the file it stays as it is; where they do not agree with each other the lines get the
 * condition that tells them apart. Safe for use by many threads.
 */
final class CaseRecording {
  private static final List<String> MODES = List.of("simple", "extended", "text", "binary");
  private static final List<String> ROLES = List.of("superuser", "plain");
  private static final List<String> CALLS = List.of("extension", "installed", "always", "absent");

  /** The answer to one statement in one run. */
  private record Observation(int version, Variant variant, List<Expectation> answer) {
    /** How the answer is compared with that of another run. */
    String text() {
      return answer.toString();
    }
  }

  private final CaseFile caseFile;
  private final Map<Integer, List<Observation>> observations = new TreeMap<>();

  CaseRecording(CaseFile caseFile) {
    this.caseFile = caseFile;
  }

  Path file() {
    return Path.of(caseFile.file());
  }

  /** Notes the answer of a run, with what was copied in. */
  synchronized void add(int version, Variant variant, Step step, List<TranscriptLine> actual) {
    List<TranscriptLine> expected = step.expected(version, variant);
    Iterator<CopyInput> copies = step.copies(version, variant).iterator();
    List<Expectation> answer = new ArrayList<>();
    for (int i = 0; i < actual.size(); i++) {
      TranscriptLine line = actual.get(i);
      boolean copyIn = line.name().equals(TranscriptLine.COPY_IN_RESPONSE);
      CopyInput copy = copyIn && copies.hasNext() ? copies.next() : null;
      answer.add(
          new Expectation(
              Condition.ALWAYS,
              asWritten(line, expected, i, expected.size() - actual.size() + i),
              CopyInput.NONE.equals(copy) ? null : copy));
    }
    observations
        .computeIfAbsent(step.line(), key -> new ArrayList<>())
        .add(new Observation(version, variant, answer));
  }

  /**
   * The line of the file in its place, counted from either end, if it fits: it may have a wildcard.
   */
  private static TranscriptLine asWritten(
      TranscriptLine actual, List<TranscriptLine> expected, int... places) {
    for (int place : places) {
      if (place >= 0 && place < expected.size() && expected.get(place).matches(actual)) {
        return expected.get(place);
      }
    }
    return actual;
  }

  /**
   * The case file's text with the recorded answers.
   *
   * @throws IllegalStateException if answers differ in a way that the file cannot say
   */
  synchronized String rewrite(String text) {
    Map<Integer, List<Expectation>> answers = new TreeMap<>();
    for (Step step : caseFile.steps()) {
      List<Observation> runs = observations.getOrDefault(step.line(), List.of());
      if (runs.stream().anyMatch(run -> !asExpected(step, run))) {
        answers.put(step.line(), merged(step, runs));
      }
    }
    return CaseWriter.write(text, answers);
  }

  private static boolean asExpected(Step step, Observation run) {
    List<TranscriptLine> actual = run.answer().stream().map(Expectation::line).toList();
    return TranscriptDiff.of(step.expected(run.version(), run.variant()), actual).isEmpty();
  }

  private List<Expectation> merged(Step step, List<Observation> runs) {
    Map<String, List<Observation>> groups = new LinkedHashMap<>();
    runs.forEach(run -> groups.computeIfAbsent(run.text(), key -> new ArrayList<>()).add(run));
    List<List<Expectation>> different =
        groups.values().stream().map(group -> group.get(0).answer()).toList();
    if (different.size() == 1) {
      return different.get(0);
    }
    int before = common(different, (answer, i) -> i, 0);
    int after = common(different, (answer, i) -> answer.size() - 1 - i, before);
    List<Expectation> merged = new ArrayList<>(different.get(0).subList(0, before));
    for (List<Observation> group : groups.values()) {
      Condition condition = conditionOf(step, group, runs);
      List<Expectation> answer = group.get(0).answer();
      answer.subList(before, answer.size() - after).stream()
          .map(line -> new Expectation(condition, line.line(), line.copy()))
          .forEach(merged::add);
    }
    List<Expectation> any = different.get(0);
    merged.addAll(any.subList(any.size() - after, any.size()));
    return merged;
  }

  /** How many lines all answers have in common, from one end, leaving out some at the other. */
  private static int common(
      List<List<Expectation>> answers,
      ToIntBiFunction<List<Expectation>, Integer> place,
      int others) {
    int most = answers.stream().mapToInt(List::size).min().orElse(0) - others;
    for (int i = 0; i < most; i++) {
      int at = i;
      if (answers.stream()
              .map(answer -> answer.get(place.applyAsInt(answer, at)).toString())
              .distinct()
              .count()
          > 1) {
        return i;
      }
    }
    return most;
  }

  /** One that holds for the runs of a group, and for no other. */
  private Condition conditionOf(Step step, List<Observation> group, List<Observation> runs) {
    return candidates(runs)
        .map(Condition::parse)
        .filter(
            condition ->
                runs.stream()
                    .allMatch(
                        run ->
                            condition.holds(run.version(), run.variant()) == group.contains(run)))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalStateException(
                    ("%s:%d: no condition tells the runs apart that are answered differently"
                            + " (expected: one or two of version, protocol, role, calling mode);"
                            + " write the answer by hand:%n%s")
                        .formatted(caseFile.file(), step.line(), group.get(0).answer())));
  }

  /** Conditions as a file can have them, the plainest first. */
  private static Stream<String> candidates(List<Observation> runs) {
    Set<Integer> versions =
        runs.stream().map(Observation::version).collect(toCollection(TreeSet::new));
    List<String> ranges = new ArrayList<>();
    versions.forEach(from -> ranges.add(from + "-"));
    versions.forEach(to -> ranges.add("-" + to));
    versions.forEach(
        from ->
            versions.stream().filter(to -> to > from).forEach(to -> ranges.add(from + "-" + to)));
    versions.forEach(only -> ranges.add("" + only));
    List<String> others = Stream.concat(ROLES.stream(), CALLS.stream()).toList();
    return Stream.of(
            MODES.stream(),
            others.stream(),
            ranges.stream(),
            pairs(MODES, others),
            pairs(Stream.concat(MODES.stream(), others.stream()).toList(), ranges))
        .flatMap(all -> all);
  }

  private static Stream<String> pairs(List<String> first, List<String> second) {
    return first.stream().flatMap(one -> second.stream().map(other -> one + ", " + other));
  }
}
