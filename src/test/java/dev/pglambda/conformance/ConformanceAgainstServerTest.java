package dev.pglambda.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.pglambda.testing.NamedServer;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Runs the cases directly against the server that the system property {@code
 * pglambda.test.postgres} names: what holds there is PostgreSQL's own behaviour.
 */
class ConformanceAgainstServerTest {

  @TestFactory
  Stream<DynamicTest> holdsOnPostgresItself() throws Exception {
    NamedServer server = NamedServer.orSkip();
    Target target =
        new Target(
            server.host(), server.port(), server.user(), server.database(), server.version());
    List<CaseFile> cases = CaseFile.readAll(CaseFile.DIRECTORY);
    assertThat(cases).isNotEmpty();
    return cases.stream()
        .flatMap(
            caseFile ->
                caseFile.modes().stream()
                    .map(
                        mode ->
                            dynamicTest(
                                caseFile.file() + ", " + mode,
                                () -> ConformanceRunner.run(caseFile, mode, target, null))));
  }
}
