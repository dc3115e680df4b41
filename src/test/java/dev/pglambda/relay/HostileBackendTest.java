package dev.pglambda.relay;

import static dev.pglambda.testing.Awaiting.await;
import static dev.pglambda.testing.Peer.error;
import static dev.pglambda.testing.Peer.message;
import static dev.pglambda.testing.Peer.notice;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.CopyInResponse;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.Message;
import dev.pglambda.testing.LogCapture;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.ProxyUnderTest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.Logger;

/**
 * A server that is none: it says what it likes. The client gets that as far as it is made of
 * messages, then at most one FATAL; no other session notices; the log has no stack trace.
 */
@Timeout(120)
class HostileBackendTest {
  private static final byte[] STARTUP = Peer.startup("user", "ann");
  private static final String READY =
      latin1(message(Authentication.ok())) + latin1(message(new ReadyForQuery('I')));
  private static final int RANDOM_BACKENDS = 400;

  /** What the buffers of kernel and proxy can hold at most. */
  private static final long MOST_HELD = 32 << 20;

  private static final int MESSAGES_WITHOUT_END = 20_000;
  private static final int ROUND_TRIPS = 50;

  /** What was said, with or without the proxy's own last word. */
  private static final Pattern ANSWER =
      Pattern.compile("(?s)(.*?)(E.{4}SFATAL\0VFATAL\0C08(?:P01|006)\0M[^\0]*\0\0)?");

  /** What a server says after a startup message, before it closes the connection. */
  enum Speech {
    NOTHING(""),
    HTTP("HTTP/1.1 400 Bad Request\r\n\r\n"),
    AN_ANSWER_TO_A_REQUEST_FOR_TLS("S"),
    LENGTH_0("R\0\0\0\0"),
    LENGTH_3(READY + "D\0\0\0\3xxx"),
    LENGTH_NEGATIVE(READY + "D\u00ff\u00ff\u00ff\u00ffxxx"),
    LENGTH_OF_TWO_GIGABYTES(READY + "D\u007f\u00ff\u00ff\u00ffxxx"),
    LENGTH_OF_ONE_GIGABYTE(READY + "D?\u00ff\u00ff\u00ffxxx"),
    ERROR_OF_ONE_GIGABYTE(READY + "E?\u00ff\u00ff\u00ffSERROR\0"),
    READY_FOR_QUERY_OF_ONE_GIGABYTE(READY + "Z?\u00ff\u00ff\u00ffI"),
    ENDS_IN_A_HEADER(READY + "D\0\0"),
    ENDS_IN_A_ROW(READY + "D\0\0\0dabc"),
    ENDS_IN_AN_ERROR(READY + "E\0\0\0dSERROR\0"),
    UNKNOWN_TYPES(READY + all("?\0\u00ff!Qq")),
    REPLIES_THAT_WERE_NOT_OWED(READY + all("123CsnTtDIGHWdcVZEZ")),
    REPLIES_WITHOUT_BODY(READY + all("RSKNAETDCZ")),
    ERROR_WITHOUT_SQLSTATE(READY + text(error("SERROR", "Mx"))),
    ERROR_WITHOUT_FIELDS(READY + text(error())),
    ERROR_WITHOUT_END(READY + text(BackendMessage.ERROR_RESPONSE, "SERROR\0C42601")),
    NOTICE_BEFORE_AUTHENTICATION(text(notice("SNOTICE", "Mx")) + READY),
    TWO_FATALS(text(error("SFATAL", "VFATAL", "C57P01", "Mx")).repeat(2)),
    NEGOTIATES_TWICE(
        text(BackendMessage.NEGOTIATE_PROTOCOL_VERSION, "\0\3\0\0\0\0\0\0").repeat(2) + READY),
    KEY_OF_NO_BYTES(
        text(Authentication.ok())
            + text(BackendMessage.BACKEND_KEY_DATA, "")
            + text(new ReadyForQuery('I'))),
    KEY_OF_A_THOUSAND_BYTES(
        text(Authentication.ok())
            + text(BackendMessage.BACKEND_KEY_DATA, "k".repeat(1000))
            + text(new ReadyForQuery('I'))),
    READY_FOR_QUERY_WITH_A_BAD_STATUS(
        READY
            + text(BackendMessage.READY_FOR_QUERY, "?")
            + text(BackendMessage.READY_FOR_QUERY, "\0")),
    READY_FOR_QUERY_OF_NO_BYTES(
        text(BackendMessage.READY_FOR_QUERY, "")
            + text(BackendMessage.READY_FOR_QUERY, "III")
            + text(new ReadyForQuery('I'))),
    PARAMETERS_WITHOUT_VALUE(
        READY
            + text(BackendMessage.PARAMETER_STATUS, "client_encoding")
            + text(BackendMessage.PARAMETER_STATUS, "x\0")
            + READY),
    PARAMETERS_WITHOUT_END(READY + parameters()),
    AUTHENTICATION_WITHOUT_END(text(new Authentication(3, "")).repeat(MESSAGES_WITHOUT_END)),
    NOTICES_THAT_ASK_FOR_THE_KEYS(
        READY + text(notice("SINFO", "VINFO", "CZL001", "Mkeys")).repeat(99)),
    COPIES_WITHOUT_END(READY + text(new CopyInResponse(0, List.of())).repeat(MESSAGES_WITHOUT_END));

