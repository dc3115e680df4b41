package dev.pglambda.client.tls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.client.tls.LoginClient.Login;
import dev.pglambda.testing.FakeRadiusServer;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.TestIdentity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of logins in docs/tls.md. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.PostgresServer#versions")
@Timeout(180)
class LoginTest {
  private static final TestIdentity AUTHORITY = TestIdentity.authority("Test authority");
  private static final TestIdentity SERVER = AUTHORITY.sign("server", "127.0.0.1", "localhost");
  private static final TestIdentity PROXY = AUTHORITY.sign("proxy", "localhost");

  private static final String PASSWORD = "pass word";

  /** Its SASLprep is another text: a soft hyphen, a space that does not break, one half. */
  private static final String TO_BE_PREPARED = "p\u00e4s\u00ads\u00a0w\u00bdrd";

  /** The same to SCRAM (RFC 4013). */
  private static final String PREPARED = "p\u00e4ss w1\u20442rd";

  private static final String ENCRYPTED =
      "SELECT current_user || ', ' || (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())::text";
  private static final List<String> METHODS =
      List.of("trust", "password", "md5", "scram", "radius", "cert");

  private static final FakeRadiusServer RADIUS = FakeRadiusServer.start(PASSWORD);

  private final PostgresServer postgres;
  private final List<ProxyUnderTest> proxies = new ArrayList<>();

  @TempDir private Path directory;

  LoginTest(String version) throws Exception {
    postgres = PostgresServer.withTls(version);
  }

  @BeforeParameterizedClassInvocation
  static void letEachInByItsMethod(String version) throws SQLException {
    PostgresServer postgres = PostgresServer.withTls(version);
    postgres.setTls(SERVER, AUTHORITY);
    postgres.setIdent("proxies proxy login_cert");
    List<String> rules = new ArrayList<>();
    for (String method : METHODS) {
      postgres.createRole(
          "login_" + method, PASSWORD, method.equals("md5") ? "md5" : "scram-sha-256");
      String type = method.equals("cert") ? "hostssl" : "host";
      rules.add("%s all login_%s 127.0.0.1/32 %s".formatted(type, method, rule(method)));
    }
    rules.add("host all login_cert 127.0.0.1/32 reject");
    postgres.setHba(rules.toArray(String[]::new));
  }

  private static String rule(String method) {
    return switch (method) {
      case "scram" -> "scram-sha-256";
      case "cert" -> "cert map=proxies";
      case "radius" ->
          "radius radiusservers=\"127.0.0.1\" radiusports=\"%d\" radiussecrets=\"%s\""
              .formatted(RADIUS.port(), FakeRadiusServer.SECRET);
      default -> method;
    };
  }

  @AfterEach
  void closeProxies() {
    proxies.forEach(ProxyUnderTest::close);
  }

  @AfterParameterizedClassInvocation
  static void forget(String version) throws SQLException {
    PostgresServer postgres = PostgresServer.withTls(version);
    postgres.resetHba();
    postgres.setIdent();
    postgres.setTlsOff();
    for (String method : METHODS) {
      postgres.execute("DROP ROLE login_" + method);
    }
  }

  @AfterAll
  static void stop() {
    RADIUS.close();
  }

  private ProxyUnderTest proxy(TestIdentity shown, String... arguments) throws Exception {
    Path own = Files.createTempDirectory(directory, "proxy");
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(shown.shownIn(own, "shown"));
    ProxyUnderTest proxy = ProxyUnderTest.start(postgres, all.toArray(String[]::new));
    proxies.add(proxy);
    return proxy;
  }

  private ProxyUnderTest proxyWithTlsToServer(TestIdentity shown, String... arguments)
      throws Exception {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--backend-sslmode", "verify-full", "--backend-sslrootcert", root()));
    all.addAll(
        List.of("--backend-sslcert", PROXY.certificateIn(directory, "client.crt").toString()));
    all.addAll(List.of("--backend-sslkey", PROXY.keyIn(directory, "client.key").toString()));
    return proxy(shown, all.toArray(String[]::new));
  }

  private String root() {
    return AUTHORITY.certificateIn(directory, "root.crt").toString();
  }

  private static Login plain(ProxyUnderTest proxy, String method) {
    return new Login(proxy.port(), "login_" + method, PASSWORD, null, ENCRYPTED);
  }

  private Login encrypted(ProxyUnderTest proxy, String method) {
    return encrypted(proxy, method, PASSWORD);
  }

  private Login encrypted(ProxyUnderTest proxy, String method, String password) {
    return new Login(proxy.port(), "login_" + method, password, Path.of(root()), ENCRYPTED);
  }

