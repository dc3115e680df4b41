package dev.pglambda.client.tls;

import static dev.pglambda.testing.Peer.packet;
import static dev.pglambda.testing.Peer.startup;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.TestIdentity;
import dev.pglambda.testing.TlsPeer;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A startup message in one packet with the SSLRequest before it (CVE-2021-23214): what the proxy
 * does, and what PostgreSQL does.
 */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.PostgresServer#versions")
@Timeout(60)
class StuffedRequestTest {
  private static final TestIdentity AUTHORITY = TestIdentity.authority("Test authority");
  private static final TestIdentity SERVER = AUTHORITY.sign("server", "localhost");

  /** From here on a server hands what came with the request to TLS, where it is no record. */
  private static final int HANDS_ON = 17;

  /** Up to here an error that comes so early has the form of protocol 2: a text alone. */
  private static final int LAST_OF_PROTOCOL_2 = 13;

  private final PostgresServer postgres;

  @TempDir private Path directory;

  StuffedRequestTest(String version) {
    postgres = PostgresServer.withTls(version);
  }

  @BeforeEach
  void turnTlsOn() throws SQLException {
    postgres.setTls(SERVER, AUTHORITY);
  }

  @AfterEach
  void turnTlsOff() throws SQLException {
    postgres.setTlsOff();
  }

  @Test
  void isRefusedByTheProxyAndByPostgres() throws Exception {
    String[] tls = SERVER.shownIn(directory, "p").toArray(String[]::new);
    try (ProxyUnderTest proxy = ProxyUnderTest.start(postgres, tls);
        Peer client = Peer.connect(proxy.port())) {
      client.send(stuffed());
      String refusal = error(client);

      assertThat(refusal)
          .isEqualTo(
              "08P01: received unencrypted data after SSL request: This could be either a"
                  + " client-software bug or evidence of an attempted man-in-the-middle attack.");
      assertThat(client.atEnd()).isTrue();
      assertThat(byPostgres())
          .isEqualTo(
              postgres.majorVersion() >= HANDS_ON
                  ? "closed"
                  : postgres.majorVersion() > LAST_OF_PROTOCOL_2
                      ? refusal
                      : "EFATAL:  received unencrypted data after SSL request\n\0");
    }
  }

  private byte[] stuffed() {
    String request = new String(packet(StartupPacket.SSL_REQUEST, ""), ISO_8859_1);
    String message = new String(startup("user", postgres.user()), ISO_8859_1);
    return (request + message).getBytes(ISO_8859_1);
  }

  /** PostgreSQL says it within TLS, to a client that does the handshake all the same. */
  private String byPostgres() throws Exception {
    try (Socket socket = new StuffingSocket(postgres.port());
        Peer client = TlsPeer.of(postgres.port()).over(socket)) {
      return postgres.majorVersion() > LAST_OF_PROTOCOL_2 ? error(client) : client.rest();
    } catch (IOException e) {
      return "closed";
    }
  }

  private static String error(Peer client) throws Exception {
    BackendMessage message = client.readBackend();
    assertThat(message).isInstanceOf(ErrorResponse.class);
    var fields = ((ErrorResponse) message).fields();
    return fields.get('C') + ": " + fields.get('M') + ": " + fields.get('D');
  }

  /** Writes more than it is given to write first. */
  private final class StuffingSocket extends Socket {
    private boolean stuffed;

    StuffingSocket(int port) throws IOException {
      super(InetAddress.getLoopbackAddress(), port);
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
      return new FilterOutputStream(super.getOutputStream()) {
        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
          if (stuffed) {
            out.write(bytes, offset, length);
          } else {
            stuffed = true;
            out.write(stuffed());
          }
        }
      };
    }
  }
}
