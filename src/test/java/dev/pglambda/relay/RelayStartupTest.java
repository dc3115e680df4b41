package dev.pglambda.relay;

import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.packet;
import static dev.pglambda.testing.Peer.startup;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.config.ClientLimits;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.Peer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Wire scripts of what comes before a session is ready: startup packets, and what is none. */
class RelayStartupTest extends RelayStage {
  /** The answer of a server that encrypts with GSSAPI. */
  private static final byte ENCRYPTION = 'G';

  // ---- startup

  @Test
  void addsTheCallbackParameterAndPassesTheRestOfTheStartupMessage() throws Exception {
    Peer client = client(startup("user", "ann", "database", "db", "application_name", "caf\u00e9"));
    Peer backend = backend();

    assertThat(backend.readPacket())
        .matches(
            "196608:user\\|ann\\|database\\|db\\|application_name\\|caf\u00e9\\|pglambda.callback\\|for"
                + " [0-9a-f]{32} from 127.0.0.1\\|\\|");
    backend.send(new Authentication(5, "salt"));
    assertThat(client.read()).hasToString("R:|||\5salt");
    client.send(FrontendMessage.PASSWORD, "md5\0");
    assertThat(backend.read()).hasToString("p:md5|");
  }

  @Test
  void passesTheMinorVersionAndItsNegotiation() throws Exception {
    Peer client = client(packet(3 << 16 | 2, "user\0ann\0_pq_.x\0y\0\0"));
    Peer backend = backend();

    assertThat(backend.readPacket()).startsWith("196610:user|ann|_pq_.x|y|pglambda.callback|");
    backend.send(BackendMessage.NEGOTIATE_PROTOCOL_VERSION, "\0\3\0\0\0\0\0\1_pq_.x\0");
    assertThat(client.read()).hasToString("v:|\3|||||\1_pq_.x|");
  }

  @Test
  void leavesAReplicationSessionsStartupMessageAlone() throws Exception {
    client(startup("user", "ann", "replication", "true"));

    assertThat(backend().readPacket()).isEqualTo("196608:user|ann|replication|true||");
  }

  @Test
  void answersRequestsForEncryptionWithNoInAnyOrderAndEachOnce() throws Exception {
    Peer client = client(packet(StartupPacket.GSSENC_REQUEST, ""));
    assertThat(client.text(1)).isEqualTo("N");
    client.send(packet(StartupPacket.SSL_REQUEST, ""));
    assertThat(client.text(1)).isEqualTo("N");
    client.send(startup("user", "ann"));
    assertThat(backend().readPacket()).startsWith("196608:user|ann|");
  }

  @Test
  void letsTheServerAnswerWhoAsksForTheSameEncryptionTwice() throws Exception {
    Peer client =
        client(
            concat(packet(StartupPacket.SSL_REQUEST, ""), packet(StartupPacket.SSL_REQUEST, "")));
    assertThat(client.text(1)).isEqualTo("N");
    Peer backend = backend();
    assertThat(backend.readPacket()).isEqualTo(StartupPacket.SSL_REQUEST + ":");
    backend.send(new byte[] {BackendMessage.NO_ENCRYPTION});
    assertThat(backend.readPacket()).isEqualTo(StartupPacket.SSL_REQUEST + ":");
    backend.send(BackendMessage.ERROR_RESPONSE, "no\0").close();

    assertThat(client.rest()).isEqualTo(latin1(message(FrontendMessage.EXECUTE, "no\0")));
  }

  @Test
  void closesWhereAServerWouldBeginTheEncryptionOfASecondRequest() throws Exception {
    Peer client =
        client(
            concat(
                packet(StartupPacket.GSSENC_REQUEST, ""),
                packet(StartupPacket.GSSENC_REQUEST, "")));
    Peer backend = backend();
    backend.readPacket();
    backend.send(new byte[] {ENCRYPTION});

    assertThat(client.rest()).isEqualTo("N");
    assertThat(backend.atEnd()).isTrue();
  }

  @Test
  void readsAStartupThatComesByteByByteAndOneThatComesWithWhatFollows() throws Exception {
    Peer slow = client(new byte[0]);
    slow.trickle(concat(packet(StartupPacket.SSL_REQUEST, ""), startup("user", "ann")));
    assertThat(slow.text(1)).isEqualTo("N");
    assertThat(backend().readPacket()).startsWith("196608:user|ann|");

    client(
        concat(
            startup("user", "bob"),
            message(FrontendMessage.PASSWORD, "secret\0"),
            message(new Query("SELECT 1"))));
    Peer backend = backend();
    assertThat(backend.readPacket()).startsWith("196608:user|bob|");
    assertThat(backend.read()).hasToString("p:secret|");
    assertThat(backend.read()).hasToString("Q:SELECT 1|");
  }

  @Test
  void handsTheReservedDatabaseOverWithWhatFollowsItsStartup() throws Exception {
    Peer client =
        client(
            concat(
                startup("user", "pglambda", "database", "pglambda"),
                message(FrontendMessage.PASSWORD, "hello\0")));

    assertThat(client.read()).hasToString("p:hello|");
  }

