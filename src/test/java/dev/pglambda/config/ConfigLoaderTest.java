package dev.pglambda.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.pglambda.config.ConfigLoader.Exit;
import dev.pglambda.config.ConfigLoader.Run;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.event.Level;

class ConfigLoaderTest {
  private static final String SECRET = "0123456789abcdef0123456789abcdef";
  private static final Config DEFAULTS =
      new Config(
          new ListenAddresses(new HostAndPort("127.0.0.1", 5433), null),
          Balancers.NONE,
          null,
          BackendSsl.DISABLED,
          LoginMode.AUTO,
          Path.of("pg-lambda-data"),
          new Config.Embedded(false, null),
          new Config.Tls(
              null, null, null, null, TlsVersion.TLS_1_2, null, ClientCertificates.REQUIRED, null),
          null,
          new Config.Lambda(null, null, null, 0, 10_000, SampleFunctionsMode.AUTO, null, List.of()),
          new Config.Callback(
              null, null, null, true, null, null, DirectCallMode.AUTO, List.of("rds_superuser")),
          new Config.Limits(
              1024 * 1024,
              Duration.ofSeconds(60),
              Duration.ofSeconds(10),
              new ClientLimits(1000, 0, 100, 1000, 100),
              1000,
              null,
              64L << 20,
              new Config.Keepalives(Duration.ZERO, Duration.ZERO, 0),
              Duration.ofSeconds(5)),
          new Config.Log(Level.INFO, LogFormat.TEXT, null),
          new Config.KeptCalls(null, null, true),
          new Config.Admin(new HostAndPort("127.0.0.1", 5480), false, null),
          false,
          false);

  @TempDir Path directory;

  @Test
  void fillsInEveryDefault() {
    assertThat(load()).isEqualTo(DEFAULTS);
    assertThat(load("run")).isEqualTo(DEFAULTS);
  }

