package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.NegotiateProtocolVersion;
import dev.pglambda.protocol.BackendMessage.ParameterStatus;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.SaslResponse;
import dev.pglambda.protocol.FrontendMessage.Terminate;
import dev.pglambda.protocol.Message;
import dev.pglambda.protocol.RefusalReason;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.protocol.auth.ChannelBinding;
import dev.pglambda.protocol.auth.ScramClient;
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
      new CallbackServer(
          Worker.SECRET,
          new FakeFunction(),
          Worker.JOURNAL,
          session -> null,
          CallbackLimits.DEFAULTS);

  @Test
  void letsInWhoKnowsTheLinkPassword() {
    Worker worker = Worker.started(server);

    worker.authenticate(Worker.KEYS.linkPassword());

    List<BackendMessage> messages = worker.received();
    assertThat(messages)
        .extracting(Message::name)
        .containsExactly(
            "Authentication",
            "Authentication",
            "ParameterStatus",
            "ParameterStatus",
            "ParameterStatus",
            "ParameterStatus",
            "BackendKeyData",
            "ReadyForQuery");
    assertThat(messages.get(0))
        .isInstanceOfSatisfying(
            Authentication.class,
            last -> {
              assertThat(last.code()).isEqualTo(Authentication.SASL_FINAL);
              assertThat(last.text()).startsWith("v=");
            });
    assertThat(messages.get(1)).isEqualTo(Authentication.ok());
    assertThat(messages.subList(2, 6))
        .containsExactly(
            new ParameterStatus("server_version", "12.0 (pg-lambda-proxy)"),
            new ParameterStatus("server_encoding", "UTF8"),
            new ParameterStatus("client_encoding", "UTF8"),
            new ParameterStatus("standard_conforming_strings", "on"));
    assertThat(messages.get(7)).isEqualTo(new ReadyForQuery('I'));
    worker.close();
  }

  @Test
  void refusesAnotherPasswordAndSaysHowToRenewTheSecret() {
    Worker worker = Worker.started(server);

    worker.authenticate(Worker.SECRET.keys(Worker.SECRET.newInstallation()).linkPassword());

    List<BackendMessage> messages = worker.received();
    assertThat(messages).hasSize(1);
    assertThat(messages.get(0)).matches(Worker.isFatal("28P01"));
    assertThat(messages.get(0))
        .asString()
        .contains("M=password authentication failed for user \"pglambda\"")
        .contains("run CREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE through this proxy");
    assertThat(worker.channel.isOpen()).isFalse();
    assertThat(server.refusals().of(RefusalReason.NOT_ALLOWED)).isEqualTo(1);
    worker.close();
  }

  @Test
  void reportsTheEncodingAskedForInTheStartupMessage() {
    Worker worker = Worker.started(server, 0, with("client_encoding", "LATIN1"));

    worker.authenticate(Worker.KEYS.linkPassword());

    assertThat(worker.received()).contains(new ParameterStatus("client_encoding", "LATIN1"));
    assertThat(worker.hello().get(2)).startsWith("\\x");
    worker.close();
  }

  @Test
  void refusesAnEncodingThatIsNone() {
    Worker worker = Worker.started(server, 0, with("client_encoding", "'; drop"));

    assertThat(worker.received()).last().matches(Worker.isFatal("22023"));
    assertThat(worker.channel.isOpen()).isFalse();
    worker.close();
  }

  @Test
  void negotiatesTheVersionAndTheOptionsItDoesNotKnow() {
    Worker worker = Worker.started(server, 2, with("_pq_.one", "1", "_pq_.two", "2"));

    List<BackendMessage> messages = worker.received();
    assertThat(messages)
        .containsExactly(
            new NegotiateProtocolVersion(
                StartupPacket.PROTOCOL_3_0, List.of("_pq_.one", "_pq_.two")),
            Authentication.sasl("SCRAM-SHA-256"));
    worker.close();
  }

  @Test
  void endsALinkThatDoesNotAuthenticateInTime() {
    Worker worker = Worker.started(server);
    worker.received();

    worker.pass(Duration.ofMillis(9_999));
    assertThat(worker.received()).isEmpty();
    worker.pass(Duration.ofMillis(1));

    assertThat(worker.received()).singleElement().matches(Worker.isFatal("57014"));
    assertThat(worker.channel.isOpen()).isFalse();
    assertThat(server.refusals().of(RefusalReason.TOO_SLOW)).isEqualTo(1);
    worker.close();
  }

  @Test
  void givesALinkThatHasAuthenticatedMoreTime() {
    Worker worker = Worker.connected(server);

    worker.pass(CallbackLimits.DEFAULTS.idleAfter().minusMillis(1));

    assertThat(worker.hello().get(0)).isEqualTo("hello");
    worker.close();
    for (RefusalReason reason : RefusalReason.values()) {
      assertThat(server.refusals().of(reason)).as(reason.label()).isZero();
    }
  }

  @Test
  void readsMessagesThatComeByteByByte() throws Exception {
    Worker worker = Worker.started(server);
    worker.received();
    ScramClient client =
        new ScramClient(Worker.KEYS.linkPassword(), "y,,", "", "rOprNGfwEbeRWgbNEkqO");

    sendBytes(worker, Worker.initialResponse("SCRAM-SHA-256", client.first()));
    String serverFirst = ((Authentication) worker.received().get(0)).text();
    sendBytes(
        worker, Worker.message(new SaslResponse(ISO_8859_1.encode(client.last(serverFirst)))));
    assertThat(worker.received()).extracting(Message::name).endsWith("ReadyForQuery");
    sendBytes(worker, Worker.query("hello"));

    assertThat(worker.row().get(0)).isEqualTo("hello");
    worker.close();
  }

  @Test
  void readsARequestThatComesTogetherWithThePassword() throws Exception {
    Worker worker = Worker.started(server);
    worker.received();
    ScramClient client =
        new ScramClient(Worker.KEYS.linkPassword(), "n,,", "", "rOprNGfwEbeRWgbNEkqO");
    worker.send(Worker.initialResponse("SCRAM-SHA-256", client.first()));
    String serverFirst = ((Authentication) worker.received().get(0)).text();

    worker.send(
        Worker.concat(
            Worker.message(new SaslResponse(ISO_8859_1.encode(client.last(serverFirst)))),
            Worker.query("hello"),
            Worker.query("hello")));

    assertThat(worker.received())
        .extracting(Message::name)
        .containsExactly(
            "Authentication",
            "Authentication",
            "ParameterStatus",
            "ParameterStatus",
            "ParameterStatus",
            "ParameterStatus",
            "BackendKeyData",
            "ReadyForQuery",
            "RowDescription",
            "DataRow",
            "CommandComplete",
            "ReadyForQuery",
            "RowDescription",
            "DataRow",
            "CommandComplete",
            "ReadyForQuery");
    worker.close();
  }

  @ParameterizedTest
  @MethodSource("violations")
  void endsALinkThatBreaksTheProtocolBeforeItHasAuthenticated(byte[] bytes) {
    Worker worker = Worker.started(server);
    worker.received();

    worker.send(bytes);

    assertThat(worker.received()).singleElement().matches(Worker.isFatal("08P01"));
    assertThat(worker.channel.isOpen()).isFalse();
    worker.close();
  }

  static List<byte[]> violations() {
    byte[] headerOfTooLong =
        Arrays.copyOf(
            Worker.message(FrontendMessage.PASSWORD, new byte[4097]), Frame.HEADER_LENGTH);
    return List.of(
        Worker.query("hello"),
        new byte[] {FrontendMessage.PASSWORD, 0, 0, 0, 3},
        new byte[] {FrontendMessage.PASSWORD, -1, -1, -1, -1},
        headerOfTooLong,
        Worker.message(FrontendMessage.PASSWORD, new byte[0]),
        Worker.message(FrontendMessage.PASSWORD, "SCRAM-SHA-256\0".getBytes(ISO_8859_1)),
        Worker.message(
            FrontendMessage.PASSWORD, "SCRAM-SHA-256\0\0\0\0\5abcd".getBytes(ISO_8859_1)),
        Worker.message(
            FrontendMessage.PASSWORD, "SCRAM-SHA-256\0\377\377\377\377".getBytes(ISO_8859_1)),
        Worker.initialResponse("SCRAM-SHA-256-PLUS", "n,,n=,r=abc"),
        Worker.initialResponse("SCRAM-SHA-256", "nonsense"));
  }

  @Test
  void bindsALinkToItsCertificate() throws Exception {
    byte[] hash = new byte[32];
    for (byte[] bound : List.of(hash, new byte[] {1})) {
      Worker worker = Worker.started(server, ChannelBinding.to(hash));
      assertThat(worker.received())
          .containsExactly(Authentication.sasl("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"));
      ScramClient client =
          ScramClient.of(Worker.KEYS.linkPassword().getBytes(ISO_8859_1), bound, true);
      worker.send(Worker.initialResponse("SCRAM-SHA-256-PLUS", client.first()));
      String serverFirst = ((Authentication) worker.received().get(0)).text();

      worker.send(Worker.message(new SaslResponse(ISO_8859_1.encode(client.last(serverFirst)))));

      if (bound == hash) {
        assertThat(worker.received()).extracting(Message::name).endsWith("ReadyForQuery");
      } else {
        assertThat(worker.received()).singleElement().matches(Worker.isFatal("28000"));
      }
      worker.close();
    }
  }

  @Test
  void refusesAClientOfAPlainLinkThatHasTls() {
    Worker worker = Worker.started(server, ChannelBinding.UNENCRYPTED);
    assertThat(worker.received()).containsExactly(Authentication.sasl("SCRAM-SHA-256"));

    worker.send(Worker.initialResponse("SCRAM-SHA-256", "y,,n=,r=abc"));

    assertThat(worker.received()).singleElement().matches(Worker.isFatal("28000"));
    worker.close();
  }

  @Test
  void closesOnTerminate() {
    Worker worker = Worker.started(server);
    worker.received();

    worker.send(Worker.message(new Terminate()));

    assertThat(worker.received()).isEmpty();
    assertThat(worker.channel.isOpen()).isFalse();
    worker.close();
  }

  @Test
  void tellsAnInstallationOfAnEarlierVersionHowItIsBroughtUpToDate() {
    for (Map<String, String> startup :
        List.of(Map.of("user", "pglambda"), Map.of("user", "pglambda", "database", "pglambda"))) {
      Worker worker = Worker.started(server, 0, startup);

      List<BackendMessage> messages = worker.received();
      assertThat(messages).singleElement().matches(Worker.isFatal("0A000"));
      assertThat(messages.get(0))
          .asString()
          .contains("installed by an earlier version of pg-lambda-proxy")
          .contains("H=Run ALTER EXTENSION aws_lambda UPDATE through the proxy");
      assertThat(worker.channel.isOpen()).isFalse();
      worker.close();
    }
  }

  @Test
  void refusesAnInstallationThatAnotherSecretHasMadeBeforeItAsksForAPassword() {
    String another =
        CallbackSecret.of("another secret of 32 octets or so".getBytes(UTF_8)).newInstallation();
    Worker worker =
        Worker.started(server, 0, Map.of("user", "pglambda", "database", "pglambda_" + another));

    assertThat(worker.received()).singleElement().matches(Worker.isFatal("28P01"));
    assertThat(worker.channel.isOpen()).isFalse();
    worker.close();
  }

  /** The parameters of a link's StartupMessage and these. */
  private static Map<String, String> with(String... more) {
    Map<String, String> parameters = new HashMap<>();
    parameters.put("user", "pglambda");
    parameters.put("database", Worker.DATABASE);
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

  private static void sendBytes(Worker worker, byte[] bytes) {
    for (byte each : bytes) {
      worker.send(new byte[] {each});
    }
  }
}
