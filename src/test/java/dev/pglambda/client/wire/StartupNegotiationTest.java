package dev.pglambda.client.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.BackendKeyData;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.protocol.StartupPacket.GssEncRequest;
import dev.pglambda.protocol.StartupPacket.SslRequest;
import dev.pglambda.testing.BothWays;
import dev.pglambda.testing.BothWays.Heard;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.WireClient;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Versions, options and keys of a session are settled with the server itself. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.BothWays#ofVersions")
@Timeout(120)
class StartupNegotiationTest {
  /** Bytes of a packet with which PostgreSQL still begins a session. */
  private static final int LONGEST_PACKET = 10_004;

  private final BothWays ways;

  StartupNegotiationTest(BothWays ways) {
    this.ways = ways;
  }

  private Map<String, String> parameters(String... more) {
    Map<String, String> parameters = new LinkedHashMap<>();
    parameters.put("user", ways.postgres().user());
    parameters.put("database", "postgres");
    for (int i = 0; i < more.length; i += 2) {
      parameters.put(more[i], more[i + 1]);
    }
    return parameters;
  }

  @ParameterizedTest
  @CsvSource({"0, ''", "1, ''", "2, ''", "9999, ''", "0, _pq_.x", "2, _pq_.x", "9999, _pq_.x"})
  void versionAndProtocolOptions(int minor, String option) throws Exception {
    Map<String, String> parameters =
        option.isEmpty() ? parameters() : parameters(option, "1", option + ".y", "2");

    Heard heard =
        ways.holdFromTheStart(
            talk -> {
              talk.client().startupMessage(3 << 16 | minor, parameters);
              talk.readUntilReady();
              talk.client().query("SELECT 1");
              talk.readUntilReady();
            });

    boolean knows32 = ways.majorVersion() >= 18;
    boolean refused = minor > 2 || (minor > 0 && !knows32) || !option.isEmpty();
    assertThat(heard.types()).matches((refused ? "v" : "") + "RS+K<I>TDC<I>");
    BackendKeyData key =
        heard.messages().stream()
            .filter(BackendKeyData.class::isInstance)
            .map(BackendKeyData.class::cast)
            .findFirst()
            .orElseThrow();
    assertThat(key.secretKey().remaining()).isEqualTo(knows32 && minor >= 2 ? 32 : 4);
  }

  /** In the server's form, with its versions, byte for byte. */
  @ParameterizedTest
  @CsvSource({"0, 0", "1, 0", "1, 9999", "4, 0", "4, 9999", "1234, 0", "1234, 5681", "65535, 1"})
  void aProtocolOfAnotherMajorVersionIsTheServersToRefuse(int major, int minor) throws Exception {
    String refusal = heardTheSame(Peer.packet(major << 16 | minor, "user\0postgres\0\0"));

    assertThat(refusal)
        // 14 and later have one form left for all of them.
        .matches("(?s)EFATAL:  unsupported .*|E.{4}SFATAL.*C0A000\0.*")
        .contains("unsupported frontend protocol %d.%d".formatted(major, minor));
  }

  /** Servers before 14 still speak it, but the proxy does not. */
  @Test
  void protocolTwoIsRefusedInAFormThatItsClientsKnow() throws Exception {
    // Int32 version, database of 64 bytes, user of 32, and three more fields.
    byte[] packet =
        Peer.packet(2 << 16, "postgres" + "\0".repeat(56) + "postgres" + "\0".repeat(216));

    String refusal =
        ways.majorVersion() < 14
            ? heard(ways.proxy().port(), packet).words()
            : heardTheSame(packet);

    assertThat(refusal)
        .contains("unsupported frontend protocol")
        .matches("(?s)EFATAL:  .*\n\0|E.{4}SFATAL.*");
  }

