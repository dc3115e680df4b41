package dev.pglambda.client.tls;

import static dev.pglambda.testing.Awaiting.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.StartException;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Terminate;
import dev.pglambda.protocol.auth.ScramServer;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.Forwarder;
import dev.pglambda.testing.Forwarder.Direction;
import dev.pglambda.testing.LogCapture;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import dev.pglambda.testing.ScriptedServer;
import dev.pglambda.testing.TestCertificates;
import dev.pglambda.testing.TestIdentity;
import dev.pglambda.testing.TlsInterceptor;
import dev.pglambda.testing.TlsPeer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.ServerErrorMessage;

/** The server's calls to a proxy that has a certificate. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.PostgresServer#versions")
@Timeout(120)
class CallbackTlsTest {
  private static final TestIdentity AUTHORITY = TestIdentity.authority("Test authority");
  private static final TestIdentity PROXY = AUTHORITY.sign("proxy", "localhost");
  private static final TestIdentity RENEWED = AUTHORITY.sign("renewed", "localhost");
  private static final TestIdentity IMPOSTOR = AUTHORITY.sign("proxy", "localhost");

  private static final String INSTALL = "CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE";
  private static final String SECRET = "one secret of at least 32 octets";
  private static final String PAYLOAD = "between the two of us";
  private static final String CALL =
      "SELECT payload FROM aws_lambda.invoke('echo', '\"" + PAYLOAD + "\"'::json)";
  private static final String ANSWER = "\"" + PAYLOAD + "\"";

  private final PostgresServer postgres;
  private final String database;
  private final Forwarder forwarder;
  private final FakeLambdaEndpoint lambda = FakeLambdaEndpoint.start();
  private final List<ProxyUnderTest> proxies = new ArrayList<>();
  private final LogCapture log = LogCapture.ofProxy();

  @TempDir private Path directory;

  CallbackTlsTest(String version) throws Exception {
    postgres = PostgresServer.of(version);
    database = postgres.createDatabase();
    forwarder = Forwarder.start();
    lambda.on("echo", Reply.echo());
  }

  @AfterEach
  void close() {
    log.close();
    proxies.forEach(ProxyUnderTest::close);
    forwarder.close();
    lambda.close();
  }

  private ProxyUnderTest proxy(String address, String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--callback-secret", SECRET, "--callback-address", address));
    ProxyUnderTest proxy = ProxyUnderTest.start(postgres, lambda, all.toArray(String[]::new));
    proxies.add(proxy);
    return proxy;
  }

  private ProxyUnderTest proxyWithTls(String address, String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(PROXY.shownIn(directory, "proxy"));
    return proxy(address, all.toArray(String[]::new));
  }

  /** Called back at the forwarder, which leads to it. */
  private ProxyUnderTest forwarded(ProxyUnderTest proxy) {
    forwarder.target(proxy.port());
    return proxy;
  }

  private String passed() {
    return forwarder.passed(Direction.TO_TARGET) + forwarder.passed(Direction.FROM_TARGET);
  }

  private void install(ProxyUnderTest proxy) throws SQLException {
    try (Connection connection = proxy.connect(database)) {
      Queries.execute(connection, INSTALL);
    }
  }

  private String call(ProxyUnderTest proxy) throws SQLException {
    try (Connection connection = proxy.connect(database)) {
      return Queries.row(connection, CALL);
    }
  }

  /** By the address that is stored with the extension. */
  private String callOfSessionThatBypassesTheProxy() throws SQLException {
    try (Connection connection = postgres.connect(database)) {
      return Queries.row(connection, CALL);
    }
  }

  private ServerErrorMessage error(ProxyUnderTest proxy) throws SQLException {
    try (Connection connection = proxy.connect(database)) {
      return Queries.error(connection, CALL);
    }
  }

  private List<String> warnings() {
    return log.lines().stream()
        .filter(message -> message.contains(" with TLS") || message.contains(" without TLS"))
        .toList();
  }

  @Test
  void areReadByNobodyInBetween() throws Exception {
    ProxyUnderTest proxy = forwarded(proxyWithTls(forwarder.address()));
    install(proxy);

    assertThat(call(proxy)).isEqualTo(ANSWER);
    assertThat(passed())
        .doesNotContain(PAYLOAD, "invoke/1", "SCRAM-SHA-256")
        .hasSizeGreaterThan(1000);
    assertThat(callOfSessionThatBypassesTheProxy()).isEqualTo(ANSWER);
    assertThat(passed())
        .doesNotContain(PAYLOAD, "invoke/1", "SCRAM-SHA-256")
        .hasSizeGreaterThan(1000);

    assertThat(forwarder.opened()).isEqualTo(2);
    assertThat(warnings()).isEmpty();
  }

  @Test
  void arePlainWhereTheProxyHasNoCertificate() throws Exception {
    ProxyUnderTest proxy = forwarded(proxy(forwarder.address()));
    install(proxy);

    assertThat(call(proxy)).isEqualTo(ANSWER);
    assertThat(passed()).contains(PAYLOAD, "invoke/1", "SCRAM-SHA-256");
    assertThat(callOfSessionThatBypassesTheProxy()).isEqualTo(ANSWER);
    assertThat(passed()).contains(PAYLOAD);
    assertThat(warnings()).isEmpty();
  }

  @Test
  void arePlainIfTheOperatorSaysSo() throws Exception {
    ProxyUnderTest proxy =
        forwarded(proxyWithTls(forwarder.address(), "--callback-tls", "disable"));
    install(proxy);

    assertThat(call(proxy)).isEqualTo(ANSWER);
    assertThat(passed()).contains(PAYLOAD);
    assertThat(warnings()).isEmpty();
  }

  @Test
  void carryMoreThanARecord() throws Exception {
    ProxyUnderTest proxy = proxyWithTls("127.0.0.1");
    install(proxy);
    try (Connection connection = proxy.connect(database)) {
      assertThat(
              Queries.row(
                  connection,
                  "SELECT payload::text = to_json(repeat('0123456789', 200000))::text FROM"
                      + " aws_lambda.invoke('echo', to_json(repeat('0123456789', 200000)))"))
          .isEqualTo("t");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void areRefusedThroughWhoEndsTlsWithAnotherCertificate(boolean encrypts) throws Exception {
    ProxyUnderTest proxy = forwarded(proxyWithTls(forwarder.address()));
    install(proxy);
    try (TlsInterceptor between = TlsInterceptor.start(IMPOSTOR, proxy.port(), encrypts)) {
      ProxyUnderTest misled = proxyWithTls(between.address());

      ServerErrorMessage error = error(misled);

      assertThat(between.handshakes()).isEqualTo(2); // the trial and the call
      assertThat(error.getSQLState()).isEqualTo("08001");
      String cause =
          encrypts
              ? "FATAL:  SCRAM channel binding check failed"
              : postgres.majorVersion() < 13
                  ? "FATAL:  SCRAM channel binding negotiation error"
                  : "channel binding is required, but server did not offer an authentication method"
                      + " that supports channel binding";
      assertThat(error.getDetail())
          .startsWith("The Lambda function was not called. Cause: ")
          .contains(cause);
      assertThat(error.getHint())
          .isEqualTo(
              "What answers there does not have the TLS certificate of the proxy. If something"
                  + " between the two is to end TLS, start the proxy with --callback-tls disable.");
      assertThat(lambda.requests()).isEmpty();
    }
  }

  /** What an impostor says who does not know the link's password. */
  private enum Impostor {
    NEEDS_NO_PASSWORD,
    WANTS_THE_PASSWORD,
    OFFERS_NO_BINDING;

    private void speakTo(ScriptedServer.Connection worker) throws IOException {
      switch (this) {
        case NEEDS_NO_PASSWORD -> worker.send(Authentication.ok()).ready(ReadyForQuery.IDLE);
        case WANTS_THE_PASSWORD ->
            worker.send(new Authentication(Authentication.CLEARTEXT_PASSWORD, ""));
        case OFFERS_NO_BINDING -> worker.send(Authentication.sasl(ScramServer.MECHANISM));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void giveNothingToWhoProvesNothing(Impostor impostor) throws Exception {
    ProxyUnderTest proxy = forwarded(proxyWithTls(forwarder.address()));
    install(proxy);
    List<FrontendMessage> received = new CopyOnWriteArrayList<>();
    try (ScriptedServer server =
            ScriptedServer.start(
                connection -> {
                  connection.readStartup();
                  impostor.speakTo(connection);
                  FrontendMessage message = connection.read();
                  if (message != null) {
                    received.add(message);
                  }
                });
        TlsInterceptor between = TlsInterceptor.start(IMPOSTOR, server.port(), false)) {
      ServerErrorMessage error = error(proxyWithTls(between.address()));

      assertThat(error.getSQLState()).startsWith("08");
      assertThat(between.handshakes()).isEqualTo(2); // the trial and the call
    }
    if (postgres.majorVersion() >= 13) {
      assertThat(received).allMatch(Terminate.class::isInstance);
    } else {
      // libpq of 12 cannot insist on a proof (docs/SECURITY.md).
      assertThat(received).hasSize(2).noneMatch(Terminate.class::isInstance);
    }
    assertThat(lambda.requests()).isEmpty();
  }

  /** An address that is told to have TLS, behind which a proxy without it stands. */
  @Test
  void areNotMadePlain() throws Exception {
    ProxyUnderTest proxy = proxyWithTls(forwarder.address());
    forwarder.target(proxy(forwarder.address()).port());
    install(proxy);

    ServerErrorMessage error = error(proxy);

    assertThat(error.getSQLState()).isEqualTo("08001");
    assertThat(error.getDetail()).contains("server does not support SSL, but SSL was required");
    assertThat(error.getHint()).contains("--callback-tls disable");
    assertThat(passed()).doesNotContain(PAYLOAD, "pglambda");
  }

  @Test
  void goOnWhenTheCertificateIsRenewed() throws Exception {
    ProxyUnderTest proxy = forwarded(proxyWithTls(forwarder.address()));
    install(proxy);
    try (Connection before = proxy.connect(database)) {
      assertThat(Queries.row(before, CALL)).isEqualTo(ANSWER);
      replace(RENEWED.keyIn(directory, "new.key"), "proxy.key");
      replace(RENEWED.certificateIn(directory, "new.crt"), "proxy.crt");
      await("the new certificate is shown")
          .until(() -> subject(proxy.port()).contains("CN=renewed"));

      assertThat(Queries.row(before, CALL)).isEqualTo(ANSWER);
      assertThat(forwarder.opened()).isEqualTo(1);
      assertThat(call(proxy)).isEqualTo(ANSWER);
      assertThat(forwarder.opened()).isEqualTo(2);
      assertThat(passed()).doesNotContain(PAYLOAD);
    }
  }

  @Test
  void goOnWhenTheNewCertificateHasNoHash() throws Exception {
    ProxyUnderTest proxy =
        forwarded(proxyWithTls(forwarder.address(), "--callback-tls", "require"));
    install(proxy);
    makeEd25519();
    replace(directory.resolve("ed.key"), "proxy.key");
    replace(directory.resolve("ed.crt"), "proxy.crt");
    await("the new certificate is refused")
        .until(() -> log.lines().toString().contains("the TLS certificate in use stays: "));

    assertThat(call(proxy)).isEqualTo(ANSWER);
    assertThat(passed()).doesNotContain(PAYLOAD);
  }

  private void makeEd25519() throws IOException {
    TestCertificates.openssl(
        directory,
        "req -x509 -newkey ed25519 -nodes -days 2 -subj /CN=proxy -keyout ed.key -out ed.crt");
  }

  private void replace(Path file, String name) throws Exception {
    Files.move(file, directory.resolve(name), StandardCopyOption.REPLACE_EXISTING);
  }

  private static String subject(int port) throws Exception {
    try (SSLSocket socket = (SSLSocket) TlsPeer.of(port).connect().socket()) {
      return socket.getSession().getPeerPrincipal().getName();
    }
  }

  /** The server's process has no certificate that the authority has signed. */
  @Test
  void comeWithoutAClientCertificate() throws Exception {
    String authority = AUTHORITY.certificateIn(directory, "ca.crt").toString();
    ProxyUnderTest proxy =
        forwarded(proxyWithTls(forwarder.address(), "--tls-client-ca", authority));
    install(proxy);

    assertThat(call(proxy)).isEqualTo(ANSWER);
    assertThat(passed()).doesNotContain(PAYLOAD);
  }

  @Test
  void arePlainWhereTheCertificateHasNoHash() throws Exception {
    makeEd25519();
    ProxyUnderTest proxy =
        forwarded(
            proxy(
                forwarder.address(),
                "--tls-cert",
                directory.resolve("ed.crt").toString(),
                "--tls-key",
                directory.resolve("ed.key").toString()));
    install(proxy);

    assertThat(call(proxy)).isEqualTo(ANSWER);
    assertThat(passed()).contains(PAYLOAD);
    assertThat(warnings())
        .singleElement()
        .asString()
        .startsWith("PostgreSQL is not told to call with TLS: Ed25519 has signed the certificate");
  }

  @Test
  void needACertificate() {
    assertThatThrownBy(() -> proxy("127.0.0.1", "--callback-tls", "require"))
        .isInstanceOf(StartException.class)
        .hasMessageStartingWith("--callback-tls: given without TLS (expected: --tls-cert, ");
  }

  /** As on a server that was built without SSL. */
  @ParameterizedTest
  @ValueSource(strings = {"allow", "require"})
  void areLoggedOrRefusedWhereTheServerHasNoTls(String mode) throws Exception {
    ProxyUnderTest proxy = forwarded(proxyWithTls(forwarder.address(), "--callback-tls", mode));
    install(proxy);
    try (Connection connection = postgres.connect(database)) {
      Queries.execute(
          connection,
          "CREATE OR REPLACE FUNCTION pglambda.link_encryption(tls boolean) RETURNS text LANGUAGE"
              + " sql STABLE AS $$SELECT ' sslmode=disable'$$");
    }

    if (mode.equals("allow")) {
      assertThat(call(proxy)).isEqualTo(ANSWER);
      assertThat(call(proxy)).isEqualTo(ANSWER);
      assertThat(passed()).contains(PAYLOAD);
      assertThat(warnings())
          .singleElement()
          .asString()
          .contains(" calls without TLS: run ALTER EXTENSION aws_lambda UPDATE through the proxy");
    } else {
      ServerErrorMessage error = error(proxy);
      assertThat(error.getSQLState()).isEqualTo("08001");
      assertThat(error.getDetail())
          .contains("FATAL:  no pg_hba.conf entry for host \"127.0.0.1\", user \"pglambda\"")
          .contains("no encryption");
      assertThat(lambda.requests()).isEmpty();
    }
  }
}