  @ParameterizedTest
  @EnumSource
  void worksForEachClient(LoginClient client) throws Exception {
    List<Login> logins = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    for (boolean tlsToServer : new boolean[] {false, true}) {
      ProxyUnderTest proxy =
          tlsToServer ? proxyWithTlsToServer(PROXY) : proxy(PROXY, "--backend-sslmode", "disable");
      for (String method : METHODS) {
        logins.add(plain(proxy, method));
        logins.add(encrypted(proxy, method));
        String answer =
            method.equals("cert") && !tlsToServer
                ? "pg_hba.conf rejects connection for host \"127.0.0.1\", user \"login_cert\""
                : "login_" + method + ", " + tlsToServer;
        expected.addAll(List.of(answer, answer));
      }
    }

    List<String> answers = client.logIn(logins);

    assertThat(answers).hasSameSizeAs(expected);
    for (int i = 0; i < answers.size(); i++) {
      assertThat(answers.get(i)).as(logins.get(i).toString()).contains(expected.get(i));
    }
  }

  @Test
  void aQueryMayComeWithThePassword() throws Exception {
    ProxyUnderTest proxy = proxyWithTlsToServer(PROXY);

    assertThat(PipelinedLogin.row(proxy, "login_scram", PASSWORD)).isEqualTo("login_scram");
  }

  @Test
  void aWrongPasswordIsRefusedInTheServersWords() throws Exception {
    Login login = encrypted(proxyWithTlsToServer(PROXY), "scram", "wrong");
    String refusal = "FATAL: password authentication failed for user \"login_scram\"";

    assertThat(LoginClient.psql(login, "")).contains(refusal);
    assertThat(LoginClient.pgjdbc(login, "")).contains(refusal);
  }

  @Test
  void passwordsCountAsSaslprepHasThem() throws Exception {
    ProxyUnderTest proxy = proxyWithTlsToServer(PROXY);
    String alter =
        "SET password_encryption = 'scram-sha-256'; ALTER ROLE login_scram PASSWORD '%s'";
    try {
      for (String stored : List.of(TO_BE_PREPARED, PREPARED)) {
        postgres.execute(alter.formatted(stored));
        for (String typed : List.of(TO_BE_PREPARED, PREPARED)) {
          Login login = encrypted(proxy, "scram", typed);
          assertThat(LoginClient.psql(login, "")).isEqualTo("login_scram, true");
          assertThat(LoginClient.pgjdbc(login, "")).isEqualTo("login_scram, true");
        }
      }
    } finally {
      postgres.execute(alter.formatted(PASSWORD));
    }
  }

  @Test
  void anEmptyPasswordIsRefusedAsByPostgres() throws Exception {
    Login login = encrypted(proxyWithTlsToServer(PROXY), "scram", "");
    String refusal = "empty password returned by client";

    assertThat(LoginClient.pgjdbc(login, "")).contains(refusal);
  }

  @Test
  void channelBindingHoldsWithTheServersOwnCertificate() throws Exception {
    Login same = encrypted(proxyWithTlsToServer(SERVER), "scram");
    Login other = encrypted(proxyWithTlsToServer(PROXY), "scram");

    assertThat(LoginClient.psql(same, "channel_binding=require")).isEqualTo("login_scram, true");
    assertThat(LoginClient.pgjdbc(same, "&channelBinding=require")).isEqualTo("login_scram, true");

    assertThat(LoginClient.psql(other, "channel_binding=require"))
        .contains("channel binding required but not supported by server's authentication request");
  }

  @Test
  void passthroughLeavesItToTheClient() throws Exception {
    Login login = encrypted(proxyWithTlsToServer(PROXY, "--login", "passthrough"), "scram");

    assertThat(LoginClient.psql(login, "")).contains("SCRAM channel binding check failed");
    assertThat(LoginClient.psql(login, "channel_binding=disable")).isEqualTo("login_scram, true");
  }

  @Test
  void askTakesThePasswordFromTlsClientsOnly() throws Exception {
    ProxyUnderTest proxy = proxy(PROXY, "--backend-sslmode", "disable", "--login", "ask");
    assertThat(LoginClient.psql(encrypted(proxy, "scram"), "")).isEqualTo("login_scram, false");
    assertThat(LoginClient.psql(encrypted(proxy, "md5"), "")).isEqualTo("login_md5, false");
    assertThat(LoginClient.psql(encrypted(proxy, "scram"), "channel_binding=require"))
        .contains("channel binding required but not supported by server's authentication request");
    assertThat(LoginClient.psql(plain(proxy, "scram"), "")).isEqualTo("login_scram, false");
  }
}
