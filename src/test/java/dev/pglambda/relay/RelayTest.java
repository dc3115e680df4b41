package dev.pglambda.relay;

import static dev.pglambda.testing.Peer.error;
import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.packet;
import static dev.pglambda.testing.Peer.startup;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.intercept.Rewrite;
import dev.pglambda.intercept.ServerSettings;
import dev.pglambda.listener.ClientLimits;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.BindComplete;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.ParameterStatus;
import dev.pglambda.protocol.BackendMessage.ParseComplete;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.ClientEncoding;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.protocol.FrontendMessage.Execute;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.FrontendMessage.Sync;
import dev.pglambda.protocol.FrontendMessage.Terminate;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.Peer;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Wire scripts: a client and a server that say exactly what the test says, and the relay between
 * them.
 */
class RelayTest extends RelayStage {
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

  // ---- messages

  @Test
  void passesMessagesInBothDirectionsHoweverTheyAreCut() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    byte[] request =
        message(
            new Parse("s", "SELECT $1", List.of()),
            new Bind("", "s", List.of(), List.of(), List.of()),
            new Sync(),
            new Query("SELECT 'aws_lambda'"));

    client.trickle(request);
    assertThat(backend.text(request.length)).isEqualTo(latin1(request));

    byte[] reply =
        message(new ParseComplete(), new BindComplete(), error("SERROR", "C42601", "Mno"));
    backend.trickle(reply);
    assertThat(client.text(reply.length)).isEqualTo(latin1(reply));
  }

  @Test
  void passesLargeMessagesWithoutWaitingForTheirEnd() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);

    client
        .send(new byte[] {FrontendMessage.QUERY, 0x3f, 0, 0, 0})
        .send("SELECT ".getBytes(StandardCharsets.US_ASCII));

    assertThat(backend.text(12)).endsWith("SELECT ");
  }

  @Test
  void sendsTheRewrittenTextAndTheTagOfTheStatementTheClientWrote() throws Exception {
    rewriteMagic();
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);

    client.send(new Query("SELECT 1; magic"));
    assertThat(backend.read()).hasToString("Q:SELECT 1; DO 'x'|");
    backend.send(
        new CommandComplete("SELECT 1"), new CommandComplete("DO"), new ReadyForQuery('I'));

    assertThat(client.read()).hasToString("C:SELECT 1|");
    assertThat(client.read()).hasToString("C:CREATE EXTENSION|");
    assertThat(client.read()).hasToString("Z:I");
  }

  @Test
  void mendsTheTagOfARewrittenStatementThatWasPreparedAndIsExecutedTwice() throws Exception {
    rewriteMagic();
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);

    client
        .send(new Parse("m", "magic", List.of()))
        .send(new Bind("", "m", List.of(), List.of(), List.of()))
        .send(new Execute("", 0))
        .send(new Bind("p", "m", List.of(), List.of(), List.of()))
        .send(new Execute("p", 0))
        .send(new Parse("", "SELECT 1", List.of()))
        .send(new Bind("p", "", List.of(), List.of(), List.of()))
        .send(new Execute("p", 0))
        .send(new Sync());
    assertThat(backend.read()).hasToString("P:m|DO 'x'|||");
    backend.send(
        new ParseComplete(),
        new BindComplete(),
        new CommandComplete("DO"),
        new BindComplete(),
        new CommandComplete("DO"),
        new ParseComplete(),
        new BindComplete(),
        new CommandComplete("DO"),
        new ReadyForQuery('I'));

    assertThat(client.read()).hasToString("1:");
    assertThat(client.read()).hasToString("2:");
    assertThat(client.read()).hasToString("C:CREATE EXTENSION|");
    assertThat(client.read()).hasToString("2:");
    assertThat(client.read()).hasToString("C:CREATE EXTENSION|");
    assertThat(client.read()).hasToString("1:");
    assertThat(client.read()).hasToString("2:");
    assertThat(client.read()).hasToString("C:DO|");
    assertThat(client.read()).hasToString("Z:I");
  }

  @Test
  void tellsTheInterceptorWhatTheServerReportsOfItsSettings() throws Exception {
    List<Object> seen = new ArrayList<>();
    interceptor =
        new WordInterceptor("") {
          @Override
          public @Nullable Rewrite rewrite(String text, ServerSettings settings) {
            seen.add(settings.standardConformingStrings());
            seen.add(settings.encoding());
            return null;
          }
        };
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    client.send(new Query("SELECT 1"));
    backend.read();
    backend.send(new ParameterStatus("standard_conforming_strings", "off"));
    client.read();
    backend.send(new ParameterStatus("client_encoding", "UTF8"));
    client.read();
    backend.send(new ReadyForQuery('I'));
    client.read();
    client.send(new Query("SELECT 1"));
    backend.read();

    assertThat(seen).containsExactly(true, ClientEncoding.SINGLE_BYTE, false, ClientEncoding.UTF8);
  }

  @Test
  void doesNotReadOnFromAServerWhoseClientDoesNotRead() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    byte[] row = message(BackendMessage.COPY_DATA, "x".repeat(1 << 16));
    backend.socket().setSoTimeout(0);
    Thread writer =
        new Thread(
            () -> {
              try {
                for (int i = 0; i < 1_600; i++) {
                  backend.send(row);
                }
              } catch (IOException expected) {
                // The test ends the conversation.
              }
            });
    writer.start();

    writer.join(1_000);
    assertThat(writer.isAlive()).as("100 MB fitted between a client that does not read").isTrue();

    for (int i = 0; i < 1_600; i++) {
      assertThat(client.read().body()).hasSize(1 << 16);
    }
    writer.join(10_000);
    assertThat(writer.isAlive()).isFalse();
  }

  // ---- cancel

  @ParameterizedTest
  @ValueSource(ints = {4, 32, 256})
  void passesACancelRequestAndClosesOnlyWhenTheServerHas(int keyLength) throws Exception {
    Peer client = client(packet(StartupPacket.CANCEL_REQUEST, "\0\0\0\7" + "k".repeat(keyLength)));
    Peer backend = backend();

    assertThat(backend.readPacket())
        .isEqualTo(StartupPacket.CANCEL_REQUEST + ":|||\7" + "k".repeat(keyLength));
    client.socket().setSoTimeout(200);
    boolean closedEarly;
    try {
      closedEarly = client.atEnd();
    } catch (SocketTimeoutException stillOpen) {
      closedEarly = false;
    }
    assertThat(closedEarly).isFalse();
    backend.close();
    client.socket().setSoTimeout(5_000);
    assertThat(client.atEnd()).isTrue();
  }

  // ---- ends

  @Test
  void tellsTheClientThatTheServerCannotBeReached() throws Exception {
    int port = server.getLocalPort();
    server.close();

    Peer client = client(startup("user", "ann"));

    assertThat(client.read().body())
        .startsWith("SFATAL\0VFATAL\0C08001\0")
        .contains("could not connect to server at 127.0.0.1:" + port + ": Connection refused");
    assertThat(client.atEnd()).isTrue();
  }

  @Test
  void tellsTheClientThatTheServerWentAway() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);

    backend.close();

    assertThat(client.read().body())
        .startsWith("SFATAL\0VFATAL\0C08006\0")
        .contains("connection to server at 127.0.0.1:" + server.getLocalPort() + " lost: ");
    assertThat(client.atEnd()).isTrue();
  }

  @Test
  void addsNothingToTheServersOwnFatal() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);

    backend.send(error("SFATAL", "VFATAL", "C57P01", "Mshutdown")).close();

    assertThat(client.read().body()).contains("57P01");
    assertThat(client.atEnd()).isTrue();
  }

  @Test
  void addsNothingInTheMiddleOfAMessage() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);

    backend.send(new byte[] {BackendMessage.DATA_ROW, 0, 0, 1, 0, 1, 2, 3}).close();

    assertThat(client.rest()).hasSize(8);
  }

  @Test
  void closesTheServersConnectionWhenTheClientGoes() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);
    client.send(new Query("SELECT 1")).close();
    assertThat(backend.read()).hasToString("Q:SELECT 1|");
    assertThat(backend.atEnd()).isTrue();

    Peer resetting = client(startup("user", "ann"));
    Peer second = ready(resetting);
    resetting.reset();
    assertThat(second.atEnd()).isTrue();
  }

  @Test
  void closesQuietlyAfterTerminate() throws Exception {
    Peer client = client(startup("user", "ann"));
    Peer backend = ready(client);

    client.send(new Terminate());
    assertThat(backend.read()).hasToString("X:");
    backend.close();

    assertThat(client.atEnd()).isTrue();
  }
}
