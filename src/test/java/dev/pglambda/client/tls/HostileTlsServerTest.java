package dev.pglambda.client.tls;

import static dev.pglambda.testing.Awaiting.await;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.testing.LogCapture;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.TestIdentity;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Servers that break the rules of TLS in a session. */
@Timeout(60)
class HostileTlsServerTest {
  private static final TestIdentity IDENTITY =
      TestIdentity.authority("Test authority").sign("server", "127.0.0.1");
  private static final int MANY_KEY_UPDATES = 20_000;

  /** What a server does, on the encrypted connection or below it. */
  enum Offence {
    BROKEN_RECORD {
      @Override
      void commit(SSLSocket encrypted, Socket below) throws IOException {
        byte[] record = new byte[5 + 64];
        System.arraycopy(new byte[] {23, 3, 3, 0, 64}, 0, record, 0, 5);
        below.getOutputStream().write(record);
      }
    },
    NO_RECORD {
      @Override
      void commit(SSLSocket encrypted, Socket below) throws IOException {
        below.getOutputStream().write("Z\0\0\0\5I, in clear".getBytes(US_ASCII));
      }
    },
    CLOSE_NOTIFY_AND_NO_END {
      @Override
      void commit(SSLSocket encrypted, Socket below) throws IOException {
        encrypted.shutdownOutput();
      }
    },
    END_AND_NO_CLOSE_NOTIFY {
      @Override
      void commit(SSLSocket encrypted, Socket below) throws IOException {
        below.shutdownOutput();
      }
    },
    KEY_UPDATES_WITHOUT_END {
      @Override
      void commit(SSLSocket encrypted, Socket below) {
        try {
          for (int i = 0; i < MANY_KEY_UPDATES; i++) {
            encrypted.startHandshake(); // with TLS 1.3, a KeyUpdate that asks for one
          }
        } catch (IOException closed) {
          // As it should be.
        }
      }
    };

    abstract void commit(SSLSocket encrypted, Socket below) throws IOException;
  }

  @ParameterizedTest
  @EnumSource
  void endTheSessionAndNoOther(Offence offence) throws Exception {
    try (LogCapture log = LogCapture.ofProxy();
        ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        ProxyUnderTest proxy =
            ProxyUnderTest.startBefore(
                "127.0.0.1:" + listener.getLocalPort(), "--backend-sslmode", "require");
        Peer client = Peer.connect(proxy.port()).send(Peer.startup("user", "ann"));
        Socket below = listener.accept()) {
      Peer asked = Peer.over(below);
      asked.readPacket();
      asked.send(new byte[] {BackendMessage.TLS});
      SSLSocket encrypted =
          (SSLSocket) context().getSocketFactory().createSocket(below, null, true);
      Peer server = Peer.over(encrypted);
      server.readPacket();
      server.send(Authentication.ok(), new ReadyForQuery('I'));
      client.read();
      client.read();

      offence.commit(encrypted, below);

      assertThat(client.read().body()).contains("SFATAL\0", "\0C08006\0");
      assertThat(client.atEnd()).isTrue();
      await("the session has ended").until(() -> proxy.sessions() == 0);
      assertThat(log.errors()).isEmpty();
    }
  }

  private static SSLContext context() throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    Certificate certificate =
        CertificateFactory.getInstance("X.509")
            .generateCertificate(
                new ByteArrayInputStream(IDENTITY.certificatePem().getBytes(US_ASCII)));
    store.setKeyEntry(
        "key", IDENTITY.keys().getPrivate(), new char[0], new Certificate[] {certificate});
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store, new char[0]);
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }
}