  @ParameterizedTest
  @ValueSource(ints = {StartupPacket.SSL_REQUEST, StartupPacket.GSSENC_REQUEST})
  void encryptionAskedForTwiceIsTheServersToRefuse(int request) throws Exception {
    byte[] packet = Peer.packet(request, "");
    List<String> heard = new ArrayList<>();
    for (int port : List.of(ways.postgres().port(), ways.proxy().port())) {
      try (Peer client = Peer.connect(port)) {
        assertThat(client.send(packet).text(1)).isEqualTo("N");
        heard.add(client.send(packet).rest());
      }
    }
    assertThat(heard.get(1)).isEqualTo(heard.get(0)).contains("unsupported frontend protocol 1234");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "X\0\0\0\4", // Terminate, as some drivers send at a quick disconnect
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "\0\0\0\0",
        "\0\0\0\4",
        "\0\0\0\7\0\3\0",
        "\u00ff\u00ff\u00ff\u00ff\0\3\0\0",
        "\0\0'\u0015\0\3\0\0", // 10005
        "\0\0\0\b\4\u00d2\u0016.", // cancel requests without a key
        "\0\0\0\f\4\u00d2\u0016.\0\0\0\1",
        "\0\0\0\u000e\4\u00d2\u0016.\0\0\0\1\0\0"
      })
  void aPacketOfAWrongLengthIsTheEndWithoutAWord(String packet) throws Exception {
    assertThat(heardTheSame(packet.getBytes(StandardCharsets.ISO_8859_1))).isEmpty();
  }

  @Test
  void aPacketThatEndsTooSoonIsTheEndWithoutAWord() throws Exception {
    for (int port : List.of(ways.postgres().port(), ways.proxy().port())) {
      try (Peer client = Peer.connect(port)) {
        client.send(new byte[] {0, 0, 0, 30, 0, 3, 0, 0, 'u'});
        client.socket().shutdownOutput();
        assertThat(client.atEnd()).isTrue();
      }
    }
  }

  private String heardTheSame(byte[] packet) throws IOException {
    Ending direct = heard(ways.postgres().port(), packet);
    assertThat(heard(ways.proxy().port(), packet)).isEqualTo(direct);
    return direct.words();
  }

  /**
   * What a peer says to a packet, and how it ends.
   *
   * @param words one {@code char} per byte
   * @param reset whether the connection was reset instead of closed in order
   */
  private record Ending(String words, boolean reset) {}

  private static Ending heard(int port, byte[] packet) throws IOException {
    try (Peer client = Peer.connect(port)) {
      client.send(packet);
      ByteArrayOutputStream words = new ByteArrayOutputStream();
      boolean reset = false;
      try {
        client.socket().getInputStream().transferTo(words);
      } catch (SocketException e) {
        reset = true;
      }
      return new Ending(words.toString(StandardCharsets.ISO_8859_1), reset);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-c search_path=a,b -c work_mem=1234kB",
        "--search-path=x --work-mem=1234",
        "-csearch_path=we\\ ird",
        "-c search_path='; SELECT 1",
        "-c nothing=1",
        "-x",
        "--a+b=c",
        "caf\u00e9"
      })
  void optionsAreTheServersToRead(String options) throws Exception {
    ways.holdFromTheStart(
        talk -> {
          talk.client().startupMessage(StartupPacket.PROTOCOL_3_0, parameters("options", options));
          if (talk.readToReadyOrError()) {
            talk.client().query("SHOW search_path").query("SHOW work_mem");
            talk.readUntilReady().readUntilReady();
          }
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nothing=1",
        "work_mem=wrong",
        "database=none",
        "user=nobody",
        "replication=maybe"
      })
  void refusalsAreTheServersOwn(String parameter) throws Exception {
    String[] pair = parameter.split("=", 2);

    Heard heard =
        ways.holdFromTheStart(
            talk -> {
              talk.client().startupMessage(StartupPacket.PROTOCOL_3_0, parameters(pair));
              talk.readToEnd();
            });

    assertThat(heard.types()).matches("R?E\\.");
  }

  /** The proxy's own parameter, too, must fit, or be left out. */
  @ParameterizedTest
  @ValueSource(ints = {5_000, 9_800, 9_850, 9_900, 9_950, 9_999, 10_000, 10_001, LONGEST_PACKET})
  void packetsPassUpToTheServersLimit(int bytes) throws Exception {
    int fixed = 8 + 5 + ways.postgres().user().length() + 1 + 9 + 9 + 17 + 1 + 1;
    Map<String, String> parameters = parameters("application_name", "n".repeat(bytes - fixed));

    Heard heard =
        ways.holdFromTheStart(
            talk -> {
              talk.client().startupMessage(StartupPacket.PROTOCOL_3_0, parameters);
              talk.readUntilReady();
              talk.client().query("SHOW application_name");
              talk.readUntilReady();
            });

    assertThat(heard.types()).endsWith("<I>TDC<I>");
  }

  @Test
  void aPacketBeyondTheServersLimitBeginsNoSession() throws Exception {
    byte[] packet = Peer.startup("user", "postgres", "application_name", "n".repeat(9_964));
    assertThat(packet).hasSize(LONGEST_PACKET + 1);
    try (Peer direct = Peer.connect(ways.postgres().port());
        Peer proxied = Peer.connect(ways.proxy().port())) {
      assertThat(direct.send(packet).rest()).isEmpty(); // it closes without a word
      assertThat(proxied.send(packet).rest()).isEmpty();
    }
  }

  /** Requests for encryption, in both orders, and what follows in the same segment. */
  @Test
  void encryptionIsRefusedAndTheSessionBeginsAllTheSame() throws Exception {
    for (boolean gssFirst : List.of(true, false)) {
      try (WireClient client = WireClient.open(ways.proxy().host(), ways.proxy().port())) {
        if (gssFirst) {
          client.send(new GssEncRequest()).send(new SslRequest());
        } else {
          client.send(new SslRequest()).send(new GssEncRequest());
        }
        client.startupMessage(StartupPacket.PROTOCOL_3_0, parameters());
        assertThat(client.readByte()).isEqualTo(BackendMessage.NO_ENCRYPTION);
        assertThat(client.readByte()).isEqualTo(BackendMessage.NO_ENCRYPTION);
        client.readUntilReady();
      }
    }
  }
}
