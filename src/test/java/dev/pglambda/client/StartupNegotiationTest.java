package dev.pglambda.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.client.BothWays.Heard;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.ServerMessage.BackendKeyData;
import dev.pglambda.testing.ServerMessage.ErrorResponse;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Versions, options and keys of a session are settled with the server itself. */
@ParameterizedClass
@MethodSource("dev.pglambda.client.BothWays#ofVersions")
@Timeout(120)
class StartupNegotiationTest {
  /** Octets of a packet with which PostgreSQL still begins a session. */
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

  @Test
  void aProtocolThatIsNewerIsRefused() throws Exception {
    try (WireClient direct = WireClient.open(ways.postgres().host(), ways.postgres().port());
        WireClient proxied = WireClient.open(ways.proxy().host(), ways.proxy().port())) {
      ErrorResponse expected = refusal(direct, 4 << 16);
      ErrorResponse actual = refusal(proxied, 4 << 16);
      assertThat(actual.sqlState()).isEqualTo(expected.sqlState()).isEqualTo("0A000");
      assertThat(actual.isFatal()).isTrue();
      assertThat(proxied.readEnd()).isTrue();
    }
  }

  private ErrorResponse refusal(WireClient client, int version) throws IOException {
    return (ErrorResponse)
        Objects.requireNonNull(client.startupMessage(version, parameters()).read());
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
          talk.client().startupMessage(WireClient.PROTOCOL_3_0, parameters("options", options));
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
              talk.client().startupMessage(WireClient.PROTOCOL_3_0, parameters(pair));
              talk.readToEnd();
            });

    assertThat(heard.types()).matches("R?E\\.");
  }

  /** The proxy's own parameter, too, must fit, or be left out. */
  @ParameterizedTest
  @ValueSource(ints = {5_000, 9_800, 9_850, 9_900, 9_950, 9_999, 10_000, 10_001, LONGEST_PACKET})
  void packetsPassUpToTheServersLimit(int octets) throws Exception {
    int fixed = 8 + 5 + ways.postgres().user().length() + 1 + 9 + 9 + 17 + 1 + 1;
    Map<String, String> parameters = parameters("application_name", "n".repeat(octets - fixed));

    Heard heard =
        ways.holdFromTheStart(
            talk -> {
              talk.client().startupMessage(WireClient.PROTOCOL_3_0, parameters);
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
      assertThat(proxied.send(packet).rest()).contains("FATAL", "08P01");
    }
  }

  /** Requests for encryption, in both orders, and what follows in the same segment. */
  @Test
  void encryptionIsRefusedAndTheSessionBeginsAllTheSame() throws Exception {
    for (boolean gssFirst : List.of(true, false)) {
      try (WireClient client = WireClient.open(ways.proxy().host(), ways.proxy().port())) {
        if (gssFirst) {
          client.gssEncryptionRequest().sslRequest();
        } else {
          client.sslRequest().gssEncryptionRequest();
        }
        client.startupMessage(WireClient.PROTOCOL_3_0, parameters());
        assertThat(client.readByte()).isEqualTo('N');
        assertThat(client.readByte()).isEqualTo('N');
        client.readUntilReady();
      }
    }
  }
}