  // ---- hostile bytes before authentication

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\0\0\0\u0009\0\3\0\0x",
        "\0\0\0\u000c\0\3\0\0user",
        "\0\0\0\u000e\0\3\0\0user\0x"
      })
  void refusesWhatIsNoStartupPacketWithOneFatal(String bytes) throws Exception {
    Peer client = client(bytes.getBytes(StandardCharsets.ISO_8859_1));

    assertThat(client.read().body()).startsWith("SFATAL\0VFATAL\0C08P01\0Minvalid ");
    assertThat(client.atEnd()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\r\n\r\n",
        "X\0\0\0\4", // Terminate
        "\0\0\0\0",
        "\0\0\0\4",
        "\0\0\0\7xxxx",
        "\u00ff\u00ff\u00ff\u00ffxxxx",
        "\0\0'\u0015\0\3\0\0",
        "\0\0\0\u000c\4\u00d2\u0016.\0\0\0\0"
      })
  void closesWithoutAWordOnAPacketOfAWrongLength(String bytes) throws Exception {
    assertThat(client(bytes.getBytes(StandardCharsets.ISO_8859_1)).atEnd()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1 << 16, 2 << 16, 4 << 16, 1234 << 16 | 1, -1})
  void passesAnotherProtocolOnAndTheServersErrorBack(int version) throws Exception {
    String inAnyForm = "EFATAL:  no, not that one\n\0";
    Peer client = client(packet(version, "x".repeat(288)));
    Peer backend = backend();
    assertThat(backend.readPacket()).isEqualTo(version + ":" + "x".repeat(288));

    backend.send(inAnyForm.getBytes(StandardCharsets.US_ASCII)).close();

    assertThat(client.rest()).isEqualTo(inAnyForm);
  }

  @Test
  void refusesAProtocolThatOnlyTheServerSpeaksInTheFormOfTheProtocol() throws Exception {
    Peer client = client(packet(2 << 16, "x".repeat(288)));
    Peer backend = backend();
    backend.readPacket();
    backend.send("R\0\0\0\0Z".getBytes(StandardCharsets.US_ASCII));

    assertThat(client.rest()).matches("EFATAL:  unsupported frontend protocol.*\n\0");
    assertThat(backend.atEnd()).isTrue();
  }

  @Test
  void givesUpOnAServerThatDoesNotRefuseAProtocol() throws Exception {
    startupTimeout = Duration.ofMillis(200);
    Peer client = client(packet(4 << 16, ""));
    Peer backend = backend();
    backend.readPacket();

    assertThat(client.atEnd()).isTrue();
    assertThat(backend.atEnd()).isTrue();
  }

  @Test
  void takesNoMoreOfARefusalThanIsSensible() throws Exception {
    Peer client = client(packet(4 << 16, ""));
    Peer backend = backend();
    backend.readPacket();
    backend.send(BackendMessage.ERROR_RESPONSE, "x".repeat(20_000));

    assertThat(client.rest()).hasSizeLessThanOrEqualTo(20_005);
    assertThat(backend.atEnd()).isTrue();
  }

  @Test
  void countsAClientOfAnotherProtocolAsACancelRequest() throws Exception {
    limits = new ClientLimits(100, 0, 100, 100, 1);
    client(packet(4 << 16, ""));
    backend().readPacket();

    assertThat(client(packet(4 << 16, "")).atEnd()).isTrue();
  }

  @Test
  void saysInTheFormOfTheProtocolThatThereIsNoServer() throws Exception {
    backendPort = FakeLambdaEndpoint.refusing().getPort();

    assertThat(client(packet(2 << 16, "")).rest())
        .matches("EFATAL:  could not connect to server.*\n\0");
    assertThat(client(packet(4 << 16, "")).rest()).contains("FATAL", "08001");
  }

  @Test
  void closesWhenTlsBeginsUnasked() throws Exception {
    assertThat(client(new byte[] {0x16, 3, 1, 0, 5}).atEnd()).isTrue();
  }

  @Test
  void survivesRandomBytes() throws Exception {
    for (int seed = 0; seed < 200; seed++) {
      byte[] bytes = new byte[4 + new Random(seed).nextInt(300)];
      new Random(seed).nextBytes(bytes);
      bytes[0] |= (byte) 0x80;
      assertThat(client(bytes).rest()).as("seed %d", seed).isEmpty();
    }
  }

  @Test
  void refusesALargeMessageBeforeTheSessionIsReady() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = backend();
    backend.readPacket();
    backend.send(new Authentication(3, ""));
    client.read();

    client.send(new byte[] {FrontendMessage.PASSWORD, 0, 1, 0, 4});

    assertThat(client.read().body()).contains("FATAL", "08P01", "65536 (expected: at most 65535)");
    assertThat(client.atEnd()).isTrue();
    assertThat(backend.atEnd()).isTrue();
  }

  @Test
  void refusesAMessageWithAnImpossibleLength() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);

    client.send(new byte[] {FrontendMessage.QUERY, -1, -1, -1, -1});

    assertThat(client.read().body()).contains("FATAL", "08P01", "invalid length of message");
    assertThat(backend.atEnd()).isTrue();
  }

  @Test
  void givesUpOnAClientThatDoesNotBecomeReady() throws Exception {
    startupTimeout = Duration.ofMillis(200);
    assertThat(client(new byte[] {0}).atEnd()).isTrue();

    Peer client = client(startup("user", "ann"));
    Peer backend = backend();
    backend.readPacket();
    assertThat(client.read().body()).contains("FATAL", "did not become ready");
    assertThat(client.atEnd()).isTrue();
    assertThat(backend.atEnd()).isTrue();
  }
}
