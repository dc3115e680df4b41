package dev.pglambda.listener;

import static dev.pglambda.testing.Awaiting.await;
import static dev.pglambda.testing.TestCertificates.shown;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.pglambda.StartException;
import dev.pglambda.iam.TokenVerifier;
import dev.pglambda.lambda.AccessKey;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.PasswordMessage;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.FrontendMessage.Terminate;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.testing.LogCapture;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.TestToken;
import dev.pglambda.testing.TlsPeer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What happens between the proxy and a client before the server is connected. */
@Timeout(60)
class TokenLoginTest {
  private static final AccessKey KEY = new AccessKey("AKIAIOSFODNN7EXAMPLE", "secret key", null);
  private static final Authentication ASKED =
      new Authentication(Authentication.CLEARTEXT_PASSWORD, "");
  private static final String REFUSED = "28000 PAM authentication failed for user \"app\"";

  private final List<AutoCloseable> open = new ArrayList<>();
  private final ServerSocket listener;
  private final LogCapture log = LogCapture.of(TokenVerifier.class).at(Level.TRACE);

  TokenLoginTest() throws IOException {
    listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    open.add(listener);
  }

  @AfterEach
  void close() throws Exception {
    log.close();
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  private ProxyUnderTest proxy(String... more)
      throws IOException, StartException, InterruptedException {
    return proxyWith("unverified", more);
  }

  private ProxyUnderTest proxyWith(String mode, String... more)
      throws IOException, StartException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of("--iam-auth", mode, "--iam-users", "app"));
    arguments.addAll(List.of("--backend-sslmode", "disable", "--sample-functions", "on"));
    arguments.addAll(List.of(more));
    ProxyUnderTest proxy =
        ProxyUnderTest.startBefore(
            "127.0.0.1:" + listener.getLocalPort(),
            shown("server", arguments.toArray(String[]::new)));
    open.add(proxy);
    return proxy;
  }

  private Peer asked(ProxyUnderTest proxy) throws IOException, ProtocolViolation {
    return asked(TlsPeer.of(proxy.port()).connect());
  }

  private Peer asked(Peer client) throws IOException, ProtocolViolation {
    open.add(client);
    client.send(Peer.startup("user", "app", "database", "db"));
    assertThat(client.readBackend()).isEqualTo(ASKED);
    return client;
  }

  private static TestToken token() {
    return TestToken.of(KEY, "db.example:5432", "eu-west-1", "app", Instant.now());
  }

  private Peer server() throws IOException {
    Peer server = Peer.accept(listener);
    open.add(server);
    return server;
  }

  private static String told(BackendMessage message) {
    return message instanceof ErrorResponse error
        ? error.fields().get(ErrorFields.SQLSTATE) + " " + error.fields().get(ErrorFields.MESSAGE)
        : message.toString();
  }

  private void assertNoServerWasAsked() throws IOException {
    listener.setSoTimeout(1);
    assertThatThrownBy(listener::accept).isInstanceOf(SocketTimeoutException.class);
  }

  private static void assertSession(Peer client, Peer server) throws IOException {
    server.send(Authentication.ok(), new ReadyForQuery(ReadyForQuery.IDLE));
    assertThat(client.read()).hasToString("R:||||");
    assertThat(client.read()).hasToString("Z:I");
  }

  @Test
  void theSessionBeginsWithWhatCameBehindTheToken() throws Exception {
    Peer client = asked(proxy());
    assertNoServerWasAsked();

    client.send(new PasswordMessage(token().text()), new Query("SELECT 1"));

    Peer server = server();
    assertThat(server.readPacket()).startsWith("196608:user|app|database|db|pglambda.callback|");
    server.send(Authentication.ok());
    assertThat(server.read()).hasToString("Q:SELECT 1|");
    server.send(new ReadyForQuery(ReadyForQuery.IDLE));
    assertThat(client.read()).hasToString("R:||||");
    assertThat(client.read()).hasToString("Z:I");
  }

  @Test
  void aTokenMayComeByteAfterByte() throws Exception {
    Peer client = asked(TlsPeer.of(proxy().port()).trickle());

    client.trickle(Peer.message(new PasswordMessage(token().text())));

    Peer server = server();
    assertThat(server.readPacket()).contains("user|app|");
    assertSession(client, server);
  }

  @Test
  void aTokenMayComeBeforeItIsAskedFor() throws Exception {
    Peer client = TlsPeer.of(proxy().port()).connect();
    open.add(client);
    byte[] startup = Peer.startup("user", "app");
    byte[] token = Peer.message(new PasswordMessage(token().text()));

    client.send(Peer.concat(startup, token));

    assertThat(client.readBackend()).isEqualTo(ASKED);
    Peer server = server();
    assertThat(server.readPacket()).contains("user|app|");
    assertSession(client, server);
  }

  @Test
  void theLongestTokenIsTaken() throws Exception {
    Peer client = asked(proxy());
    TestToken longest = token().with("X-Amz-Security-Token", "");
    int left = 16 * 1024 - 1 - longest.text().length();

    client.send(new PasswordMessage(longest.with("X-Amz-Security-Token", "x".repeat(left)).text()));

    assertThat(server().readPacket()).contains("user|app|");
  }

  @Test
  void aBadTokenIsRefusedAsByRdsAndOnlyTheLogSaysWhy() throws Exception {
    ProxyUnderTest proxy = proxy();
    String bad = token().with("DBUser", "other").text();
    Peer client = asked(proxy);

    client.send(new PasswordMessage(bad));

    assertThat(told(client.readBackend())).isEqualTo(REFUSED);
    assertThat(client.atEnd()).isTrue();
    assertNoServerWasAsked();
    assertThat(log.lines())
        .singleElement()
        .asString()
        .matches(
            "refused client /127.0.0.1:\\d+: the token of user \"app\" does not count: it is for"
                + " another user.*");
  }

  @ParameterizedTest
  @ValueSource(strings = {"secret", "db:5432/?Action=connect&DBUser=app"})
  void aPasswordIsNoToken(String password) throws Exception {
    Peer client = asked(proxy());

    client.send(new PasswordMessage(password));

    assertThat(told(client.readBackend())).isEqualTo(REFUSED);
    assertThat(log.lines().toString()).doesNotContain(password);
  }

  @Test
  void anEmptyPasswordIsRefusedAsByPostgres() throws Exception {
    Peer client = asked(proxy());

    client.send(new PasswordMessage(""));

    assertThat(told(client.readBackend())).isEqualTo("28P01 empty password returned by client");
  }

  @Test
  void anythingElseBreaksTheProtocol() throws Exception {
    ProxyUnderTest proxy = proxy();

    assertThat(told(asked(proxy).send(new Query("SELECT 1")).readBackend()))
        .isEqualTo("08P01 expected password response, got message type 81");
    assertThat(told(asked(proxy).send(new Terminate()).readBackend()))
        .isEqualTo("08P01 expected password response, got message type 88");
    assertThat(told(asked(proxy).send(FrontendMessage.PASSWORD, "x".repeat(16_385)).readBackend()))
        .isEqualTo("08P01 invalid length of a password message: 16385 (expected: 1 to 16384)");
    assertThat(told(asked(proxy).send(FrontendMessage.PASSWORD, "").readBackend()))
        .isEqualTo("08P01 invalid length of a password message: 0 (expected: 1 to 16384)");
    String token = token().text();
    for (String body : List.of(token, token + "\0\0", token + "\0x", "\0" + token + "\0")) {
      assertThat(told(asked(proxy).send(FrontendMessage.PASSWORD, body).readBackend()))
          .isEqualTo("08P01 invalid password packet size");
    }
    assertNoServerWasAsked();
    assertThat(log.lines().toString()).doesNotContain("X-Amz-Signature");
  }

  @Test
  void withoutTlsTheseUsersAreRejectedAsByRds() throws Exception {
    ProxyUnderTest proxy = proxy();
    String rejects = "28000 pg_hba.conf rejects ";
    try (Peer client = Peer.connect(proxy.port()).send(Peer.startup("user", "app"))) {
      assertThat(told(client.readBackend()))
          .isEqualTo(
              rejects
                  + "connection for host \"127.0.0.1\", user \"app\", database \"app\", no"
                  + " encryption");
    }
    try (Peer client =
        Peer.connect(proxy.port()).send(Peer.startup("user", "app", "replication", "true"))) {
      assertThat(told(client.readBackend()))
          .isEqualTo(
              rejects
                  + "replication connection for host \"127.0.0.1\", user \"app\", no encryption");
    }
    assertNoServerWasAsked();
  }

  @Test
  void othersAreAskedByTheServerAlone() throws Exception {
    ProxyUnderTest proxy = proxy();
    for (boolean encrypted : new boolean[] {false, true}) {
      Peer client = encrypted ? TlsPeer.of(proxy.port()).connect() : Peer.connect(proxy.port());
      open.add(client);
      client.send(Peer.startup("user", "ann"));
      Peer server = server();
      assertThat(server.readPacket()).contains("user|ann|");
      server.send(ASKED);
      assertThat(client.readBackend()).isEqualTo(ASKED);
      client.send(new PasswordMessage("secret"));
      assertThat(server.read()).hasToString("p:secret|");
      assertSession(client, server);
    }
  }

  @Test
  void theServersQuestionIsNotTheClients() throws Exception {
    Peer client = asked(proxy("--iam-password", "of the server"));
    client.send(new PasswordMessage(token().text()), new Query("SELECT 1"));
    Peer server = server();
    assertThat(server.readPacket()).contains("user|app|");

    server.send(ASKED);

    assertThat(server.read()).hasToString("p:of the server|");
    assertSession(client, server);
    assertThat(server.read()).hasToString("Q:SELECT 1|");
  }

  @Test
  void aClientThatSaysNothingIsClosedAfterTheStartupTimeout() throws Exception {
    Peer client = asked(proxy("--startup-timeout", "500ms"));

    assertThat(client.atEnd()).isTrue();
    assertNoServerWasAsked();
  }

  @Test
  void manyWhoSayNothingAreClosedForOthers() throws Exception {
    ProxyUnderTest proxy = proxy("--max-pending-clients", "2");
    Peer first = asked(proxy);
    Peer second = asked(proxy);
    Peer third = asked(proxy);

    assertThat(first.atEnd()).isTrue();
    second.send(new PasswordMessage(token().text()));
    assertThat(server().readPacket()).contains("user|app|");
    third.send(new PasswordMessage(token().text()));
    assertThat(server().readPacket()).contains("user|app|");
  }

  @Test
  void aClientMayLeave() throws Exception {
    ProxyUnderTest proxy = proxy();
    asked(proxy).close();
    asked(proxy).reset();
    Peer half = asked(proxy);
    half.send(new byte[] {FrontendMessage.PASSWORD, 0});
    half.close();

    await("all sessions have ended").until(() -> proxy.sessions() == 0);
    assertNoServerWasAsked();
    assertThat(log.lines()).isEmpty();
  }

  @Test
  void whereTheAwsCredentialsAreNotTheProxysNoTokenCounts() throws Exception {
    System.setProperty("aws.accessKeyId", "AKIAANOTHEREXAMPLE00");
    System.setProperty("aws.secretAccessKey", "another secret key");
    try {
      Peer client = asked(proxyWith("on"));
      client.send(new PasswordMessage(token().text()));
      assertThat(told(client.readBackend())).isEqualTo(REFUSED);
    } finally {
      System.clearProperty("aws.accessKeyId");
      System.clearProperty("aws.secretAccessKey");
    }
  }

  @Test
  void thereAreNoTokensWithoutTls() {
    assertThatThrownBy(
            () ->
                ProxyUnderTest.startBefore(
                    "127.0.0.1:" + listener.getLocalPort(),
                    "--iam-auth",
                    "on",
                    "--iam-users",
                    "app"))
        .isInstanceOf(StartException.class)
        .hasMessage(
            "--iam-auth: clients cannot use TLS, without which there are no tokens (expected: beside"
                + " --tls-cert, or --tls-self-signed on)");
  }
}
