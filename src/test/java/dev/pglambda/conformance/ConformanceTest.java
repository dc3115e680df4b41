package dev.pglambda.conformance;

import static java.util.stream.Collectors.partitioningBy;

import dev.pglambda.StartException;
import dev.pglambda.conformance.ConformanceReport.Outcome;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs every case through the proxy, before each version of PostgreSQL, with and without the
 * extensions' files on the server, in a database of its own, and writes {@code
 * target/conformance.md}. System properties narrow or widen what is run, see {@code
 * docs/conformance.md}: {@code pglambda.test.case}, {@code pglambda.test.versions} and {@code
 * pglambda.test.variants}.
 */
class ConformanceTest {
  private static final boolean ALL_VARIANTS =
      System.getProperty("pglambda.test.variants", "").equals("all");
  private static final Path REPORT_FILE = Path.of("target", "conformance.md");
  private static final ConformanceReport REPORT = new ConformanceReport();

  private static final Map<Proxied, ProxyUnderTest> PROXIES = new HashMap<>();
  private static final Map<Server, DatabaseSupply> DATABASES = new HashMap<>();
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
  record Run(Server server, CaseFile caseFile, Variant variant) {
    boolean applies() {
      return caseFile.appliesTo(Integer.parseInt(server.version()));
    }

    void count(Outcome outcome) {
      REPORT.add(caseFile.name(), Integer.parseInt(server.version()), outcome);
    }

    @Override
    public String toString() {
      return "%s: %s, %s, %s".formatted(caseFile.name(), caseFile.title(), server, variant);
    }
  }

  @BeforeAll
  static void startEndpoint() {
    lambda = FakeLambdaEndpoint.start();
  }

  @AfterAll
  static void stop() throws IOException, ExecutionException, InterruptedException {
    selected().filter(run -> !run.applies()).forEach(run -> run.count(Outcome.NOT_APPLICABLE));
    Files.writeString(REPORT_FILE, REPORT.markdown());
    PROXIES.values().forEach(ProxyUnderTest::close);
    PROXIES.clear();
    for (DatabaseSupply databases : DATABASES.values()) {
      databases.close();
    }
    DATABASES.clear();
    lambda.close();
  }

  static Stream<Run> runs() {
    return selected().filter(Run::applies);
  }

  /** Those that are not for the server's version, too. */
  private static Stream<Run> selected() {
    List<CaseFile> cases = CaseFile.selected();
    return PostgresServer.versions().stream()
        .flatMap(version -> Stream.of(new Server(version, false), new Server(version, true)))
        .flatMap(
            server ->
                cases.stream()
                    .flatMap(
                        file ->
                            variants(file, server.controlFiles())
                                .map(variant -> new Run(server, file, variant))));
  }

  /**
   * All of a case's variants, or those that CI has time for: if both roles run it, text results are
   * for the superuser and binary ones for the plain role, who also has the server with the
   * extensions' files.
   */
  private static Stream<Variant> variants(CaseFile caseFile, boolean controlFiles) {
    List<Variant> all = caseFile.variants();
    if (ALL_VARIANTS) {
      return all.stream();
    }
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

  @ParameterizedTest(name = "{0}")
  @MethodSource("runs")
  void answersAsWritten(Run run) throws Exception {
    PostgresServer postgres = run.server().postgres();
    ProxyUnderTest proxy = proxy(run);
    DatabaseSupply databases =
        DATABASES.computeIfAbsent(run.server(), server -> new DatabaseSupply(postgres));
    String database = databases.take();
    Outcome outcome = Outcome.FAILED;
    try {
      Target target =
          new Target(
              proxy.host(), proxy.port(), postgres.user(), database, postgres.majorVersion());
      ConformanceRunner.run(run.caseFile(), run.variant(), target, new FakeEndpoint(lambda));
      outcome = Outcome.PASSED;
    } finally {
      run.count(outcome);
      databases.drop(database);
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
