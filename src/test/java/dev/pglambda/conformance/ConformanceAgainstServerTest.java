package dev.pglambda.conformance;

import dev.pglambda.testing.PostgresServer;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs the cases that need no Lambda endpoint directly against servers that have the extensions'
 * files: what holds there is PostgreSQL's own behaviour, in its own words.
 */
class ConformanceAgainstServerTest {

  /** What is run; prints as the test's name. */
  record Run(String version, CaseFile caseFile) {
    @Override
    public String toString() {
      return "%s, PostgreSQL %s".formatted(caseFile.name(), version);
    }
  }

  static Stream<Run> runs() {
    List<CaseFile> cases =
        CaseFile.selected().stream().filter(caseFile -> !caseFile.usesLambda()).toList();
    return PostgresServer.versions().stream()
        .flatMap(
            version ->
                cases.stream()
                    .filter(caseFile -> caseFile.appliesTo(Integer.parseInt(version)))
                    .map(caseFile -> new Run(version, caseFile)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("runs")
  void holdsOnPostgresItself(Run run) throws Exception {
    PostgresServer server = PostgresServer.of(run.version(), true);
    for (Variant variant : run.caseFile().variants()) {
      String database = server.createDatabase();
      try {
        ConformanceRunner.run(
            run.caseFile(),
            variant,
            new Target(
                server.host(), server.port(), server.user(), database, server.majorVersion()),
            null);
      } finally {
        server.dropDatabase(database);
      }
    }
  }
}