  /** Every option but those of which a file is needed, with a value that is not its default. */
  static Stream<Arguments> givenOptions() {
    return Stream.of(
        arguments(Option.LISTEN, "[::1]:6000", "tcp=[::1]:6000"),
        arguments(
            Option.PROXY_PROTOCOL_FROM,
            "10.0.0.7, fd00::/8, unix",
            "ranges=[10.0.0.7/32, fd00::/8], local=true"),
        arguments(Option.BACKEND, "db.example:5555", "backend=db.example:5555"),
        arguments(Option.DATA_DIR, "some/where", "dataDirectory=some/where"),
        arguments(Option.EMBEDDED_PASSWORD, "pa$$w0rd", "password=(hidden)"),
        arguments(Option.EMBEDDED_SUPERUSER, "on", "superuser=true"),
        arguments(Option.TLS_MODE, "require", "mode=REQUIRE"),
        arguments(Option.TLS_CERT, "server.crt", "certificate=server.crt"),
        arguments(Option.TLS_KEY, "server.key", "key=server.key"),
        arguments(Option.TLS_KEY_PASSWORD_FILE, "password", "keyPasswordFile=password"),
        arguments(Option.TLS_MIN_VERSION, "1.3", "minVersion=TLS_1_3"),
        arguments(Option.TLS_CLIENT_CA, "clients.crt", "clientCa=clients.crt"),
        arguments(Option.TLS_CLIENT_CERT, "optional", "clientCertificates=OPTIONAL"),
        arguments(Option.TLS_SELF_SIGNED, "off", "selfSigned=false"),
        arguments(Option.INSPECT_LIMIT, "64kB", "inspectBytes=65536"),
        arguments(Option.STARTUP_TIMEOUT, "2min", "startupTimeout=PT2M"),
        arguments(Option.CONNECT_TIMEOUT, "1500ms", "connectTimeout=PT1.5S"),
        arguments(Option.MAX_CLIENTS, "5", "maxClients=5"),
        arguments(Option.MAX_CLIENTS_PER_ADDRESS, "6", "maxClientsPerAddress=6"),
        arguments(Option.MAX_UNAUTHENTICATED_CLIENTS, "9", "maxUnauthenticatedClients=9"),
        arguments(Option.MAX_CALLBACK_LINKS, "11", "maxCallbackLinks=11"),
        arguments(Option.MAX_MEMORY, "3GB", "maxMemory=3221225472"),
        arguments(Option.MAX_MEMORY_PER_SESSION, "100MB", "maxMemoryPerSession=104857600"),
        arguments(Option.MAX_PENDING_CLIENTS, "7", "maxPendingClients=7"),
        arguments(Option.MAX_CANCEL_REQUESTS, "8", "maxCancelRequests=8"),
        arguments(Option.TCP_KEEPALIVES_IDLE, "2h", "idle=PT2H"),
        arguments(Option.TCP_KEEPALIVES_INTERVAL, "75s", "interval=PT1M15S"),
        arguments(Option.TCP_KEEPALIVES_COUNT, "9", "count=9"),
        arguments(Option.SHUTDOWN_GRACE, "0s", "shutdownGrace=PT0S"),
        arguments(
            Option.LAMBDA_ENDPOINT, "http://localhost:4566", "endpoint=http://localhost:4566"),
        arguments(Option.REGION, "eu-west-3", "region=eu-west-3"),
        arguments(
            Option.ROLE_ARN,
            "arn:aws:iam::111122223333:role/path/caller",
            "roleArn=arn:aws:iam::111122223333:role/path/caller"),
        arguments(Option.LAMBDA_RETRIES, "3", "retries=3"),
        arguments(Option.MAX_CONCURRENT_INVOCATIONS, "17", "maxConcurrentInvocations=17"),
        arguments(Option.SAMPLE_FUNCTIONS, "off", "sampleFunctions=OFF"),
        arguments(Option.FUNCTIONS, "./functions", "functions=./functions"),
        arguments(Option.POLICY, "a.json, b", "policies=[a.json, b]"),
        arguments(Option.CALLBACK_ADDRESS, "proxy.example:7000", "host=proxy.example, port=7000"),
        arguments(Option.CALLBACK_SECRET, SECRET, "secret=(hidden)"),
        arguments(Option.CALLBACK_PARAMETER, "off", "parameter=false"),
        arguments(Option.CALLBACK_TLS, "require", "tls=REQUIRE"),
        arguments(
            Option.CALLBACK_ALLOW,
            "server",
            "allow=CallbackPeers[all=false, server=true, ranges=[]]"),
        arguments(Option.DIRECT_CALLS, "never", "directCalls=NEVER"),
        arguments(Option.TRUSTED_ROLES, "app, ops", "trustedRoles=[app, ops]"),
        arguments(Option.LOG_LEVEL, "debug", "level=DEBUG"),
        arguments(Option.LOGIN, "ask", "login=ASK"),
        arguments(Option.LOG_FORMAT, "json", "format=JSON"),
        arguments(Option.LOG_CALLS, "on", "calls=true"),
        arguments(Option.JOURNAL_SIZE, "1MB", "maxBytes=1048576"),
        arguments(Option.JOURNAL_FILE, "calls.json", "file=calls.json"),
        arguments(Option.JOURNAL_PAYLOADS, "off", "payloads=false"),
        arguments(Option.ADMIN, "off", "admin=null"),
        arguments(Option.ADMIN_TOKEN, "0123456789abcdef", "token=(hidden)"),
        arguments(Option.GUIDE, "on", "guide=true, once=false"),
        arguments(Option.ONCE, "on", "guide=true, once=true"));
  }

  @Test
  void triesEveryOption() {
    Set<Option> elsewhere = EnumSet.of(Option.HELP, Option.VERSION, Option.CALLBACK_SECRET_FILE);
    elsewhere.add(Option.ADMIN_TOKEN_FILE); // SecretTest
    elsewhere.addAll(Option.BACKEND_SSL); // BackendSslTest
    elsewhere.addAll(Option.IAM); // IamAuthenticationTest

    Stream<Option> tried = givenOptions().map(row -> (Option) row.get()[0]);

    assertThat(Stream.concat(tried, elsewhere.stream())).containsExactlyInAnyOrder(Option.values());
  }

