package dev.pglambda.client.wire;

import static dev.pglambda.testing.Awaiting.await;
import static dev.pglambda.testing.Peer.concat;
import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.packet;
import static dev.pglambda.testing.Peer.startup;
import static dev.pglambda.testing.TestCertificates.shown;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.BackendKeyData;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.FrontendMessage.Terminate;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.TestCertificates;
import dev.pglambda.testing.TlsPeer;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS between client and proxy, as PostgreSQL does it. */
@Timeout(120)
class TlsTest {
  private static final String SSL_REQUEST_AND_MORE =
      "SFATAL\0VFATAL\0C08P01\0Mreceived unencrypted data after SSL request\0"
          + "DThis could be either a client-software bug or evidence of an attempted"
          + " man-in-the-middle attack.\0\0";

  private final PostgresServer postgres =
      PostgresServer.of(PostgresServer.versions().get(PostgresServer.versions().size() - 1));
  private ProxyUnderTest proxy = start(shown("server"));

  @TempDir private Path directory;

  private ProxyUnderTest start(String... arguments) {
    try {
      return ProxyUnderTest.start(postgres, arguments);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private void restart(String... arguments) {
    proxy.close();
    proxy = start(arguments);
  }

  @AfterEach
  void close() {
    proxy.close();
  }

  private TlsPeer tls() {
    return TlsPeer.of(proxy.port());
  }

  private Peer session(Peer client) throws IOException {
    client.send(startup("user", postgres.user(), "database", "postgres"));
    readThrough(client, BackendMessage.READY_FOR_QUERY);
    return client;
  }

  private static String readThrough(Peer client, byte type) throws IOException {
    StringBuilder all = new StringBuilder();
    Peer.Received message;
    do {
      message = client.read();
      all.append(message).append('\n');
    } while (message.type() != type && message.type() != BackendMessage.ERROR_RESPONSE);
    assertThat(message.type()).as(all.toString()).isEqualTo(type);
    return all.toString();
  }

  private static void assertServes(Peer session) throws IOException {
    session.send(new Query("SELECT 'is it' || ' served'"));
    assertThat(readThrough(session, BackendMessage.READY_FOR_QUERY)).contains("is it served");
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void servesASessionWithinTls(String version) throws Exception {
    try (Peer client = session(tls().version(version).connect())) {
      assertServes(client);
      assertThat(((SSLSocket) client.socket()).getSession().getProtocol()).isEqualTo(version);

      client.send(new Terminate());

      assertThat(client.socket().getInputStream().read()).as("close_notify").isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void takesTheHandshakeByteByByte(String version) throws Exception {
    try (Peer client = session(tls().version(version).trickle())) {
      assertServes(client);
    }
  }

  @Test
  void plainSessionIsServedBesideIt() throws Exception {
    try (Peer client = session(Peer.connect(proxy.port()))) {
      assertServes(client);
    }
  }

  @Test
  void refusesBytesThatCameWithTheRequest() throws Exception {
    byte[] stuffed = startup("user", "eve");
    try (Peer client = Peer.connect(proxy.port())) {
      byte[] request = packet(StartupPacket.SSL_REQUEST, "");
      client.send(concat(request, stuffed));

      assertThat(client.read().body()).isEqualTo(SSL_REQUEST_AND_MORE);
      assertThat(client.atEnd()).isTrue();
    }
  }

  @Test
  void neverTakesPlainBytesAfterTheAnswer() throws Exception {
    try (Peer client = Peer.connect(proxy.port())) {
      assertThat(client.send(packet(StartupPacket.SSL_REQUEST, "")).text(1)).isEqualTo("S");

      client.send(startup("user", postgres.user(), "database", "postgres"));

      assertThat(client.rest()).doesNotContain("R\0\0\0"); // no authentication
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {StartupPacket.SSL_REQUEST, StartupPacket.GSSENC_REQUEST})
  void asksTheServerWhatItThinksOfARequestWithinTls(int request) throws Exception {
    try (Peer client = tls().connect()) {
      client.send(packet(request, ""));

      assertThat(client.rest())
          .contains("unsupported frontend protocol 1234." + (request & 0xffff));
    }
  }

  @Test
  void gssapiIsRefusedBeforeTls() throws Exception {
    try (Peer client = Peer.connect(proxy.port())) {
      assertThat(client.send(packet(StartupPacket.GSSENC_REQUEST, "")).text(1)).isEqualTo("N");
      assertThat(client.send(packet(StartupPacket.SSL_REQUEST, "")).text(1)).isEqualTo("S");
    }
  }

  @Test
  void refusesPlainSessionsWhereTlsIsRequired() throws Exception {
    restart(shown("server", "--tls-mode", "require"));
    String beginning = "SFATAL\0VFATAL\0C28000\0Mno pg_hba.conf entry for ";
    try (Peer client = Peer.connect(proxy.port());
        Peer standby = Peer.connect(proxy.port())) {
      client.send(startup("user", "ann", "database", "app"));
      standby.send(startup("user", "ann", "replication", "true"));

      assertThat(client.read().body())
          .isEqualTo(
              beginning + "host \"127.0.0.1\", user \"ann\", database \"app\", no encryption\0\0");
      assertThat(standby.read().body())
          .isEqualTo(
              beginning
                  + "replication connection from host \"127.0.0.1\", user \"ann\", no encryption\0\0");
    }
    try (Peer client = session(tls().connect())) {
      assertServes(client);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void cancelsAStatement(boolean encrypted) throws Exception {
    restart(shown("server", "--tls-mode", "require"));
    try (Peer client = tls().connect()) {
      client.send(startup("user", postgres.user(), "database", "postgres"));
      BackendKeyData key = null;
      BackendMessage message;
      do {
        message = client.readBackend();
        key = message instanceof BackendKeyData data ? data : key;
      } while (!(message instanceof ReadyForQuery));
      client.send(new Query("SELECT 'now', pg_sleep(60)"));
      awaitRunning();
      try (Peer other = encrypted ? tls().connect() : Peer.connect(proxy.port())) {
        other.send(
            new StartupPacket.CancelRequest(
                Objects.requireNonNull(key).processId(), key.secretKey()));
        assertThat(other.atEnd()).isTrue();
      }
      String answer = "";
      while (!answer.startsWith("E:")) {
        answer = client.read().toString();
      }
      assertThat(answer).contains("C57014");
    }
  }

  private void awaitRunning() throws Exception {
    try (Connection connection = postgres.connect("postgres");
        Statement statement = connection.createStatement()) {
      await("the statement runs")
          .until(
              () -> {
                try (ResultSet rows =
                    statement.executeQuery(
                        "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT ''now'', pg_sleep%'"
                            + " AND state = 'active'")) {
                  return rows.next();
                }
              });
    }
  }

  @Test
  void takesTlsWithoutARequestIfTheProtocolIsNamed() throws Exception {
    try (Peer client = session(tls().alpn("http/1.1", "postgresql").connectDirectly())) {
      assertServes(client);
    }
    try (Peer client = session(tls().alpn("postgresql").connect())) {
      assertServes(client);
    }
  }

  @Test
  void closesTlsWithoutARequestThatNamesNoProtocol() throws Exception {
    assertThatThrownBy(() -> session(tls().connectDirectly())).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> tls().alpn("http/1.1").connectDirectly())
        .isInstanceOf(SSLException.class);
    assertThatThrownBy(() -> tls().alpn("http/1.1").connect()).isInstanceOf(SSLException.class);
  }

  @Test
  void closesTlsThatBeginsAfterARefusedRequest() throws Exception {
    try (Peer client = Peer.connect(proxy.port())) {
      assertThat(client.send(packet(StartupPacket.GSSENC_REQUEST, "")).text(1)).isEqualTo("N");
      assertThat(client.send(new byte[] {0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0}).atEnd()).isTrue();
    }
  }

  @Test
  void closesTlsWhereItIsOff() throws Exception {
    restart();
    assertThatThrownBy(() -> tls().alpn("postgresql").connectDirectly())
        .isInstanceOf(IOException.class);
    try (Peer client = Peer.connect(proxy.port())) {
      assertThat(client.send(packet(StartupPacket.SSL_REQUEST, "")).text(1)).isEqualTo("N");
    }
  }

  @Test
  void refusesVersionsThatAreTooLow() throws Exception {
    restart(shown("server", "--tls-min-version", "1.3"));
    assertThatThrownBy(() -> tls().version("TLSv1.2").connect()).isInstanceOf(SSLException.class);
    session(tls().version("TLSv1.3").connect()).close();
  }

  @Test
  void demandsCertificatesOfClients() throws Exception {
    String ca = TestCertificates.certificate("ca").toString();
    restart(shown("server", "--tls-client-ca", ca));
    session(tls().shows("client").connect()).close();
    for (TlsPeer without : List.of(tls(), tls().shows("stranger"))) {
      try (Peer client = without.connect()) {
        client.send(startup("user", postgres.user(), "database", "postgres"));
        assertThat(client.read().body())
            .startsWith("SFATAL\0VFATAL\0C28000\0Mconnection requires a valid client certificate");
        assertThat(client.atEnd()).isTrue();
      }
    }

    restart(shown("server", "--tls-client-ca", ca, "--tls-client-cert", "optional"));
    session(tls().shows("client").connect()).close();
    session(tls().connect()).close();
    // Java shows none that the proxy's list of authorities does not fit, so this is as none.
    session(tls().shows("stranger").connect()).close();
  }

  @Test
  void demandsCertificatesOfTheUser() throws Exception {
    String ca = TestCertificates.certificate("ca").toString();
    restart(
        shown(
            "server",
            "--tls-mode",
            "require",
            "--tls-client-ca",
            ca,
            "--tls-client-cert",
            "verify-full"));
    postgres.execute("CREATE ROLE client LOGIN");
    try (Peer client = tls().shows("client").connect();
        Peer pretender = tls().shows("client").connect()) {
      client.send(startup("user", "client", "database", "postgres"));
      readThrough(client, BackendMessage.READY_FOR_QUERY);
      assertServes(client);

      pretender.send(startup("user", postgres.user(), "database", "postgres"));
      assertThat(pretender.read().body())
          .isEqualTo(
              "SFATAL\0VFATAL\0C28000\0Mcertificate authentication failed for user \"postgres\"\0\0");
    } finally {
      postgres.execute("DROP ROLE client");
    }
  }

  @Test
  void takesCertificatesThatReplaceTheFilesAndNoBrokenOnes() throws Exception {
    Path certificate = directory.resolve("proxy.crt");
    Path key = directory.resolve("proxy.key");
    Files.copy(TestCertificates.certificate("server"), certificate);
    Files.copy(TestCertificates.key("server"), key);
    restart("--tls-cert", certificate.toString(), "--tls-key", key.toString());
    assertThat(subject()).isEqualTo("CN=server");
    try (Peer before = session(tls().connect())) {
      replace(TestCertificates.certificate("impostor"), certificate);
      replace(TestCertificates.key("impostor"), key);
      await("the new certificate is shown").until(this::subject, "CN=impostor"::equals);

      Files.writeString(key, "broken");
      replace(TestCertificates.certificate("server"), certificate);
      assertThat(subject()).isEqualTo("CN=impostor");
      replace(TestCertificates.key("server"), key);
      await("the pair that is right again is shown").until(this::subject, "CN=server"::equals);

      assertServes(before);
    }
  }

  private static void replace(Path from, Path to) throws IOException {
    Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
  }

  private String subject() throws Exception {
    try (Peer client = tls().connect()) {
      SSLSocket socket = (SSLSocket) client.socket();
      return ((X509Certificate) socket.getSession().getPeerCertificates()[0])
          .getSubjectX500Principal()
          .getName();
    }
  }

  /** Records are counted below TLS: content type, version, length (RFC 8446, section 5.2). */
  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void sendsNoRecordLongerThanLibpqHasRoomFor(String version) throws Exception {
    try (CopyingSocket socket = new CopyingSocket(proxy.port())) {
      Peer client = session(tls().version(version).over(socket));
      client.send(new Query("SELECT repeat('x', 1000000)"));
      readThrough(client, BackendMessage.READY_FOR_QUERY);

      ByteBuffer stream = ByteBuffer.wrap(socket.copy.toByteArray()).position(1); // behind the S
      int longest = 0;
      while (stream.remaining() > 5) {
        stream.position(stream.position() + 3);
        int length = stream.getShort() & 0xffff;
        longest = Math.max(longest, length);
        stream.position(stream.position() + length);
      }
      assertThat(longest).isBetween(8 << 10, (8 << 10) + 256);
    }
  }

  /** Keeps what it has received. */
  private static final class CopyingSocket extends Socket {
    final ByteArrayOutputStream copy = new ByteArrayOutputStream();

    CopyingSocket(int port) throws IOException {
      super(InetAddress.getLoopbackAddress(), port);
    }

    @Override
    public InputStream getInputStream() throws IOException {
      return new FilterInputStream(super.getInputStream()) {
        @Override
        public int read() throws IOException {
          int next = super.read();
          copy.write(next);
          return next;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
          int count = super.read(bytes, offset, length);
          copy.write(bytes, offset, Math.max(0, count));
          return count;
        }
      };
    }
  }

  @Test
  void clientThatEndsTlsEndsItsSession() throws Exception {
    Peer client = session(tls().version("TLSv1.3").connect());
    ((SSLSocket) client.socket()).shutdownOutput(); // close_notify, and no end of the stream
    awaitNobody();
    assertThat(client.socket().getInputStream().read()).as("close_notify").isEqualTo(-1);
    client.close();
  }

  @Test
  void clientThatGoesWithoutAWordEndsItsSession() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
      session(tls().over(socket));
    }
    awaitNobody();
  }

  private void awaitNobody() {
    await("all sessions have ended").until(() -> proxy.sessions() == 0);
  }

  @Test
  void refusalWithinTlsReachesAClientThatSendsOn() throws Exception {
    restart(shown("server", "--max-clients", "1"));
    try (Peer only = session(tls().connect())) {
      byte[] more = message(new Query("x".repeat(1 << 18)));
      for (int i = 0; i < 5; i++) {
        try (Peer refused = tls().connect()) {
          refused.send(concat(startup("user", "eve"), more));
          assertThat(refused.read().body()).contains("C53300");
          assertThat(refused.socket().getInputStream().read()).isEqualTo(-1);
        }
      }
      assertServes(only);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void brokenRecordEndsTheSession(String version) throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
      Peer client = session(tls().version(version).over(socket));
      byte[] record = new byte[5 + 64];
      record[0] = 23;
      record[1] = 3;
      record[2] = 3;
      record[4] = 64;

      socket.getOutputStream().write(record);

      awaitNobody();
      client.close();
    }
  }
}
