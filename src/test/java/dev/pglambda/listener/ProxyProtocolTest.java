package dev.pglambda.listener;

import static dev.pglambda.testing.Awaiting.await;
import static dev.pglambda.testing.Peer.packet;
import static dev.pglambda.testing.Peer.startup;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.config.Balancers;
import dev.pglambda.config.ClientLimits;
import dev.pglambda.config.ConfigLoader;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.relay.RelayStage;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.ProxyHeader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients of a load balancer, which tells their addresses. */
class ProxyProtocolTest extends RelayStage {
  private static final byte[] ANN = startup("user", "ann");

  ProxyProtocolTest() {
    balancers = of("127.0.0.1");
    limits = new ClientLimits(100, 1, 100, 100, 100);
  }

  private static Balancers of(String networks) {
    String[] arguments = {"--proxy-protocol-from", networks};
    return ((ConfigLoader.Run) ConfigLoader.load(arguments, Map.of())).config().balancers();
  }

  private static String tooMany(String address) {
    return "SFATAL\0VFATAL\0C53300\0Mtoo many connections for address \"%s\"\0\0"
        .formatted(address);
  }

  @ParameterizedTest
  @CsvSource({"192.0.2.7, 192.0.2.8", "2001:db8::7, 2001:db8::8"})
  void theirAddressesCount(String address, String other) throws Exception {
    ready(client(concat(ProxyHeader.of(address), ANN)));

    Peer second = client(concat(ProxyHeader.of(address), ANN));

    assertThat(second.read().body()).isEqualTo(tooMany(address.replace("::", ":0:0:0:0:0:")));
    ready(client(concat(ProxyHeader.of(other), ANN)));
  }

  @Test
  void theLogNamesThem() throws Exception {
    client(concat(ProxyHeader.of("192.0.2.9"), ANN));

    String token = backend().readPacket().replaceFirst(".*for ([0-9a-f]+) from.*", "$1");

    assertThat(sessions.clientAddress(token)).hasToString("/192.0.2.9:40000");
  }

  @Test
  void theHeaderIsReadHoweverItIsCut() throws Exception {
    byte[] header = ProxyHeader.of("192.0.2.7");
    byte[] all = concat(header, ANN);
    for (int cut = 1; cut <= header.length + 1; cut++) {
      Peer client = client(Arrays.copyOf(all, cut));
      settle();
      client.send(Arrays.copyOfRange(all, cut, all.length));
      Peer backend = ready(client);
      assertThat(client(concat(header, ANN)).read().body()).isEqualTo(tooMany("192.0.2.7"));
      client.close();
      assertThat(backend.atEnd()).isTrue();
      await("no session is left").until(() -> sessions.size() == 0);
    }
  }

  @Test
  void whatFollowsAtOncePassesInOrder() throws Exception {
    Peer client = client(new byte[0]);
    client.trickle(concat(ProxyHeader.of("192.0.2.7"), ANN, Peer.message(new Query("SELECT 1"))));

    assertThat(ready(client).read()).hasToString("Q:SELECT 1|");
  }

  /** Fields behind the addresses do not matter, up to a size. */
  @ParameterizedTest
  @CsvSource({"0, true", "100, true", "4000, true", "5000, false", "65000, false"})
  void furtherFieldsAreSkipped(int length, boolean taken) throws Exception {
    Peer with = client(concat(ProxyHeader.withField("192.0.2.7", length), ANN));

    if (taken) {
      ready(with);
      assertThat(client(concat(ProxyHeader.of("192.0.2.7"), ANN)).read().body())
          .isEqualTo(tooMany("192.0.2.7"));
    } else {
      assertThat(with.atEnd()).isTrue();
    }
  }

  /** Health checks (LOCAL), and clients of whom the balancer knows no IP address. */
  @ParameterizedTest
  @ValueSource(ints = {0x2000, 0x2011, 0x2100, 0x2131})
  void theBalancersOwnAddressCountsWhereNoneIsTold(int commandAndFamily) throws Exception {
    ready(client(concat(ProxyHeader.raw(commandAndFamily, new byte[216]), ANN)));

    Peer second = client(concat(ProxyHeader.raw(commandAndFamily, new byte[216]), ANN));

    assertThat(second.read().body()).isEqualTo(tooMany("127.0.0.1"));
  }

  /** Other versions and commands, UDP, and addresses that are not there. */
  @ParameterizedTest
  @ValueSource(
      ints = {0x0111, 0x1111, 0x3111, 0xff11, 0x2211, 0x2f11, 0x2112, 0x2122, 0x2141, 0x2113})
  void anyOtherHeaderEndsTheConnection(int commandAndFamily) throws Exception {
    Peer client = client(concat(ProxyHeader.raw(commandAndFamily, new byte[36]), ANN));

    assertThat(client.atEnd()).isTrue();
    assertThat(sessions.size()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 11})
  void aHeaderThatIsTooShortForItsAddressesEndsTheConnection(int length) throws Exception {
    assertThat(client(concat(ProxyHeader.raw(0x2111, new byte[length]), ANN)).atEnd()).isTrue();
  }

  @Test
  void version1IsNoHeader() throws Exception {
    byte[] text = "PROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\n".getBytes(StandardCharsets.US_ASCII);

    assertThat(client(concat(text, ANN)).atEnd()).isTrue();
  }

  @Test
  void aSecondHeaderIsTheClientsAndRefused() throws Exception {
    byte[] forged = ProxyHeader.of("192.0.2.99");

    assertThat(client(concat(ProxyHeader.of("192.0.2.7"), forged, ANN)).atEnd()).isTrue();
  }

  @Test
  void noSessionBeginsWithoutAHeader() throws Exception {
    Peer client = client(ANN);

    assertThat(client.read().body())
        .startsWith(
            "SFATAL\0VFATAL\0C08P01\0Msession from a load balancer without a header of the PROXY"
                + " protocol, version 2\0H");
    assertThat(client.atEnd()).isTrue();
  }

  /**
   * They prove who they are, whatever their address; and the server may be where the balancer is.
   */
  @Test
  void callsOfTheServerAndCancelRequestsNeedNone() throws Exception {
    Peer call = client(packet(StartupPacket.SSL_REQUEST, ""));
    assertThat(call.text(1)).isEqualTo("N");
    call.send(startup("user", "pglambda", "database", "pglambda"));
    call.send(FrontendMessage.PASSWORD, "hello\0");
    assertThat(call.read()).hasToString("p:hello|");

    client(packet(StartupPacket.CANCEL_REQUEST, "\0\0\0\7abcd"));
    assertThat(backend().readPacket()).startsWith(StartupPacket.CANCEL_REQUEST + ":");
    client(concat(ProxyHeader.of("192.0.2.7"), packet(StartupPacket.CANCEL_REQUEST, "\0\0\0\7ab")));
  }

  @Test
  void othersCannotTellAnAddress() throws Exception {
    balancers = of("127.0.0.2");

    assertThat(client(concat(ProxyHeader.of("192.0.2.7"), ANN)).atEnd()).isTrue();
    ready(client(ANN));
    assertThat(client(ANN).read().body()).isEqualTo(tooMany("127.0.0.1"));
  }

  @Test
  void aHeaderHasNoMoreTimeThanAnythingElse() throws Exception {
    startupTimeout = Duration.ofMillis(300);
    byte[] header = ProxyHeader.of("192.0.2.7");

    assertThat(client(Arrays.copyOf(header, 5)).atEnd()).isTrue();
    assertThat(client(Arrays.copyOf(header, 20)).atEnd()).isTrue();
    assertThat(client(header).atEnd()).isTrue();
  }
}