  @ParameterizedTest
  @MethodSource("givenOptions")
  void takesAnOptionFromTheCommandLine(Option option, String value, String expected) {
    String name = option.optionName();
    boolean standsAlone = option.label() == null;

    Config config = standsAlone ? load(name) : load(name, value);

    assertThat(config).isNotEqualTo(DEFAULTS);
    assertThat(config.toString()).contains(expected);
    assertThat(standsAlone ? load("run", name) : load(name + "=" + value)).isEqualTo(config);
  }

  @ParameterizedTest
  @MethodSource("givenOptions")
  void takesAnOptionFromItsVariable(Option option, String value, String expected) {
    String variable = option.variable();
    if (variable == null) {
      assertThat(option)
          .as("the option whose variable the AWS SDK reads")
          .isEqualTo(Option.LAMBDA_ENDPOINT);
      return;
    }

    Config config = load(Map.of(variable, value));

    assertThat(config).isNotEqualTo(DEFAULTS);
    assertThat(config.toString()).contains(expected);
  }

  @Test
  void countsTheCommandLineBeforeTheVariable() {
    Map<String, String> environment =
        Map.of("PGLAMBDA_LISTEN", "no address", "AWS_REGION", "eu-west-1", "PGLAMBDA_ONCE", "off");

    Config config = load(environment, "--listen", ":1", "--region", "us-west-2", "--once");

    assertThat(config.listen().tcp()).isEqualTo(new HostAndPort("", 1));
    assertThat(config.lambda().region()).isEqualTo("us-west-2");
    assertThat(config.once()).isTrue();
  }

  @Test
  void countsAnEmptyVariableAsNotSet() {
    assertThat(load(Map.of("PGLAMBDA_BACKEND", "", "AWS_REGION", ""))).isEqualTo(DEFAULTS);
  }

  @Test
  void leavesVariablesOfOthersAlone() {
    assertThat(load(Map.of("AWS_ENDPOINT_URL_LAMBDA", "?", "PGHOST", "x", "LISTEN", "y")))
        .isEqualTo(DEFAULTS);
  }

  @Test
  void leavesTheCallbackPortOpenIfNoneIsGiven() {
    Config.Callback callback = load("--callback-address", "[fd00::1]").callback();

    assertThat(callback.host()).isEqualTo("fd00::1");
    assertThat(callback.port()).isNull();
  }

  @Test
  void keepsTheEndpointAsWritten() {
    assertThat(load("--lambda-endpoint", "https://example.com/base").lambda().endpoint())
        .isEqualTo(URI.create("https://example.com/base"));
  }

  @Test
  void readsTheSecretFromAFileWithoutItsLineEnd() throws IOException {
    Path file = Files.writeString(directory.resolve("secret"), SECRET + "\r\n");
    Secret expected = new Secret(SECRET.getBytes(StandardCharsets.UTF_8));

    assertThat(load("--callback-secret-file", file.toString()).callback().secret())
        .isEqualTo(expected);
    assertThat(load(Map.of("PGLAMBDA_CALLBACK_SECRET_FILE", file.toString())).callback().secret())
        .isEqualTo(expected);
  }

