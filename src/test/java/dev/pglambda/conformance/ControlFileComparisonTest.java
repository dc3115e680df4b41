package dev.pglambda.conformance;

import dev.pglambda.StartException;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.PostgresServer;
import java.io.IOException;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a client sees of statements on the extensions through the proxy, before a server without
 * their files, is what it sees, without a proxy, of a server of the same version that has them:
 * every message, and every field of errors and notices but file, line and routine (and the HINT of
 * calls where nothing is installed); and so is what the catalogs hold afterwards. The scripts are
 * in src/test/resources/comparison. The system property {@code pglambda.test.case} runs only those
 * whose title contains its value.
 */
class ControlFileComparisonTest {
  private static final String ONLY = System.getProperty("pglambda.test.case", "");
  private static final ComparisonScript CATALOGS = ComparisonScript.read("catalogs.sql").get(0);

  /** What only a role that cannot write to pg_extension is told. */
  private static final String UNLISTED = "is installed, but not listed in pg_extension";

  /** Reported when a superuser, but not when a plain role, takes another role. */
  private static final String IS_SUPERUSER = "ParameterStatus is_superuser";

  /** The proxy's own, of a call where nothing is installed. */
  private static final Value INSTALLATION_HINT =
      Value.of("Run CREATE EXTENSION aws_lambda CASCADE through pg-lambda-proxy to install it.");

  /** The extension's script says it where no proxy takes it for itself. */
  private static final String WANTS_KEYS = " C=ZL001 ";

  private static final Map<String, ComparisonServers> SERVERS = new HashMap<>();
  private static FakeLambdaEndpoint lambda;

  /** What is run; prints as the test's name. */
  record Run(String version, ComparisonScript script, Mode mode) {
    @Override
    public String toString() {
      return "%s, PostgreSQL %s, %s".formatted(script.title(), version, mode);
    }

    ComparisonServers servers()
        throws SQLException, IOException, StartException, InterruptedException {
      ComparisonServers servers = SERVERS.get(version);
      if (servers == null) {
        servers = new ComparisonServers(version, lambda);
        SERVERS.put(version, servers);
      }
      return servers;
    }
  }

  @BeforeAll
  static void startEndpoint() {
    lambda = FakeLambdaEndpoint.start();
  }

  @AfterAll
  static void stop() throws SQLException, IOException {
    for (ComparisonServers servers : SERVERS.values()) {
      servers.close();
    }
    SERVERS.clear();
    lambda.close();
  }

  static Stream<Run> superusersScripts() {
    return runs("superuser.sql");
  }

  static Stream<Run> preparedScripts() {
    return runs("prepared.sql").filter(run -> run.mode() == Mode.EXTENDED);
  }

  static Stream<Run> plainRolesScripts() {
    return runs("plain-role.sql");
  }

  private static Stream<Run> runs(String file) {
    List<ComparisonScript> scripts =
        ComparisonScript.read(file).stream()
            .filter(script -> script.title().contains(ONLY))
            .toList();
    return PostgresServer.versions().stream()
        .flatMap(version -> scripts.stream().flatMap(script -> runs(version, script)));
  }

  private static Stream<Run> runs(String version, ComparisonScript script) {
    return script.fromVersion() > Integer.parseInt(version)
        ? Stream.of()
        : Stream.of(Mode.SIMPLE, Mode.EXTENDED).map(mode -> new Run(version, script, mode));
  }

  @ParameterizedTest(name = "{0}", allowZeroInvocations = true)
  @MethodSource("superusersScripts")
  void showsASuperuserWhatControlFilesWould(Run run) throws Exception {
    // Given
    ComparisonServers servers = run.servers();
    String role = run.script().role() == null ? servers.administrator() : run.script().role();

    try (ComparisonSession reference = servers.reference(role);
        ComparisonSession proxied = servers.proxied(role)) {
      // When
      String answers =
          differences(
              run.script(),
              reference.run(run.script(), run.mode()),
              proxied.run(run.script(), run.mode()));
      String catalogs =
          run.mode() == Mode.SIMPLE // the other protocol changes how statements are sent, not more
              ? differences(
                  CATALOGS,
                  servers.referenceCatalogs().run(CATALOGS, Mode.SIMPLE),
                  servers.proxiedCatalogs().run(CATALOGS, Mode.SIMPLE))
              : "";

      // Then
      failIfAny(answers + catalogs, run);
    } finally {
      servers.cleanUp();
    }
  }

  @ParameterizedTest(name = "{0}", allowZeroInvocations = true)
  @MethodSource("preparedScripts")
  void showsTheSameOfPreparedStatementsThatAreExecutedTwice(Run run) throws Exception {
    ComparisonServers servers = run.servers();
    try (ComparisonSession reference = servers.reference(servers.administrator());
        ComparisonSession proxied = servers.proxied(servers.administrator())) {
      failIfAny(
          differences(
              run.script(),
              reference.runPreparedTwice(run.script()),
              proxied.runPreparedTwice(run.script())),
          run);
    } finally {
      servers.cleanUp();
    }
  }

  @ParameterizedTest(name = "{0}", allowZeroInvocations = true)
  @MethodSource("plainRolesScripts")
  void showsAPlainRoleWhatControlFilesWouldShowASuperuser(Run run) throws Exception {
    // Given
    ComparisonServers servers = run.servers();

    try (ComparisonSession reference = servers.reference(ComparisonServers.SUPERUSER);
        ComparisonSession proxied = servers.proxied(ComparisonServers.OWNER)) {
      // When
      List<List<TranscriptLine>> expected = reference.run(run.script(), run.mode());
      List<List<TranscriptLine>> actual = proxied.run(run.script(), run.mode());

      // Then
      Stream.of(expected, actual)
          .flatMap(List::stream)
          .forEach(answer -> answer.removeIf(line -> line.toString().startsWith(IS_SUPERUSER)));
      actual.forEach(answer -> answer.removeIf(line -> line.toString().contains(UNLISTED)));
      failIfAny(differences(run.script(), expected, actual), run);
    } finally {
      servers.cleanUp();
    }
  }

  private static String differences(
      ComparisonScript script,
      List<List<TranscriptLine>> expected,
      List<List<TranscriptLine>> actual) {
    StringBuilder differences = new StringBuilder();
    for (int i = 0; i < expected.size(); i++) {
      expected.get(i).removeIf(line -> line.toString().contains(WANTS_KEYS));
      actual.get(i).replaceAll(ControlFileComparisonTest::withoutInstallationHint);
      if (!expected.get(i).equals(actual.get(i))) {
        String diff = TranscriptDiff.of(expected.get(i), actual.get(i));
        differences
            .append(script.texts().get(i).indent(2))
            .append(diff.isEmpty() ? expected.get(i) + "\n" + actual.get(i) : diff)
            .append('\n');
      }
    }
    return differences.toString();
  }

  private static TranscriptLine withoutInstallationHint(TranscriptLine line) {
    Map<String, Value> fields = new LinkedHashMap<>(line.fields());
    return fields.remove("H", INSTALLATION_HINT)
        ? new TranscriptLine(line.name(), line.values(), fields)
        : line;
  }

  private static void failIfAny(String differences, Run run) {
    if (!differences.isEmpty()) {
      throw new AssertionError(
          "%s (- with control files, + through the proxy)%n%s".formatted(run, differences));
    }
  }
}