    final String bytes;

    Speech(String bytes) {
      this.bytes = bytes;
    }

    private static String text(Message... messages) {
      return latin1(message(messages));
    }

    private static String text(byte type, String body) {
      return latin1(message(type, body));
    }

    private static String all(String types) {
      StringBuilder all = new StringBuilder();
      types.chars().forEach(type -> all.append(text((byte) type, "")));
      return all.toString();
    }

    private static String parameters() {
      StringBuilder parameters = new StringBuilder();
      for (int i = 0; i < MESSAGES_WITHOUT_END; i++) {
        parameters.append(text(BackendMessage.PARAMETER_STATUS, "parameter_" + i + "\0value\0"));
      }
      return parameters.toString();
    }
  }

  private final LogCapture log = LogCapture.of(Logger.ROOT_LOGGER_NAME);
  private final ServerSocketChannel listener;
  private final ProxyUnderTest proxy;
  private final Peer good;
  private final Peer goodServer;

  HostileBackendTest() throws Exception {
    listener =
        ServerSocketChannel.open()
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    proxy =
        ProxyUnderTest.startBefore(
            "127.0.0.1:" + listener.socket().getLocalPort(), "--sample-functions", "on");
    good = Peer.connect(proxy.port()).send(STARTUP);
    goodServer = accept();
    goodServer.send(READY.getBytes(StandardCharsets.ISO_8859_1));
  }

  @BeforeEach
  void readThatItIsReady() throws IOException {
    assertThat(good.read().type()).isEqualTo(BackendMessage.AUTHENTICATION);
    assertThat(good.read().type()).isEqualTo(BackendMessage.READY_FOR_QUERY);
  }

  @AfterEach
  void close() throws IOException {
    proxy.close();
    good.close();
    goodServer.close();
    listener.close();
    log.close();
  }

  @ParameterizedTest
  @EnumSource
  void harmsOnlyItsOwnSession(Speech speech) throws Exception {
    try (Peer client = Peer.connect(proxy.port()).send(STARTUP)) {
      try (Peer server = accept()) {
        client.send(new Query("SELECT 1"));
        server.send(speech.bytes.getBytes(StandardCharsets.ISO_8859_1));
        server.socket().shutdownOutput(); // what comes from the client is not lost by a reset
      } catch (IOException closedByTheProxy) {
        // It need not hear all of it.
      }
      assertAnswer(client.rest(), speech.bytes);
    }
    assertNobodyElseNoticed();
  }

