package dev.pglambda.client.tls;

import static dev.pglambda.testing.Awaiting.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.StartException;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.ProxyUnderTest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What servers can say to an SSLRequest, and in the place of a handshake. */
@Timeout(60)
class TlsNegotiationTest {
  private static final String SSL_REQUEST = StartupPacket.SSL_REQUEST + ":";
  private static final byte[] STARTUP = Peer.startup("user", "ann");

  private final List<AutoCloseable> open = new ArrayList<>();
  private final ServerSocket listener;

  TlsNegotiationTest() throws IOException {
    listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    open.add(listener);
  }

  @AfterEach
  void close() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  private Peer client(String... options) throws IOException, StartException, InterruptedException {
    ProxyUnderTest proxy =
        ProxyUnderTest.startBefore("127.0.0.1:" + listener.getLocalPort(), options);
    open.add(proxy);
    Peer client = Peer.connect(proxy.port()).send(STARTUP);
    open.add(client);
    return client;
  }

  private Peer server() throws IOException {
    Peer server = Peer.accept(listener);
    open.add(server);
    return server;
  }

  private Peer askedServer() throws IOException {
    Peer server = server();
    assertThat(server.readPacket()).startsWith(SSL_REQUEST);
    return server;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private String failure(String reason) {
    return "\0C08001\0Mcould not connect to server at 127.0.0.1:%d: %s\0"
        .formatted(listener.getLocalPort(), reason);
  }

  private static void assertSession(Peer client, Peer server) throws IOException {
    assertThat(server.readPacket()).contains("user");
    server.send(Authentication.ok(), new ReadyForQuery('I'));
    assertThat(client.read()).hasToString("R:||||");
    assertThat(client.read()).hasToString("Z:I");
  }

  @Test
  void staysPlainOnTheSameConnectionWhereTheServerSaysNo() throws Exception {
    Peer client = client("--backend-sslmode", "prefer");
    Peer server = askedServer();

    server.send(bytes("N"));

    assertSession(client, server);
  }

  @ParameterizedTest
  @CsvSource({
    "N, 'server does not support SSL, but SSL was required'",
    "Sx, received unencrypted data after SSL response",
    "E, server sent an error response during SSL exchange",
    "?, received invalid response to SSL negotiation: 0x3f",
    "'', server closed the connection unexpectedly",
  })
  void givesUpIfEncryptionIsRequired(String answer, String reason) throws Exception {
    Peer client = client("--backend-sslmode", "require");
    Peer server = askedServer();

    server.send(bytes(answer));
    if (answer.isEmpty()) {
      server.close();
    }

    assertThat(client.rest()).contains(failure(reason));
  }

  /** CVE-2021-23222: also one who would go on without encryption does not read on. */
  @ParameterizedTest
  @ValueSource(strings = {"Sx", "Nx"})
  void refusesBytesBehindTheAnswer(String answer) throws Exception {
    Peer client = client("--backend-sslmode", "prefer");
    Peer server = askedServer();

    server.send(bytes(answer));

    assertThat(client.rest()).contains(failure("received unencrypted data after SSL response"));
    assertThat(server.atEnd()).isTrue();
  }

  /** In TLS they are no record, so nothing of them is taken for the server's. */
  @Test
  void refusesBytesThatComeLaterInClear() throws Exception {
    Peer client = client("--backend-sslmode", "require");
    Peer server = askedServer();

    server.send(bytes("S"));
    assertThat(server.socket().getInputStream().read()).as("a handshake").isEqualTo(0x16);
    server.send(Authentication.ok(), new ReadyForQuery('I'));

    assertThat(client.rest()).contains("\0C08001\0M").doesNotContain("Z\0\0\0\5I");
  }

  /** As libpq does; the error is of a server that nobody has authenticated (CVE-2024-10977). */
  @Test
  void connectsAnewWithoutEncryptionAfterAnError() throws Exception {
    Peer client = client("--backend-sslmode", "prefer");

    askedServer().send(bytes("Esecret words of nobody's\0"));

    assertSession(client, server());
  }

  @ParameterizedTest
  @ValueSource(strings = {"\25\3\3\0\2\2\50", "no TLS at all", ""})
  void connectsAnewWithoutEncryptionAfterAFailedHandshake(String words) throws Exception {
    Peer client = client("--backend-sslmode", "prefer");
    Peer server = askedServer();
    server.send(bytes("S"));
    assertThat(server.socket().getInputStream().read()).isEqualTo(0x16);

    server.send(bytes(words));
    server.socket().shutdownOutput();

    assertSession(client, server());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "S"})
  void waitsForAnAnswerAndAHandshakeNoLongerThanForAConnection(String answer) throws Exception {
    Peer client = client("--backend-sslmode", "prefer", "--connect-timeout", "500ms");
    Peer server = askedServer();

    server.send(bytes(answer));

    assertThat(client.rest()).contains(failure("connection timed out during SSL negotiation"));
    await("the connection is closed").until(() -> server.text(1 << 16).isEmpty());
  }

  @ParameterizedTest
  @CsvSource({
    "missing.pem, no such file, a readable file",
    "empty.pem, no certificate in it, a PEM file with a certificate",
    "broken.pem, a certificate that cannot be read, a PEM file with a certificate"
  })
  void doesNotStartWithAFileThatHoldsNoCertificate(
      String name, String reason, String expected, @TempDir Path directory) throws Exception {
    Files.createFile(directory.resolve("empty.pem"));
    Files.writeString(
        directory.resolve("broken.pem"),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    String file = directory.resolve(name).toString();

    assertThatThrownBy(
            () -> client("--backend-sslmode", "verify-ca", "--backend-sslrootcert", file))
        .isInstanceOf(StartException.class)
        .hasMessage("--backend-sslrootcert %s: %s (expected: %s)", file, reason, expected);
  }
}
