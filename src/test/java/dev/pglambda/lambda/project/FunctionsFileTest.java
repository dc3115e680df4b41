package dev.pglambda.lambda.project;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pglambda.lambda.route.CannedReply;
import dev.pglambda.lambda.route.Dialect;
import dev.pglambda.lambda.route.Endpoint;
import dev.pglambda.lambda.route.Fault;
import dev.pglambda.lambda.route.FaultKind;
import dev.pglambda.lambda.route.FunctionRuntime;
import dev.pglambda.lambda.route.LocalFunction;
import dev.pglambda.lambda.route.Route;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FunctionsFileTest {
  @TempDir Path directory;

  private ProjectFolder folder;

  @BeforeEach
  void folder() throws Exception {
    folder = new ProjectFolder(directory);
    folder.write("orders/app.py");
    folder.write("several/one.py");
    folder.write("several/two.py");
  }

  private FunctionsConfiguration read(String... lines) throws Exception {
    folder.write("functions.yaml", lines);
    return folder.read("functions.yaml");
  }

  @Test
  void readsALocalFunctionWithAllThatCanBeSaid() throws Exception {
    Path variables =
        folder.write("conf/.env", "# comment", "", "A=1", "export B='two words'", "C=x=y");

    FunctionsConfiguration read =
        read(
            "# yaml-language-server: $schema=functions.schema.json",
            "routes:",
            "  - function: orders-live",
            "    local:",
            "      code: ./orders",
            "      runtime: python3.12",
            "      handler: app.handler",
            "      environment: {A: b, PORT: 8080, DEBUG: true}",
            "      env_file: conf/.env",
            "      timeout: 1m",
            "      memory: 512",
            "      concurrency: 2",
            "      versions: [1, '2']",
            "      aliases: {live: 2, next: $LATEST}",
            "      command: [python3, -m, debugpy, --listen, 5678]",
            "      credentials: inherit",
            "    role: arn:aws:iam::111122223333:role/rds",
            "    faults: [{throttle: 0.1}, {delay: 200ms, rate: 0.5}, {timeout: 1}]");

    Route route = ProjectFolder.route(read, "orders-live");
    assertThat(route.target())
        .isEqualTo(
            new LocalFunction(
                "orders-live",
                FunctionRuntime.PYTHON,
                directory.resolve("orders"),
                "app.handler",
                Map.of("A", "b", "B", "two words", "C", "x=y", "PORT", "8080", "DEBUG", "true"),
                Duration.ofMinutes(1),
                512,
                2,
                Set.of("1", "2"),
                Map.of("live", "2", "next", "$LATEST"),
                List.of("python3", "-m", "debugpy", "--listen", "5678"),
                true));
    assertThat(route.role()).isEqualTo("arn:aws:iam::111122223333:role/rds");
    assertThat(route.faults())
        .containsExactly(
            new Fault(FaultKind.THROTTLE, 0.1, Duration.ZERO),
            new Fault(FaultKind.DELAY, 0.5, Duration.ofMillis(200)),
            new Fault(FaultKind.TIMEOUT, 1, Duration.ZERO));
    assertThat(read.watched())
        .containsExactlyInAnyOrder(directory.resolve("functions.yaml"), variables);
  }

  @Test
  void tellsTheRuntimeFromTheCode() throws Exception {
    FunctionsConfiguration read =
        read("routes:", "  - function: hello", "    local: {code: orders}");

    assertThat(ProjectFolder.local(read, "hello"))
        .isEqualTo(
            LocalFunction.of("hello", FunctionRuntime.PYTHON, directory.resolve("orders"), null));
    assertThat(read.watched()).contains(directory.resolve("orders"));
  }

  @Test
  void namesAFunctionAfterItsPatternOrElseAfterItsCode() throws Exception {
    FunctionsConfiguration read =
        read(
            "routes:",
            "  - function: [a, 'b-*', 'arn:aws:lambda:eu-*:*:function:c:live']",
            "    local: {code: orders}");

    assertThat(read.routes())
        .extracting(route -> ((LocalFunction) route.target()).name())
        .containsExactly("a", "orders", "c");
  }

  @Test
  void readsAnEndpointWithAllThatCanBeSaid() throws Exception {
    FunctionsConfiguration read =
        read(
            "routes:",
            "  - function: billing",
            "    endpoint: {url: 'http://localhost:3002', region: eu-west-1, dialect: serverless-offline,",
            "      profile: dev, role: 'arn:aws:iam::111122223333:role/x', connect_timeout: 1s,",
            "      request_timeout: 300ms, retries: 0}",
            "  - function: own",
            "    endpoint: {url: 'https://h/x', dialect: {name: bare, qualifier: suffix, log_type: drop}}",
            "  - function: '*'",
            "    endpoint: {}");

    assertThat(ProjectFolder.endpoint(read, "billing"))
        .isEqualTo(
            new Endpoint(
                URI.create("http://localhost:3002"),
                "eu-west-1",
                Dialect.SERVERLESS_OFFLINE,
                "dev",
                "arn:aws:iam::111122223333:role/x",
                Duration.ofSeconds(1),
                Duration.ofMillis(300),
                0));
    Dialect own = ProjectFolder.endpoint(read, "own").dialect();
    assertThat(own.name()).isEqualTo(Dialect.NameForm.BARE);
    assertThat(own.qualifier()).isEqualTo(Dialect.QualifierForm.SUFFIX);
    assertThat(own.logType()).isFalse();
    assertThat(ProjectFolder.endpoint(read, "*"))
        .isEqualTo(new Endpoint(null, null, Dialect.AWS, null, null, null, null, null));
  }

  @Test
  void readsRepliesInTheOrderInWhichTheyAreTried() throws Exception {
    FunctionsConfiguration read =
        read(
            "routes:",
            "  - function: hello",
            "    reply:",
            "      when:",
            "        - contains: {id: 7}",
            "          status: 404",
            "        - contains: {kind: slow}",
            "          sequence: [{payload: 1, delay: 100ms}, {payload: null, error: Unhandled}]",
            "      payload: {text: 'hi {{payload.name}}'}",
            "      log: printed",
            "  - function: only-some",
            "    reply: {when: [{contains: {a: 1}, payload: 1}]}");

    ObjectMapper json = new ObjectMapper();
    assertThat(ProjectFolder.reply(read, "hello").cases())
        .containsExactly(
            new CannedReply.Case(
                json.readTree("{\"id\":7}"),
                List.of(new CannedReply.Response(null, null, 404, Duration.ZERO, null))),
            new CannedReply.Case(
                json.readTree("{\"kind\":\"slow\"}"),
                List.of(
                    new CannedReply.Response(
                        json.readTree("1"), null, 200, Duration.ofMillis(100), null),
                    new CannedReply.Response(
                        json.readTree("null"), "Unhandled", 200, Duration.ZERO, null))),
            new CannedReply.Case(
                null,
                List.of(
                    new CannedReply.Response(
                        json.readTree("{\"text\":\"hi {{payload.name}}\"}"),
                        null,
                        200,
                        Duration.ZERO,
                        "printed"))));
    assertThat(ProjectFolder.reply(read, "only-some").cases()).hasSize(1);
  }

  record Refusal(String route, String message) {
    @Override
    public String toString() {
      return route;
    }
  }

  /**
   * What stands behind {@code - function: f}, in line 3, its lines parted by semicolons, and what
   * is said.
   */
  static List<Refusal> refusals() {
    return List.of(
        new Refusal("endpont: {}", "3: key of a route: \"endpont\" (expected: \"endpoint\")"),
        new Refusal(
            "zzz: {}",
            "3: key of a route: \"zzz\" (expected: function, local, endpoint, reply, role, faults)"),
        new Refusal("role: x", "3: role: \"x\" (expected: a role's ARN, such as"),
        new Refusal(
            "role: 'arn:aws:iam::111122223333:role/path/'",
            "3: role: \"arn:aws:iam::111122223333:role/path/\" (expected: a role's ARN, such as"),
        new Refusal(
            "role: arn:aws:iam::111122223333:role/x",
            "2: target: none (expected: exactly one of local, endpoint and reply)"),
        new Refusal("local: {code: orders}; reply: {}", "2: target: local and reply (expected:"),
        new Refusal("local: orders", "3: local: \"orders\" (expected: a map with the keys code,"),
        new Refusal("local: {}", "3: code: not there (expected: a file or folder that is there)"),
        new Refusal("local: {code: nowhere}", "nowhere, which is not there (expected: a file or"),
        new Refusal("local: {code: several}", "3: code: "),
        new Refusal("local: {code: several}", "(expected: runtime and handler beside it)"),
        new Refusal(
            "local: {code: orders, runtime: java21}", "orders, which is python (expected: a jar"),
        new Refusal(
            "local: {code: orders, runtime: dotnet8}",
            "3: runtime: \"dotnet8\" (expected: python, nodejs, java, ruby or provided,"),
        new Refusal(
            "local: {code: orders, timeout: 3}", "3: timeout: 3 (expected: a whole number with"),
        new Refusal(
            "local: {code: orders, timeout: 3 parsecs}", "3: timeout: \"3 parsecs\" (expected:"),
        new Refusal(
            "local: {code: orders, memory: 0}", "3: memory: 0 (expected: a whole number from 1 to"),
        new Refusal("local: {code: orders, memory: '128'}", "3: memory: \"128\" (expected:"),
        new Refusal("local: {code: orders, concurrency: 1.5}", "3: concurrency: 1.5 (expected:"),
        new Refusal(
            "local: {code: orders, versions: [x]}", "3: element of versions: \"x\" (expected:"),
        new Refusal("local: {code: orders, versions: 1}", "3: versions: 1 (expected: a list of"),
        new Refusal(
            "local: {code: orders, aliases: {live: 3}}",
            "3: aliases.live: 3 (expected: $LATEST or one of versions)"),
        new Refusal(
            "local: {code: orders, aliases: {1: 3}}", "3: key of aliases: \"1\" (expected:"),
        new Refusal("local: {code: orders, command: []}", "3: command: an empty list (expected:"),
        new Refusal(
            "local: {code: orders, credentials: inherits}",
            "3: credentials: \"inherits\" (expected: \"inherit\")"),
        new Refusal(
            "local: {code: orders, environment: [secret]}",
            "3: environment: not a map (expected: a map)"),
        new Refusal(
            "local: {code: orders, environment: {A: [secret]}}",
            "3: environment.A: a list (expected: text)"),
        new Refusal("local: {code: orders, env_file: .nope}", ".nope: file: not there (expected:"),
        new Refusal("endpoint: {url: 'ftp://h'}", "3: url: another form (expected: http:// or"),
        new Refusal("endpoint: {url: 'http://user:secret@h'}", "3: url: another form (expected:"),
        new Refusal("endpoint: {region: Paris}", "3: region: \"Paris\" (expected: an AWS region,"),
        new Refusal("endpoint: {dialect: sams}", "3: dialect: \"sams\" (expected: \"sam\")"),
        new Refusal("endpoint: {dialect: {name: base}}", "3: name: \"base\" (expected: \"bare\")"),
        new Refusal(
            "endpoint: {retries: -1}", "3: retries: -1 (expected: a whole number from 0 to 10)"),
        new Refusal("reply: {status: 302}", "3: status: 302 (expected: 200, or from 400 to 599)"),
        new Refusal(
            "reply: {error: unhandled}", "3: error: \"unhandled\" (expected: \"Unhandled\")"),
        new Refusal("reply: {when: [{payload: 1}]}", "3: contains: not there (expected: what"),
        new Refusal(
            "reply: {payload: 1, sequence: [{payload: 1}]}",
            "3: sequence: beside payload (expected:"),
        new Refusal(
            "reply: {sequence: []}", "3: sequence: an empty list (expected: a list of answers)"),
        new Refusal("reply: {}; faults: [{}]", "4: fault: none (expected: one of delay,"),
        new Refusal(
            "reply: {}; faults: [{throttle: 1.5}]", "4: throttle: 1.5 (expected: a number from 0"),
        new Refusal(
            "reply: {}; faults: [{refuse: 1, rate: 1}]", "4: rate: beside refuse (expected:"),
        new Refusal("reply: {}; faults: [{delay: 1s, refuse: 1}]", "4: fault: delay and refuse"));
  }

  static String[] linesOf(String route) {
    return new String[] {"routes:", "  - function: f", "    " + route.replace("; ", "\n    ")};
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void refusesWithTheLineAndWhatWasExpected(Refusal refusal) throws Exception {
    folder.write("functions.yaml", linesOf(refusal.route()));

    assertThat(folder.refusal("functions.yaml"))
        .contains(refusal.message())
        .doesNotContain("secret");
  }

  @Test
  void namesTheLineOfAVariableThatIsNone() throws Exception {
    folder.write(".env", "A=1", "secret");
    folder.write("functions.yaml", linesOf("local: {code: orders, env_file: .env}"));

    assertThat(folder.refusal("functions.yaml"))
        .endsWith(".env:2: line: not a variable (expected: KEY=value)");
  }

  @Test
  @Timeout(10)
  void doesNotWaitForAFileOfVariablesThatIsAPipe() throws Exception {
    folder.fifo(".env");
    folder.write("functions.yaml", linesOf("local: {code: orders, env_file: .env}"));

    assertThat(folder.refusal("functions.yaml"))
        .endsWith(".env: file: another kind (expected: a file)");
  }

  @Test
  void watchesCodeThatCannotRunYet() throws Exception {
    Path bootstrap = folder.write("shell/bootstrap");
    folder.write("functions.yaml", linesOf("local: {code: shell}"));

    assertThatThrownBy(() -> folder.read("functions.yaml"))
        .isInstanceOfSatisfying(
            FunctionsException.class,
            refused -> assertThat(refused.watched()).contains(bootstrap.getParent()))
        .hasMessageContaining("its bootstrap is not executable");
  }

  @Test
  void refusesAFileWithoutRoutesAndRoutesWithoutFunctions() throws Exception {
    folder.write("a.yaml", "rutes: []");
    folder.write("b.yaml", "routes: []");
    folder.write("c.yaml", "routes:", "  - reply: {}");
    folder.write("d.yaml", "routes:", "  - {function: 'a b', reply: {}}");

    assertThat(folder.refusal("a.yaml"))
        .endsWith("a.yaml:1: key of the file: \"rutes\" (expected: \"routes\")");
    assertThat(folder.refusal("b.yaml"))
        .endsWith("b.yaml:1: routes: an empty list (expected: a list of routes)");
    assertThat(folder.refusal("c.yaml"))
        .contains("c.yaml:2: function: not there (expected: a function's name,");
    assertThat(folder.refusal("d.yaml"))
        .contains("d.yaml:2: function: \"a b\" (expected: a function's name,");
  }

  @Test
  void refusesWhatNoVariableCanHoldWithoutShowingIt() throws Exception {
    folder.write(".env", "A=s3cret\0");

    folder.write(
        "environment.yaml",
        "routes:",
        "  - {function: f, local: {code: orders, environment: {A: \"s3cret\\0\"}}}");
    folder.write(
        "env_file.yaml", "routes:", "  - {function: f, local: {code: orders, env_file: .env}}");

    assertThat(folder.refusal("environment.yaml"))
        .isEqualTo(
            directory.resolve("environment.yaml")
                + ":2: environment.A: text with U+0000 (expected: text without it)");
    assertThat(folder.refusal("env_file.yaml"))
        .isEqualTo(
            directory.resolve(".env") + ":1: A: text with U+0000 (expected: text without it)");
  }

  @Test
  void refusesAPathThatNoFileCanHave() throws Exception {
    folder.write("functions.yaml", "routes:", "  - {function: f, local: {code: \"a\\0\"}}");

    assertThat(folder.refusal("functions.yaml")).contains("--functions: a path: ");
  }
}