  @Test
  void harmsOnlyItsOwnSessionWhateverItSays() throws Exception {
    for (int seed = 0; seed < RANDOM_BACKENDS; seed++) {
      Random random = new Random(seed);
      String bytes = (random.nextInt(4) > 0 ? READY : "") + noise(random);
      try (Peer client = Peer.connect(proxy.port()).send(STARTUP)) {
        Peer server = accept();
        client.send(new Query("CREATE EXTENSION aws_lambda"));
        try {
          server.send(bytes.getBytes(StandardCharsets.ISO_8859_1));
        } catch (IOException closedByTheProxy) {
          // It need not hear all of it.
        }
        if (random.nextBoolean()) {
          server.close();
        } else {
          server.reset();
        }
        client.rest();
      }
    }
    assertNobodyElseNoticed();
  }

  @Test
  void isHeldBackIfItSpeaksWithoutEndAndNobodyListens() throws Exception {
    try (Peer client = Peer.connect(proxy.port()).send(STARTUP);
        SocketChannel server = listener.accept()) {
      byte[] bytes =
          (READY + Speech.PARAMETERS_WITHOUT_END.bytes).getBytes(StandardCharsets.ISO_8859_1);
      server.configureBlocking(false);
      long written = 0;
      int refused = 0;
      while (refused < ROUND_TRIPS) {
        int count = server.write(ByteBuffer.wrap(bytes));
        written += count;
        refused = count == 0 ? refused + 1 : 0;
        assertThat(written).as("bytes sent to a client that does not read").isLessThan(MOST_HELD);
        roundTrip();
      }

      long read = 0;
      for (int count = 0; count == 0; count = server.write(ByteBuffer.wrap(bytes))) {
        read += client.text(1 << 16).length(); // once it reads, the server can go on
        assertThat(read).isLessThan(written);
      }
    }
    assertNobodyElseNoticed();
  }

  /** Messages that can come from a server, of any body and often of a wrong length, and bytes. */
  private static String noise(Random random) {
    StringBuilder noise = new StringBuilder();
    for (int i = random.nextInt(12); i > 0; i--) {
      StringBuilder body = new StringBuilder();
      for (int j = random.nextInt(1 << random.nextInt(10)); j > 0; j--) {
        body.append(random.nextInt(3) == 0 ? '\0' : (char) random.nextInt(256));
      }
      String types = "RSKNAETtDCZ123IsnGHWdcVv?";
      byte[] frame = message((byte) types.charAt(random.nextInt(types.length())), body.toString());
      if (random.nextInt(6) == 0) {
        frame[1 + random.nextInt(4)] = (byte) random.nextInt(256);
      }
      noise.append(latin1(frame));
    }
    return noise.toString();
  }

  private void assertAnswer(String answer, String said) {
    Matcher matcher = ANSWER.matcher(answer);
    assertThat(matcher.matches()).isTrue();
    String passed = matcher.group(1);
    // The keys' notices are the proxy's own.
    String expected =
        said.replace(latin1(message(notice("SINFO", "VINFO", "CZL001", "Mkeys"))), "");
    assertThat(expected).startsWith(passed);
  }

  private void assertNobodyElseNoticed() throws Exception {
    roundTrip();
    await("the proxy has noticed the end of the others").until(() -> proxy.sessions() <= 1);
    roundTrip();
    assertThat(log.events()).noneMatch(event -> event.getThrowableProxy() != null);
    assertThat(log.errors()).isEmpty();
  }

  private void roundTrip() throws IOException {
    good.send(new Query("SELECT 1"));
    assertThat(goodServer.read()).hasToString("Q:SELECT 1|");
    goodServer.send(new ReadyForQuery('I'));
    assertThat(good.read()).hasToString("Z:I");
  }

  private Peer accept() throws IOException {
    Peer server = Peer.accept(listener.socket());
    server.readPacket();
    return server;
  }

  private static String latin1(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }
}
