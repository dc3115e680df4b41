package dev.pglambda.conformance;

import static java.util.stream.Collectors.partitioningBy;

import dev.pglambda.conformance.ConformanceReport.Outcome;
import dev.pglambda.conformance.ParallelRuns.Run;
import dev.pglambda.conformance.ParallelRuns.Server;
import dev.pglambda.testing.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs every case through the proxy, before each version of PostgreSQL, with and without the
 * extensions' files on the server, in a database of its own, and writes {@code
 * target/conformance.md}. System properties narrow or widen what is run, see {@code
 * docs/development/conformance.md}: {@code pglambda.test.case}, {@code pglambda.test.mode}, {@code
 * pglambda.test.versions}, {@code pglambda.test.variants} and {@code pglambda.test.record}.
 */
class ConformanceTest {
  private static final boolean ALL_VARIANTS =
      System.getProperty("pglambda.test.variants", "").equals("all");
  private static final String CALLS = System.getProperty("pglambda.test.mode", "");
  private static final Path REPORT_FILE = Path.of("target", "conformance.md");
  private static final ConformanceReport REPORT = new ConformanceReport();

  /** Cases whose answers are written into their files, not compared; empty for none. */
  private static final String RECORDED = System.getProperty("pglambda.test.record", "");

  private static final List<CaseFile> CASES =
      RECORDED.isEmpty() ? CaseFile.selected() : CaseFile.toRecord(RECORDED);
  private static final Map<String, CaseRecording> RECORDINGS = new LinkedHashMap<>();
  private static final List<Run> RUNS = selected().filter(Run::applies).toList();

  private static ParallelRuns running;

  @BeforeAll
  static void start() {
    if (!RECORDED.isEmpty()) {
      CASES.forEach(file -> RECORDINGS.put(file.name(), new CaseRecording(file)));
    }
    running = new ParallelRuns(RUNS, RECORDINGS);
  }

  @AfterAll
  static void stop() throws IOException {
    running.close();
    selected().filter(run -> !run.applies()).forEach(run -> count(run, Outcome.NOT_APPLICABLE));
    CASES.forEach(REPORT::addOutOfRange);
    Files.writeString(REPORT_FILE, REPORT.markdown());
    if (!RECORDED.isEmpty()) {
      record();
    }
  }

  /** Never passes: what was recorded is to be read first. */
  private static void record() throws IOException {
    List<String> written = new ArrayList<>();
    for (CaseRecording recording : RECORDINGS.values()) {
      Path file = recording.file();
      String before = Files.readString(file);
      String after = recording.rewrite(before);
      if (!after.equals(before)) {
        Files.writeString(file, after);
        written.add(file.toString());
      }
    }
    throw new AssertionError(
        written.isEmpty()
            ? "recorded: every answer is as its file has it"
            : "recorded, to be read and committed: " + String.join(", ", written));
  }

  private static void count(Run run, Outcome outcome) {
    int version = Integer.parseInt(run.server().version());
    REPORT.add(run.caseFile().name(), version, run.variant().calls(), outcome);
  }

  static List<Run> runs() {
    return RUNS;
  }

  /** Those that are not for the server's version, too. */
  private static Stream<Run> selected() {
    return servers()
        .flatMap(
            server ->
                CASES.stream()
                    .flatMap(
                        file ->
                            variants(file, server).map(variant -> new Run(server, file, variant))))
        .filter(run -> CALLS.isEmpty() || CALLS.equals(run.variant().calls().toString()));
  }

  private static Stream<Server> servers() {
    return PostgresServer.versions().stream()
        .flatMap(version -> Stream.of(new Server(version, false), new Server(version, true)));
  }

  /** All of a case's variants, or those that CI has time for. */
  private static Stream<Variant> variants(CaseFile caseFile, Server server) {
    Stream<Variant> withExtension =
        ALL_VARIANTS
            ? caseFile.variants().stream()
            : withExtension(caseFile.variants(), server.controlFiles());
    return server.controlFiles()
        ? withExtension
        : Stream.concat(
            withExtension,
            Stream.of(CallingMode.ALWAYS, CallingMode.ABSENT)
                .flatMap(calls -> directly(caseFile, calls, server.version())));
  }

  /**
   * If both roles run it, text results are for the superuser and binary ones for the plain role,
   * who also has the server with the extensions' files.
   */
  private static Stream<Variant> withExtension(List<Variant> all, boolean controlFiles) {
    Map<Boolean, List<Variant>> byPlain =
        all.stream().collect(partitioningBy(variant -> variant.role() == Role.PLAIN));
    List<Variant> plain = byPlain.getOrDefault(true, List.of());
    List<Variant> others = byPlain.getOrDefault(false, List.of());
    if (plain.isEmpty() || others.isEmpty()) {
      return all.stream().limit(controlFiles ? 1 : all.size());
    }
    return controlFiles
        ? plain.stream().limit(1)
        : Stream.concat(
            others.stream().filter(variant -> variant.mode() != Mode.BINARY),
            plain.stream().skip(plain.size() - 1L));
  }

  /**
   * With direct calls: on the oldest and the newest version, by one role, in text format. Where the
   * extension is installed, each of the two has one protocol.
   */
  private static Stream<Variant> directly(CaseFile caseFile, CallingMode calls, String version) {
    List<Variant> all = caseFile.variants(calls);
    if (ALL_VARIANTS) {
      return all.stream();
    }
    List<String> versions = PostgresServer.versions();
    boolean oldest = version.equals(versions.get(0));
    boolean newest = version.equals(versions.get(versions.size() - 1));
    if (!(oldest || newest) || !caseFile.usesLambda() || all.isEmpty()) {
      return Stream.empty();
    }
    List<Variant> text =
        all.stream()
            .filter(variant -> variant.mode() != Mode.BINARY)
            .filter(variant -> variant.role() == all.get(0).role())
            .toList();
    return calls == CallingMode.ABSENT || oldest == newest
        ? text.stream()
        : Stream.of(text.get(oldest ? 0 : text.size() - 1));
  }

  /** May wait for its server's turn; the run itself has a time-out in {@link ParallelRuns}. */
  @Timeout(900)
  @ParameterizedTest(name = "{0}")
  @MethodSource("runs")
  void answersAsWritten(Run run) throws InterruptedException {
    Outcome outcome = Outcome.FAILED;
    try {
      running.await(run);
      outcome = Outcome.PASSED;
    } finally {
      count(run, outcome);
    }
  }
}
