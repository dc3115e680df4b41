package dev.pglambda.client.tls;

import static dev.pglambda.testing.Awaiting.await;
import static dev.pglambda.testing.Peer.packet;
import static dev.pglambda.testing.Peer.startup;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.config.ClientLimits;
import dev.pglambda.config.ConfigLoader;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.relay.RelayStage;
import dev.pglambda.testing.LogCapture;
import dev.pglambda.testing.NettyMemory;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.TestCertificates;
import dev.pglambda.testing.TlsPeer;
import dev.pglambda.tls.ClientTls;
import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that begin TLS and do not go on as they should. */
@Timeout(120)
class HostileTlsTest extends RelayStage {
  private static final byte HANDSHAKE = 22;

  private static final int MANY_KEY_UPDATES = 20_000;

  /** What an alert, or two, can come to. */
  private static final int FEW_BYTES = 64;

  private final LogCapture log = LogCapture.ofProxy();

  @BeforeEach
  void offerTls() throws Exception {
    List<String> arguments = new ArrayList<>(List.of(TestCertificates.shown("server")));
    arguments.addAll(List.of("--backend", "db.example"));
    ConfigLoader.LoadResult loaded = ConfigLoader.load(arguments.toArray(String[]::new), Map.of());
    tls = ClientTls.open(((ConfigLoader.Run) loaded).config());
    open.add(Objects.requireNonNull(tls));
  }

  @AfterEach
  void nothingWasTheProxysFault() {
    log.close();
    assertThat(log.errors()).isEmpty();
  }

  private Peer encrypted(String version) throws Exception {
    return encrypted(version, new Socket(InetAddress.getLoopbackAddress(), port()));
  }

  private Peer encrypted(String version, Socket socket) throws Exception {
    Peer client = TlsPeer.of(port()).version(version).over(socket);
    open.add(client);
    return client.send(startup("user", "ann"));
  }

  /** A client that has read {@code S}, and sends this, whatever it is. */
  private Peer asked(byte[]... bytes) throws Exception {
    Peer client = client(packet(StartupPacket.SSL_REQUEST, ""));
    assertThat(client.text(1)).isEqualTo("S");
    return client.send(concat(bytes));
  }

  private byte[] hello() throws Exception {
    return TlsPeer.of(port()).clientHello();
  }

  private static void assertServed(Peer client, Peer backend) throws IOException {
    client.send(new Query("SELECT 1"));
    assertThat(backend.read()).hasToString("Q:SELECT 1|");
  }

  private void awaitNobody() {
    await("all sessions have ended").until(() -> sessions.size() == 0);
  }

  // ---- records

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void takesWhatAClientSendsCutAtAnyByte(String version) throws Exception {
    int length = Integer.MAX_VALUE;
    for (int cut = packet(StartupPacket.SSL_REQUEST, "").length; cut < length; cut++) {
      CuttingSocket socket = new CuttingSocket(port(), cut);
      Peer client = encrypted(version, socket);
      Peer backend = ready(client);
      assertServed(client, backend);
      length = socket.sent;
      client.close();
      backend.close();
    }
    assertThat(length).isBetween(300, 5_000);
  }

  /** Sends the first so many bytes, and the others when the proxy has handled those. */
  private final class CuttingSocket extends Socket {
    private final int cut;
    private int sent;