  @Test
  void takesTheSecretOfTheCommandLineBeforeTheOtherKindOfVariable() throws IOException {
    String other = SECRET + " of the file";
    Path file = Files.writeString(directory.resolve("secret"), other);

    Config text =
        load(Map.of("PGLAMBDA_CALLBACK_SECRET_FILE", "none"), "--callback-secret", SECRET);
    Config fromFile =
        load(Map.of("PGLAMBDA_CALLBACK_SECRET", SECRET), "--callback-secret-file", file.toString());

    assertThat(text.callback().secret())
        .isEqualTo(new Secret(SECRET.getBytes(StandardCharsets.UTF_8)));
    assertThat(fromFile.callback().secret())
        .isEqualTo(new Secret(other.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void refusesTwoSecrets() {
    Exit exit = refuse(Map.of(), "--callback-secret", SECRET, "--callback-secret-file", "f");

    assertThat(exit.message())
        .isEqualTo(
            "--callback-secret-file: \"f\""
                + " (expected: not beside --callback-secret, which is given too)");
  }

  @Test
  void neverShowsASecret() {
    assertThat(load("--callback-secret", SECRET).toString()).doesNotContain(SECRET);
    assertThat(load("--embedded-password", SECRET).toString()).doesNotContain(SECRET);
    assertThat(refuse(Map.of(), "--embedded-password", "pass word").message())
        .isEqualTo(
            "--embedded-password: 9 characters, not shown (expected: 8 to 128 visible ASCII"
                + " characters)");
    assertThat(refuse(Map.of(), "--embedded-password", "shorter").message())
        .startsWith("--embedded-password: 7 characters, not shown");
    assertThat(refuse(Map.of(), "--callback-secret", "too short").message())
        .isEqualTo("--callback-secret: 9 bytes (expected: at least 32 bytes of text)");
    assertThat(refuse(Map.of(), "--callback-secrt=" + SECRET).message()).doesNotContain(SECRET);
    assertThat(refuse(Map.of(), "--callback-secrt", SECRET).message()).doesNotContain(SECRET);
    assertThat(refuse(Map.of("PGLAMBDA_CALLBACK_SECRT", SECRET)).message()).doesNotContain(SECRET);
    assertThat(refuse(Map.of(), "--callback-secret", SECRET, "--callback-secret", SECRET).message())
        .isEqualTo("--callback-secret: given twice (expected: once)");
    assertThat(refuse(Map.of(), "--lambda-endpoint", "http://user:" + SECRET + "@h").message())
        .doesNotContain(SECRET);
  }

  static Stream<Arguments> badValues() {
    return Stream.of(
        arguments(
            Option.LISTEN,
            List.of(
                "",
                "host:65536",
                "::1:5433",
                "[nonsense]:1",
                "a b:1",
                "1:2:3",
                "[::1%]:1",
                "h:-1",
                "h:x",
                "ü:1",
                "unix:run",
                "unix:/run:0",
                "unix:/a,unix:/b",
                ":1,:2",
                ":1,")),
        arguments(
            Option.PROXY_PROTOCOL_FROM,
            List.of("", "on", "10.0.0.1/33", "10.0.0.0/", "::1/129", "10.0.0.1:5433", "::1,")),
        arguments(
            Option.BACKEND,
            List.of(":5432", "db:0", "db:", "postgres://db:5432", "db:99999", "unix:/run:65536")),
        arguments(Option.DATA_DIR, List.of("pom.xml", "a\0b", "")),
        arguments(
            Option.INSPECT_LIMIT,
            List.of("1", "1 TB", "-1MB", "2GB", "512B", "MB", "1.5MB", "9999999999kB")),
        arguments(Option.STARTUP_TIMEOUT, List.of("0s", "60", "25h", "1d", "s", "-1s", "1 m")),
        arguments(Option.CONNECT_TIMEOUT, List.of("0ms", "ten seconds", "1s1ms")),
        arguments(Option.CALLBACK_TLS, List.of("prefer", "on")),
        arguments(
            Option.CALLBACK_ALLOW, List.of("10.0.0.0/33", "localhost", "all,", "10.0.0.0/8 x")),
        arguments(Option.TRUSTED_ROLES, List.of("a,,b", ",", " ", "r\u00f4le")),
        arguments(Option.MAX_CLIENTS, List.of("0", "1000001", "-1", "")),
        arguments(Option.MAX_CLIENTS_PER_ADDRESS, List.of("1000001", "none")),
        arguments(Option.MAX_PENDING_CLIENTS, List.of("0", "1000001")),
        arguments(Option.MAX_CANCEL_REQUESTS, List.of("0", "1000001")),
        arguments(Option.TCP_KEEPALIVES_IDLE, List.of("0", "1500ms", "10h", "-1s")),
        arguments(Option.TCP_KEEPALIVES_INTERVAL, List.of("60", "500ms", "")),
        arguments(Option.TCP_KEEPALIVES_COUNT, List.of("128", "-1", "3s")),
        arguments(Option.SHUTDOWN_GRACE, List.of("0", "25h", "never")),
        arguments(
            Option.LAMBDA_ENDPOINT,
            List.of(
                "localhost:4566",
                "ftp://h",
                "http://",
                "http://h:99999",
                "http://h?x=1",
                "http://u@h",
                "http://h/#f",
                "not a url",
                "")),
        arguments(Option.REGION, List.of("US EAST", "eu_west_1", "s3", "local", "us-east-1.x", "")),
        arguments(
            Option.ROLE_ARN,
            List.of(
                "caller",
                "arn:aws:iam::1:role/x",
                "arn:aws:iam::111122223333:user/x",
                "arn:aws:iam::111122223333:role/path/")),
        arguments(Option.LAMBDA_RETRIES, List.of("-1", "11", "one", "99999999999")),
        arguments(Option.MAX_CONCURRENT_INVOCATIONS, List.of("0", "1000001", "1e3", "")),
        arguments(Option.SAMPLE_FUNCTIONS, List.of("maybe", "true", "")),
        arguments(Option.FUNCTIONS, List.of("", " ")),
        arguments(Option.POLICY, List.of("", "a.json,")),
        arguments(Option.CALLBACK_ADDRESS, List.of(":5433", "host:0", "a|b", "a b")),
        arguments(Option.CALLBACK_PARAMETER, List.of("true", "1", "")),
        arguments(Option.DIRECT_CALLS, List.of("on", "")),
        arguments(Option.LOG_LEVEL, List.of("verbose", "")),
        arguments(Option.LOGIN, List.of("always", "")),
        arguments(Option.LOG_FORMAT, List.of("xml", "")));
  }

  @ParameterizedTest
  @MethodSource("badValues")
  void refusesABadValueInOneLineThatNamesOptionValueAndExpectation(
      Option option, List<String> values) {
    for (String value : values) {
      Exit exit = refuse(Map.of(), option.optionName(), value);

      assertThat(exit.message())
          .startsWith(option.optionName() + ": \"")
          .endsWith("(expected: " + option.expected() + ")")
          .contains(ConfigException.quote(value));
    }
  }

  @ParameterizedTest
  @MethodSource("badValues")
  void namesTheVariableIfItHoldsTheBadValue(Option option, List<String> values) {
    String variable = option.variable();
    for (String value : values) {
      if (variable != null && !value.isEmpty()) {
        assertThat(refuse(Map.of(variable, value)).message())
            .isEqualTo(
                variable
                    + ": "
                    + ConfigException.quote(value)
                    + " (expected: "
                    + option.expected()
                    + ")");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Option.class,
      names = {"GUIDE", "ONCE"})
  void refusesAVariableThatIsNeitherOnNorOff(Option option) {
    String variable = "PGLAMBDA_" + option;

    assertThat(refuse(Map.of(variable, "yes")).message())
        .isEqualTo(variable + ": \"yes\" (expected: on or off)");
  }

  @Test
  void refusesASecretFileItCannotUse() throws IOException {
    Path missing = directory.resolve("missing");
    Path small = Files.writeString(directory.resolve("small"), "0123456789012345678901234567890\n");
    Path large = Files.write(directory.resolve("large"), new byte[65 * 1024]);

    assertThat(refuseSecretFile(missing)).contains("no such file");
    assertThat(refuseSecretFile(directory)).contains("cannot be read");
    assertThat(refuseSecretFile(small)).contains("31 bytes");
    assertThat(refuseSecretFile(large)).contains("more than 64 kB");
  }

  private static String refuseSecretFile(Path file) {
    String message = refuse(Map.of(), "--callback-secret-file", file.toString()).message();
    assertThat(message)
        .startsWith("--callback-secret-file: \"" + file + "\", ")
        .endsWith("(expected: a readable file of at least 32 bytes)");
    return message;
  }

  static Stream<Arguments> badCommandLines() {
    return Stream.of(
        arguments(List.of("--listn", "x"), "command line: unknown option \"--listn\""),
        arguments(List.of("--LISTEN", "x"), "command line: unknown option \"--LISTEN\""),
        arguments(List.of("-h"), "command line: unknown option \"-h\""),
        arguments(List.of("start"), "command line: \"start\""),
        arguments(List.of("--once", "run"), "command line: \"run\""),
        arguments(List.of("run", "run"), "command line: \"run\""),
        arguments(List.of("@file"), "command line: \"@file\""),
        arguments(List.of("a\nb"), "command line: \"a?b\""),
        arguments(List.of("--backend"), "--backend: no value"),
        arguments(List.of("--backend", "--once"), "--backend: no value"),
        arguments(List.of("--once", "--guide=off"), "--guide: \"off\""),
        arguments(List.of("--help=x"), "--help: \"x\""),
        arguments(List.of("--listen", ":1", "--listen", ":1"), "--listen: given twice"));
  }

  @ParameterizedTest
  @MethodSource("badCommandLines")
  void refusesABadCommandLineInOneLine(List<String> arguments, String start) {
    Exit exit = refuse(Map.of(), arguments.toArray(new String[0]));

    assertThat(exit.message()).startsWith(start + " (expected: ");
  }

  @Test
  void refusesAVariableItDoesNotKnow() {
    assertThat(refuse(Map.of("PGLAMBDA_LISTN", "x", "PGLAMBDA_LISTEN", ":1")).message())
        .isEqualTo(
            "environment: unknown variable \"PGLAMBDA_LISTN\""
                + " (expected: a variable that --help lists)");
    assertThat(refuse(Map.of("PGLAMBDA_LAMBDA_ENDPOINT", "http://h")).message())
        .isEqualTo(
            "environment: unknown variable \"PGLAMBDA_LAMBDA_ENDPOINT\""
                + " (expected: AWS_ENDPOINT_URL_LAMBDA, which the AWS SDK reads)");
  }

  @Test
  void shortensALongValue() {
    assertThat(refuse(Map.of(), "--log-level", "x".repeat(100_000)).message()).hasSizeLessThan(300);
  }

  @Test
  void printsHelpWhateverTheEnvironmentHolds() {
    Exit exit =
        (Exit) ConfigLoader.load(new String[] {"--help"}, Map.of("PGLAMBDA_LISTEN", "no address"));

    assertThat(exit.code()).isZero();
    assertThat(exit.message()).startsWith("Usage: ");
  }

  @Test
  void printsItsVersion() {
    Exit exit = (Exit) ConfigLoader.load(new String[] {"run", "--version"}, Map.of());

    assertThat(exit.code()).isZero();
    assertThat(exit.message()).startsWith("pg-lambda-proxy ").hasLineCount(1);
  }

  private static Config load(String... arguments) {
    return load(Map.of(), arguments);
  }

  private static Config load(Map<String, String> environment, String... arguments) {
    ConfigLoader.LoadResult result = ConfigLoader.load(arguments, environment);
    assertThat(result).isInstanceOf(Run.class);
    return ((Run) result).config();
  }

  private static Exit refuse(Map<String, String> environment, String... arguments) {
    ConfigLoader.LoadResult result = ConfigLoader.load(arguments, environment);
    assertThat(result).isInstanceOf(Exit.class);
    Exit exit = (Exit) result;
    assertThat(exit.code()).isEqualTo(2);
    assertThat(exit.message()).hasLineCount(1).doesNotContain("\r");
    return exit;
  }

  @Test
  void refusesTheGuideBeforeANamedServer() {
    assertThat(
            ConfigLoader.load(
                new String[] {"--once", "--backend", "db"}, Map.of("PGLAMBDA_GUIDE", "on")))
        .isEqualTo(
            new ConfigLoader.Exit(
                2,
                "--once: given beside --backend (expected: the embedded server, on which the"
                    + " guide's example runs)"));
  }
}
