package dev.pglambda.client.tls;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import dev.pglambda.client.tls.LoginClient.Login;
import dev.pglambda.lambda.AccessKey;
import dev.pglambda.testing.LogCapture;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.TestIdentity;
import dev.pglambda.testing.TestToken;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.rds.RdsUtilities;

/** Logins by authentication tokens, from psql and pgjdbc to a server that knows nothing of them. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.PostgresServer#versions")
@Timeout(180)
class IamLoginTest {
  private static final TestIdentity AUTHORITY = TestIdentity.authority("Test authority");
  private static final TestIdentity SERVER = AUTHORITY.sign("server", "127.0.0.1", "localhost");
  private static final TestIdentity PROXY = AUTHORITY.sign("proxy", "localhost");

  private static final AccessKey KEY =
      new AccessKey("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", null);
  private static final AccessKey OTHER = new AccessKey("AKIAANOTHEREXAMPLE00", "other", null);
  private static final String PASSWORD = "p\u00e4ss word";
  private static final List<String> METHODS = List.of("trust", "password", "md5", "scram");
  private static final String ENCRYPTED =
      "SELECT current_user || ', ' || (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())::text";

  private final PostgresServer postgres;
  private final List<ProxyUnderTest> proxies = new ArrayList<>();

  @TempDir private Path directory;

  IamLoginTest(String version) throws Exception {
    postgres = PostgresServer.withTls(version);
  }

  @BeforeParameterizedClassInvocation
  static void letTheProxyInByEachMethod(String version) throws SQLException {
    PostgresServer postgres = PostgresServer.withTls(version);
    System.setProperty("aws.accessKeyId", KEY.id());
    System.setProperty("aws.secretAccessKey", KEY.secret());
    postgres.setTls(SERVER, AUTHORITY);
    List<String> rules = new ArrayList<>();
    for (String method : METHODS) {
      postgres.createRole(user(method), PASSWORD, method.equals("md5") ? "md5" : "scram-sha-256");
      rules.add(
          "host all %s 127.0.0.1/32 %s"
              .formatted(user(method), method.equals("scram") ? "scram-sha-256" : method));
    }
    postgres.setHba(rules.toArray(String[]::new));
  }

  private static String user(String method) {
    return "iam_" + method;
  }

  @AfterEach
  void closeProxies() {
    proxies.forEach(ProxyUnderTest::close);
  }

  @AfterParameterizedClassInvocation
  static void forget(String version) throws SQLException {
    PostgresServer postgres = PostgresServer.withTls(version);
    System.clearProperty("aws.accessKeyId");
    System.clearProperty("aws.secretAccessKey");
    postgres.resetHba();
    postgres.setTlsOff();
    for (String method : METHODS) {
      postgres.execute("DROP ROLE " + user(method));
    }
  }

  private ProxyUnderTest proxy(@Nullable String password, String... arguments) throws Exception {
    Path own = Files.createTempDirectory(directory, "proxy");
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(PROXY.shownIn(own, "shown"));
    all.addAll(List.of("--sample-functions", "on"));
    if (password != null) {
      Path file = Files.writeString(own.resolve("password"), password + "\n");
      all.addAll(List.of("--iam-password-file", file.toString()));
    }
    ProxyUnderTest proxy = ProxyUnderTest.start(postgres, all.toArray(String[]::new));
    proxies.add(proxy);
    return proxy;
  }

  private ProxyUnderTest proxyFor(boolean tlsToServer, @Nullable String password) throws Exception {
    return tlsToServer
        ? proxy(
            password,
            "--iam-auth",
            "on",
            "--iam-users",
            "*",
            "--backend-sslmode",
            "verify-full",
            "--backend-sslrootcert",
            rootCertificate().toString())
        : proxy(password, "--iam-auth", "on", "--iam-users", "*", "--backend-sslmode", "disable");
  }

  private Path rootCertificate() {
    return AUTHORITY.certificateIn(directory, "root.crt");
  }

  private Login login(ProxyUnderTest proxy, String method, String token) {
    return new Login(proxy.port(), user(method), token, rootCertificate(), ENCRYPTED);
  }

  private static String ofSdk(AccessKey key, int port, String user) {
    return RdsUtilities.builder()
        .region(Region.EU_WEST_1)
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create(key.id(), key.secret())))
        .build()
        .generateAuthenticationToken(
            request -> request.hostname("localhost").port(port).username(user));
  }

  private static String ofCli(String user, Instant made) {
    return TestToken.of(KEY, "db.example:5432", "eu-west-1", user, made).text();
  }

  private static List<String> answers(Login login) throws Exception {
    return List.of(LoginClient.psql(login, ""), LoginClient.pgjdbc(login, ""));
  }

  @Test
  void aTokenGetsInByEachMethodOfTheServer() throws Exception {
    for (boolean tlsToServer : new boolean[] {false, true}) {
      ProxyUnderTest proxy = proxyFor(tlsToServer, PASSWORD);
      for (String method : METHODS) {
        String user = user(method);
        String expected = user + ", " + tlsToServer;
        for (String token : List.of(ofSdk(KEY, proxy.port(), user), ofCli(user, Instant.now()))) {
          assertThat(answers(login(proxy, method, token))).containsOnly(expected);
        }
      }
    }
  }

  @Test
  void aQueryMayComeWithTheToken() throws Exception {
    ProxyUnderTest proxy = proxyFor(true, PASSWORD);
    for (String method : METHODS) {
      String user = user(method);
      assertThat(PipelinedLogin.row(proxy, user, ofCli(user, Instant.now()))).isEqualTo(user);
    }
  }

  @Test
  void aServerThatTrustsTheProxyNeedsNoPassword() throws Exception {
    ProxyUnderTest proxy = proxyFor(true, null);

    assertThat(answers(login(proxy, "trust", ofCli("iam_trust", Instant.now()))))
        .containsOnly("iam_trust, true");
    assertThat(answers(login(proxy, "scram", ofCli("iam_scram", Instant.now()))))
        .allMatch(
            answer ->
                answer.contains(
                    "proxy cannot log in to the server: it asks for a password, and there is none"
                        + " (expected: --iam-password)"));
  }

  @Test
  void whatDoesNotCountIsRefusedWhateverTheServerSays() throws Exception {
    ProxyUnderTest proxy = proxyFor(false, PASSWORD);
    String refusal = "FATAL: PAM authentication failed for user \"iam_trust\"";
    Instant now = Instant.now();

    for (String token :
        List.of(
            PASSWORD,
            ofCli("iam_scram", now),
            ofCli("iam_trust", now.minusSeconds(901)),
            ofCli("iam_trust", now.plusSeconds(400)),
            ofCli("iam_trust", now).replace("db.example", "db2.example"),
            ofSdk(OTHER, proxy.port(), "iam_trust"))) {
      assertThat(answers(login(proxy, "trust", token)))
          .allMatch(answer -> answer.contains(refusal));
    }
    Login plain = new Login(proxy.port(), "iam_trust", ofCli("iam_trust", now), null, ENCRYPTED);
    assertThat(answers(plain))
        .allMatch(
            answer ->
                answer.contains(
                    "FATAL: pg_hba.conf rejects connection for host \"127.0.0.1\", user"
                        + " \"iam_trust\", database \"postgres\", no encryption"));
  }

  @Test
  void aTokenIsForOneOfTheHostsThatAreConfigured() throws Exception {
    ProxyUnderTest proxy =
        proxy(
            PASSWORD,
            "--iam-auth",
            "on",
            "--iam-users",
            "iam_scram",
            "--iam-host",
            "db.other:5432,localhost");

    assertThat(answers(login(proxy, "scram", ofSdk(KEY, 5432, "iam_scram"))))
        .allMatch(answer -> answer.startsWith("iam_scram, "));
    assertThat(answers(login(proxy, "scram", ofCli("iam_scram", Instant.now()))))
        .allMatch(answer -> answer.contains("PAM authentication failed for user \"iam_scram\""));
  }

  @Test
  void othersLogInAsEver() throws Exception {
    ProxyUnderTest proxy = proxy("wrong", "--iam-auth", "on", "--iam-users", "iam_scram");

    assertThat(answers(login(proxy, "md5", PASSWORD)))
        .allMatch(answer -> answer.startsWith("iam_md5, "));
    assertThat(answers(login(proxy, "scram", ofCli("iam_scram", Instant.now()))))
        .allMatch(
            answer ->
                answer.contains("FATAL: password authentication failed for user \"iam_scram\""));
  }

  @Test
  void othersCountUnverifiedIfThatIsAskedFor() throws Exception {
    ProxyUnderTest proxy = proxy(PASSWORD, "--iam-auth", "unverified", "--iam-users", "iam_scram");

    assertThat(answers(login(proxy, "scram", ofSdk(OTHER, 5432, "iam_scram"))))
        .allMatch(answer -> answer.startsWith("iam_scram, "));
    String altered = ofSdk(KEY, 5432, "iam_scram").replace("Expires=900", "Expires=899");
    assertThat(answers(login(proxy, "scram", altered)))
        .allMatch(answer -> answer.contains("PAM authentication failed for user \"iam_scram\""));
  }

  @Test
  void noTokenAndNoPasswordIsLogged() throws Exception {
    ProxyUnderTest proxy = proxyFor(true, PASSWORD);
    String good = ofCli("iam_scram", Instant.now());
    String old = ofCli("iam_scram", Instant.now().minusSeconds(1000));
    Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
    Appender<ILoggingEvent> console = root.getAppender("STDOUT");
    root.detachAppender(console);
    List<String> lines;
    try (LogCapture log = LogCapture.of(Logger.ROOT_LOGGER_NAME).at(Level.TRACE)) {
      for (String token : List.of(good, old)) {
        LoginClient.pgjdbc(login(proxy, "scram", token), "");
      }
      lines = log.lines();
    } finally {
      root.addAppender(console);
    }

    assertThat(lines)
        .isNotEmpty()
        .noneMatch(line -> line.contains(PASSWORD) || line.contains("X-Amz-"))
        .noneMatch(line -> line.contains(signature(good)) || line.contains(signature(old)))
        .noneMatch(line -> line.contains(KEY.secret()));
  }

  private static String signature(String token) {
    return token.substring(token.length() - 64);
  }
}