    CuttingSocket(int port, int cut) throws IOException {
      super(InetAddress.getLoopbackAddress(), port);
      setTcpNoDelay(true);
      this.cut = cut;
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
      return new FilterOutputStream(super.getOutputStream()) {
        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
          int before = Math.min(length, Math.max(0, cut - sent));
          out.write(bytes, offset, before);
          if (before > 0) {
            awaitHandled();
          }
          out.write(bytes, offset + before, length - before);
          sent += length;
        }
      };
    }
  }

  private void awaitHandled() throws IOException {
    try {
      settle();
    } catch (Exception e) {
      throw new IOException(e);
    }
  }

  @Test
  void takesAHelloInManyRecords() throws Exception {
    byte[] hello = hello();
    ByteArrayOutputStream records = new ByteArrayOutputStream();
    for (int i = 5; i < hello.length; i++) {
      records.writeBytes(new byte[] {HANDSHAKE, 3, 1, 0, 1, hello[i]});
    }

    assertThat((byte) asked(records.toByteArray()).text(1).charAt(0)).isEqualTo(HANDSHAKE);
  }

  @Test
  void closesOnBytesThatAreNoHandshake() throws Exception {
    startupTimeout = Duration.ofSeconds(1); // where a record is announced that never comes
    Random random = new Random(7);
    List<Peer> clients = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      byte[] bytes = new byte[6 + random.nextInt(400)];
      random.nextBytes(bytes);
      if (i % 2 == 0) { // a record that is whole, and holds anything
        byte[] header = {
          HANDSHAKE, 3, 1, (byte) ((bytes.length - 5) >> 8), (byte) (bytes.length - 5)
        };
        System.arraycopy(header, 0, bytes, 0, header.length);
      }
      clients.add(i % 4 == 0 ? client(bytes) : asked(bytes));
    }
    for (Peer client : clients) {
      assertThat(client.rest()).hasSizeLessThan(FEW_BYTES);
    }
  }

  /** Where a client breaks its handshake off with an alert. */
  enum AlertPlace {
    INSTEAD_OF_HELLO,
    WITHIN_HELLO,
    BEHIND_HELLO
  }

  @ParameterizedTest
  @EnumSource
  void closesOnAlertsInTheMiddle(AlertPlace place) throws Exception {
    startupTimeout = Duration.ofSeconds(1); // a warning may mean nothing
    byte[] hello = hello();
    byte[] fragment = Arrays.copyOf(hello, 105);
    fragment[3] = 0;
    fragment[4] = 100;
    byte[] before =
        switch (place) {
          case INSTEAD_OF_HELLO -> new byte[0];
          case WITHIN_HELLO -> fragment;
          case BEHIND_HELLO -> hello;
        };
    List<Peer> clients = new ArrayList<>();
    for (int level = 0; level < 4; level++) {
      for (int description : new int[] {0, 10, 40, 90, 100, 255}) {
        byte[] alert = {21, 3, 3, 0, 2, (byte) level, (byte) description};
        clients.add(asked(before, alert));
        clients.add(asked(before, alert, alert, new byte[] {21, 3, 3, 0, 0}));
      }
    }
    for (Peer client : clients) {
      client.rest(); // ends
    }
    awaitNobody();
  }

  @Test
  void neverTakesPlainBytesFromWithinAHandshake() throws Exception {
    byte[] hello = hello();
    // EchoingDatabase sends back what comes behind this one.
    byte[] plain =
        concat(startup("user", "pglambda", "database", "pglambda"), "echo".getBytes(US_ASCII));
    byte[] session = startup("user", "ann");
    for (byte[] stuffed : List.of(plain, session)) {
      assertThat(asked(stuffed, hello).rest()).doesNotContain("echo");
      assertThat(asked(hello, stuffed).rest()).doesNotContain("echo");
      assertThat(asked(Arrays.copyOf(hello, 50), stuffed, hello).rest()).doesNotContain("echo");
      assertThat(client(concat(hello, stuffed)).rest()).doesNotContain("echo");
    }
    assertThat(sessions.size()).isZero();
  }

  // ---- ends

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aHandshakeThatIsBrokenOffAnywhereLeavesNothingBehind(boolean reset) throws Exception {
    byte[] hello = hello();
    long before = NettyMemory.inUse();
    for (int length = 0; length <= hello.length; length++) {
      Peer client = asked(Arrays.copyOf(hello, length));
      if (reset) {
        client.reset();
      } else {
        client.close();
      }
    }
    await("all is released").until(() -> NettyMemory.inUse() <= before);
    Peer client = encrypted("TLSv1.3");
    assertServed(client, ready(client));
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void whatWasSentBeforeCloseNotifyReachesTheServer(String version) throws Exception {
    Peer client = encrypted(version);
    Peer backend = ready(client);
    for (int i = 0; i < 100; i++) {
      client.send(new Query("x".repeat(50_000) + i));
    }

    ((SSLSocket) client.socket()).shutdownOutput();

    for (int i = 0; i < 100; i++) {
      assertThat(backend.read().body()).hasSizeGreaterThan(50_000).endsWith(i + "\0");
    }
    assertThat(backend.atEnd()).isTrue();
    awaitNobody();
  }

  @Test
  void aHandshakeThatTakesTooLongIsClosed() throws Exception {
    startupTimeout = Duration.ofMillis(300);
    byte[] hello = hello();
    List<Peer> clients = new ArrayList<>();
    for (int length = 0; length <= hello.length; length++) {
      clients.add(asked(Arrays.copyOf(hello, length)));
    }
    for (Peer client : clients) {
      client.rest(); // ends
    }
    TlsPeer.of(port()).connect().atEnd(); // the startup message has the same time
  }

  // ---- many, and much

  @Test
  void handshakesThatDoNotGoOnKeepNobodyOut() throws Exception {
    limits = new ClientLimits(100, 0, 100, 20, 100);
    byte[] hello = hello();
    for (int i = 0; i < 1_000; i++) {
      asked(Arrays.copyOf(hello, i % hello.length));
      if (i % 100 == 0) {
        ready(encrypted("TLSv1.3"));
      }
    }
    ready(encrypted("TLSv1.2"));
  }

  /** The proxy need not sign for them. */
  @Test
  void hellosOfThoseWhoHaveGoneKeepNobodyWaiting() throws Exception {
    byte[] hello = TlsPeer.of(port()).alpn("postgresql").clientHello();
    for (int i = 0; i < 1_000; i++) {
      Peer.connect(port()).send(hello).close();
    }
    ready(encrypted("TLSv1.3")); // whose reads give up after ten seconds
  }

  @Test
  void keysAreRenewedWhenAClientAsks() throws Exception {
    Peer client = encrypted("TLSv1.3");
    Peer backend = ready(client);
    for (int i = 0; i < 300; i++) {
      ((SSLSocket) client.socket()).startHandshake(); // with TLS 1.3, a KeyUpdate that asks for one
      assertServed(client, backend);
    }
  }

  @Test
  void aClientThatWantsNewKeysWithoutEndIsClosed() throws Exception {
    Peer client = encrypted("TLSv1.3");
    ready(client);

    assertThatThrownBy(
            () -> {
              for (int i = 0; i < MANY_KEY_UPDATES; i++) {
                ((SSLSocket) client.socket()).startHandshake();
              }
            })
        .isInstanceOf(IOException.class);
    awaitNobody();
  }
}
