package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.callback.Worker.Received;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class AuthenticationTest {
  private final CallbackServer server =
      new CallbackServer(Worker.SECRET, new FakeFunction(), session -> null);

  @Test
  void letsInWhoKnowsTheLinkPassword() {
    Worker worker = Worker.started(server);

    worker.authenticate(Worker.KEYS.linkPassword());

    List<Received> messages = worker.received();
    assertThat(messages)
        .extracting(Received::type)
        .containsExactly('R', 'R', 'S', 'S', 'S', 'S', 'K', 'Z');
    assertThat(messages.get(0).body()).startsWith("\0\0\0\14v=");
    assertThat(messages.get(1).body()).isEqualTo("\0\0\0\0");
    assertThat(messages.subList(2, 6))
        .extracting(Received::body)
        .containsExactly(
            "server_version\00012.0 (pg-lambda-proxy)\0",
            "server_encoding\0UTF8\0",
            "client_encoding\0UTF8\0",
            "standard_conforming_strings\0on\0");
    assertThat(messages.get(6).body()).hasSize(8);
    assertThat(messages.get(7).body()).isEqualTo("I");
    worker.close();
  }

  @Test
  void refusesAnotherPasswordAndSaysHowToRenewTheSecret() {
    Worker worker = Worker.started(server);

    worker.authenticate(Worker.SECRET.keys(Worker.SECRET.newInstallation()).linkPassword());

    List<Received> messages = worker.received();
    assertThat(messages).hasSize(1);
    assertThat(messages.get(0).isFatal("28P01")).isTrue();
    assertThat(messages.get(0).body())
        .contains("\0Mpassword authentication failed for user \"pglambda\"\0")
        .contains("run CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE through this proxy");
    assertThat(worker.channel.isOpen()).isFalse();
    worker.close();
  }

  @Test
  void reportsTheEncodingAskedForInTheStartupMessage() {
    Worker worker = Worker.started(server, 0, with("client_encoding", "LATIN1"));

    worker.authenticate(Worker.KEYS.linkPassword());

    assertThat(worker.received()).contains(new Received('S', "client_encoding\0LATIN1\0"));
    assertThat(worker.hello().get(2)).startsWith("\\x");
    worker.close();
  }

  @Test
  void refusesAnEncodingThatIsNone() {
    Worker worker = Worker.started(server, 0, with("client_encoding", "'; drop"));

    assertThat(worker.received()).last().matches(message -> message.isFatal("22023"));
    assertThat(worker.channel.isOpen()).isFalse();
    worker.close();
  }

  @Test
  void negotiatesTheVersionAndTheOptionsItDoesNotKnow() {
    Worker worker = Worker.started(server, 2, with("_pq_.one", "1", "_pq_.two", "2"));

    List<Received> messages = worker.received();
    assertThat(messages)
        .containsExactly(
            new Received('v', "\0\3\0\0\0\0\0\2_pq_.one\0_pq_.two\0"),
            new Received('R', "\0\0\0\nSCRAM-SHA-256\0\0"));
    worker.close();
  }

  @Test
  void endsALinkThatDoesNotAuthenticateInTime() {
    Worker worker = Worker.started(server);
    worker.received();

    worker.pass(Duration.ofMillis(9_999));
    assertThat(worker.received()).isEmpty();
    worker.pass(Duration.ofMillis(1));

    assertThat(worker.received()).singleElement().matches(message -> message.isFatal("57014"));
    assertThat(worker.channel.isOpen()).isFalse();
    worker.close();
  }

  @Test
  void givesALinkThatHasAuthenticatedMoreTime() {
    Worker worker = Worker.connected(server);

    worker.pass(CallbackLimits.DEFAULTS.idleAfter().minusMillis(1));

    assertThat(worker.hello().get(0)).isEqualTo("hello");
    worker.close();
  }

  @Test
  void readsMessagesThatComeOctetByOctet() {
    Worker worker = Worker.started(server);
    worker.received();
    ScramClient client = new ScramClient(Worker.KEYS.linkPassword(), "y,,");

    sendOctets(worker, Worker.initialResponse("SCRAM-SHA-256", client.first()));
    String serverFirst = worker.received().get(0).body().substring(4);
    sendOctets(worker, Worker.message('p', client.last(serverFirst).getBytes(ISO_8859_1)));
    assertThat(worker.received()).extracting(Received::type).endsWith('Z');
    sendOctets(worker, Worker.query("hello"));

    assertThat(worker.row().get(0)).isEqualTo("hello");
    worker.close();
  }

  @Test
  void readsARequestThatComesTogetherWithThePassword() {
    Worker worker = Worker.started(server);
    worker.received();
    ScramClient client = new ScramClient(Worker.KEYS.linkPassword(), "n,,");
    worker.send(Worker.initialResponse("SCRAM-SHA-256", client.first()));
    String serverFirst = worker.received().get(0).body().substring(4);

    worker.send(
        Worker.concat(
            Worker.message('p', client.last(serverFirst).getBytes(ISO_8859_1)),
            Worker.query("hello"),
            Worker.query("hello")));

    assertThat(worker.received())
        .extracting(Received::type)
        .containsExactly(
            'R', 'R', 'S', 'S', 'S', 'S', 'K', 'Z', 'T', 'D', 'C', 'Z', 'T', 'D', 'C', 'Z');
    worker.close();
  }

  @ParameterizedTest
  @MethodSource("violations")
  void endsALinkThatBreaksTheProtocolBeforeItHasAuthenticated(byte[] octets) {
    Worker worker = Worker.started(server);
    worker.received();

    worker.send(octets);

    assertThat(worker.received()).singleElement().matches(message -> message.isFatal("08P01"));
    assertThat(worker.channel.isOpen()).isFalse();
    worker.close();
  }

  static List<byte[]> violations() {
    byte[] headerOfTooLong = Arrays.copyOf(Worker.message('p', new byte[4097]), 5);
    return List.of(
        Worker.query("hello"),
        new byte[] {'p', 0, 0, 0, 3},
        new byte[] {'p', -1, -1, -1, -1},
        headerOfTooLong,
        Worker.message('p', new byte[0]),
        Worker.message('p', "SCRAM-SHA-256\0".getBytes(ISO_8859_1)),
        Worker.message('p', "SCRAM-SHA-256\0\0\0\0\5abcd".getBytes(ISO_8859_1)),
        Worker.message('p', "SCRAM-SHA-256\0\377\377\377\377".getBytes(ISO_8859_1)),
        Worker.initialResponse("SCRAM-SHA-256-PLUS", "n,,n=,r=abc"),
        Worker.initialResponse("SCRAM-SHA-256", "nonsense"));
  }

  @Test
  void closesOnTerminate() {
    Worker worker = Worker.started(server);
    worker.received();

    worker.send(Worker.message('X', new byte[0]));

    assertThat(worker.received()).isEmpty();
    assertThat(worker.channel.isOpen()).isFalse();
    worker.close();
  }

  @Test
  void tellsAnInstallationOfAnEarlierVersionHowItIsBroughtUpToDate() {
    for (Map<String, String> startup :
        List.of(Map.of("user", "pglambda"), Map.of("user", "pglambda", "database", "pglambda"))) {
      Worker worker = Worker.started(server, 0, startup);

      List<Received> messages = worker.received();
      assertThat(messages).singleElement().matches(message -> message.isFatal("0A000"));
      assertThat(messages.get(0).body())
          .contains("installed by an earlier version of pg-lambda-proxy")
          .contains("\0HRun ALTER EXTENSION aws_lambda UPDATE through the proxy");
      assertThat(worker.channel.isOpen()).isFalse();
      worker.close();
    }
  }

  @Test
  void refusesAnInstallationThatAnotherSecretHasMadeBeforeItAsksForAPassword() {
    String another = CallbackSecret.of("another secret of 32 octets or so").newInstallation();
    Worker worker =
        Worker.started(
            server, 0, Map.of("user", "pglambda", "database", CallbackServer.database(another)));

    assertThat(worker.received()).singleElement().matches(message -> message.isFatal("28P01"));
    assertThat(worker.channel.isOpen()).isFalse();
    worker.close();
  }

  /** The parameters of a link's StartupMessage and these. */
  private static Map<String, String> with(String... more) {
    Map<String, String> parameters = new HashMap<>();
    parameters.put("user", "pglambda");
    parameters.put("database", CallbackServer.database(Worker.INSTALLATION));
    for (int i = 0; i < more.length; i += 2) {
      parameters.put(more[i], more[i + 1]);
    }
    return parameters;
  }

  @ParameterizedTest
  @ValueSource(strings = {"pglambda", "", "pglambda_00000000000000000000000000000000"})
  void knowsAStartupMessageForItself(String database) {
    assertThat(
            CallbackServer.isCallback(
                database.isEmpty()
                    ? Map.of("user", "pglambda")
                    : Map.of("user", "pglambda", "database", database)))
        .isTrue();
    assertThat(CallbackServer.isCallback(Map.of("user", "app", "database", "pglambda"))).isFalse();
    assertThat(CallbackServer.isCallback(Map.of("user", "pglambda", "database", "app"))).isFalse();
    assertThat(CallbackServer.isCallback(Map.of("user", "pglambda", "database", "pglambda_app")))
        .isFalse();
    assertThat(CallbackServer.isCallback(Map.of())).isFalse();
  }

  private static void sendOctets(Worker worker, byte[] octets) {
    for (byte octet : octets) {
      worker.send(new byte[] {octet});
    }
  }
}
