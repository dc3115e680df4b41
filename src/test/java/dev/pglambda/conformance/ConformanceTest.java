package dev.pglambda.conformance;

import static java.util.Locale.ROOT;

import dev.pglambda.StartException;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs every case through the proxy, before each version of PostgreSQL, in each protocol, in a
 * database of its own. Where the server has the extensions' files one protocol is enough: they
 * change how the extensions get there, not how statements are sent. The system property {@code
 * pglambda.test.case} runs only those whose file's name contains its value.
 */
class ConformanceTest {
  private static final String ONLY = System.getProperty("pglambda.test.case", "");

  private static final Map<Proxied, ProxyUnderTest> PROXIES = new HashMap<>();
  private static FakeLambdaEndpoint lambda;

  /** A kind of server; prints as the test's name. */
  record Server(String version, boolean controlFiles) {
    PostgresServer postgres() {
      return PostgresServer.of(version, controlFiles);
    }

    @Override
    public String toString() {
      return "PostgreSQL " + version + (controlFiles ? " with the extensions' files" : "");
    }
  }

  /** A proxy before a server, with an endpoint or with none that can be reached. */
  record Proxied(Server server, boolean endpointUnreachable) {
    ProxyUnderTest start() throws IOException, StartException, InterruptedException {
      return endpointUnreachable
          ? ProxyUnderTest.start(
              server.postgres(), "--lambda-endpoint", FakeLambdaEndpoint.refusing().toString())
          : ProxyUnderTest.start(server.postgres(), lambda);
    }
  }

  /** What is run; prints as the test's name. */
  record Run(Server server, CaseFile caseFile, Mode mode) {
    @Override
    public String toString() {
      return "%s: %s, %s, %s"
          .formatted(caseFile.name(), caseFile.title(), server, mode.name().toLowerCase(ROOT));
    }
  }

  @BeforeAll
  static void startEndpoint() {
    lambda = FakeLambdaEndpoint.start();
  }

  @AfterAll
  static void stop() {
    PROXIES.values().forEach(ProxyUnderTest::close);
    PROXIES.clear();
    lambda.close();
  }

  static Stream<Run> runs() {
    List<CaseFile> cases =
        CaseFile.readAll(CaseFile.DIRECTORY).stream()
            .filter(caseFile -> caseFile.name().contains(ONLY))
            .toList();
    return PostgresServer.versions().stream()
        .flatMap(version -> Stream.of(new Server(version, false), new Server(version, true)))
        .flatMap(server -> cases.stream().flatMap(caseFile -> runs(server, caseFile)));
  }

  private static Stream<Run> runs(Server server, CaseFile caseFile) {
    return caseFile.appliesTo(Integer.parseInt(server.version()))
        ? caseFile.modes().stream()
            .limit(server.controlFiles() ? 1 : Integer.MAX_VALUE)
            .map(mode -> new Run(server, caseFile, mode))
        : Stream.of();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("runs")
  void answersAsWritten(Run run) throws Exception {
    PostgresServer postgres = run.server().postgres();
    ProxyUnderTest proxy = proxy(run);
    String database = postgres.createDatabase();
    try {
      Target target =
          new Target(
              proxy.host(), proxy.port(), postgres.user(), database, postgres.majorVersion());
      ConformanceRunner.run(run.caseFile(), run.mode(), target, new FakeEndpoint(lambda));
    } finally {
      postgres.execute("DROP DATABASE " + database);
    }
  }

  private static ProxyUnderTest proxy(Run run)
      throws IOException, StartException, InterruptedException {
    Proxied key = new Proxied(run.server(), run.caseFile().endpointUnreachable());
    ProxyUnderTest proxy = PROXIES.get(key);
    if (proxy == null) {
      proxy = key.start();
      PROXIES.put(key, proxy);
    }
    return proxy;
  }
}
