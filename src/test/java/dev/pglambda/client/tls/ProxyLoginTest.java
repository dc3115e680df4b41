package dev.pglambda.client.tls;

import static dev.pglambda.testing.TestCertificates.shown;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.PasswordMessage;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.FrontendMessage.SaslInitialResponse;
import dev.pglambda.protocol.FrontendMessage.SaslResponse;
import dev.pglambda.protocol.Message;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.auth.ChannelBinding;
import dev.pglambda.protocol.auth.ChannelBindingException;
import dev.pglambda.protocol.auth.ScramCredentials;
import dev.pglambda.protocol.auth.ScramServer;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.ScriptedServer;
import dev.pglambda.testing.TlsPeer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The proxy's own login, before servers and clients that do not keep to it. */
@Timeout(60)
class ProxyLoginTest {
  private static final String PASSWORD = "open sesame";
  private static final Authentication OFFER = Authentication.sasl(ScramServer.MECHANISM);
  private static final Authentication ASKED =
      new Authentication(Authentication.CLEARTEXT_PASSWORD, "");

  /** What a server says when the client has begun, with a good password. */
  private interface Rest {
    void say(ScriptedServer.Connection client, ScramServer scram) throws IOException;
  }

  /** What the proxy's client gets in answer to these messages. */
  private static String answer(Rest rest, Message... messages) throws Exception {
    ScramCredentials credentials = new ScramCredentials(PASSWORD, new byte[16]);
    try (ScriptedServer server =
            ScriptedServer.start(
                connection -> {
                  connection.readStartup();
                  connection.send(OFFER);
                  rest.say(connection, new ScramServer(credentials, "nonce", ChannelBinding.NONE));
                  while (connection.read() != null) {
                    // until the proxy closes
                  }
                });
        ProxyUnderTest proxy =
            ProxyUnderTest.startBefore(
                server.host() + ":" + server.port(),
                shown("server", "--login", "ask", "--backend-sslmode", "disable"));
        Peer client = TlsPeer.of(proxy.port()).connect()) {
      client.send(Peer.startup("user", "ann", "database", "app"));
      assertThat(client.readBackend()).isEqualTo(ASKED);
      client.send(messages);
      return told(client.readBackend());
    }
  }

  private static String told(BackendMessage message) {
    return message instanceof ErrorResponse error
        ? error.fields().get(ErrorFields.SQLSTATE) + " " + error.fields().get(ErrorFields.MESSAGE)
        : message.equals(Authentication.ok()) ? "accepted" : message.toString();
  }

  private static String first(ScriptedServer.Connection client, ScramServer scram)
      throws IOException {
    FrontendMessage message = client.read();
    assertThat(message).isInstanceOf(SaslResponse.class); // as every message with this letter
    byte[] body = bytes(((SaslResponse) message).data());
    try {
      SaslInitialResponse initial = SaslInitialResponse.read(body, US_ASCII);
      String clientFirst = new String(bytes(Objects.requireNonNull(initial.data())), US_ASCII);
      return scram.first(initial.mechanism(), clientFirst);
    } catch (ProtocolViolation | ChannelBindingException e) {
      throw new IOException(e);
    }
  }

  private static String last(ScriptedServer.Connection client, ScramServer scram)
      throws IOException {
    FrontendMessage message = client.read();
    assertThat(message).isInstanceOf(SaslResponse.class);
    try {
      return String.valueOf(
          scram.last(new String(bytes(((SaslResponse) message).data()), US_ASCII)));
    } catch (ProtocolViolation | ChannelBindingException e) {
      throw new IOException(e);
    }
  }

  private static byte[] bytes(ByteBuffer data) {
    byte[] bytes = new byte[data.remaining()];
    data.duplicate().get(bytes);
    return bytes;
  }

  private static void proceed(ScriptedServer.Connection client, String serverFirst)
      throws IOException {
    client.send(new Authentication(Authentication.SASL_CONTINUE, serverFirst));
  }

  private static void end(ScriptedServer.Connection client, String serverFinal) throws IOException {
    client.send(new Authentication(Authentication.SASL_FINAL, serverFinal));
  }

  private static ScriptedServer.Connection logIn(
      ScriptedServer.Connection client, ScramServer scram) throws IOException {
    proceed(client, first(client, scram));
    end(client, last(client, scram));
    return client.send(Authentication.ok());
  }

  @Test
  void succeedsWithAServerThatKnowsThePassword() throws Exception {
    assertThat(
            answer(
                (client, scram) -> logIn(client, scram).ready(ReadyForQuery.IDLE),
                new PasswordMessage(PASSWORD)))
        .isEqualTo("accepted");
  }

  @Test
  void aServerHasToProveThatItKnowsThePassword() throws Exception {
    String error = "08P01 server at 127.0.0.1:\\d+ broke the protocol: ";
    assertThat(
            answer(
                (client, scram) -> {
                  proceed(client, first(client, scram));
                  last(client, scram);
                  client.send(Authentication.ok()).ready(ReadyForQuery.IDLE);
                },
                new PasswordMessage(PASSWORD)))
        .matches(error + "unexpected message in a SCRAM login: authentication code 0");
    assertThat(
            answer(
                (client, scram) -> {
                  proceed(client, first(client, scram));
                  last(client, scram);
                  end(client, "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
                },
                new PasswordMessage(PASSWORD)))
        .matches(error + "the server does not know the password");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "r=of another,s=AAAA,i=4096",
        "r=NONCE,s=AAAA,i=0",
        "r=NONCE,s=AAAA,i=100000000",
        "r=NONCE,s=*,i=4096",
        "m=x,r=NONCE,s=AAAA,i=4096",
        "",
      })
  void aServerThatDoesNotSpeakScramIsLeft(String serverFirst) throws Exception {
    assertThat(
            answer(
                (client, scram) -> {
                  String nonce = first(client, scram).replaceFirst("^r=([^,]*).*", "$1");
                  proceed(client, serverFirst.replace("NONCE", nonce));
                },
                new PasswordMessage(PASSWORD)))
        .matches("08P01 server at 127.0.0.1:\\d+ broke the protocol: .*SCRAM.*");
  }

  @Test
  void noMessageOfAServerIsTakenOutOfTurn() throws Exception {
    String error = "08P01 server at 127.0.0.1:\\d+ broke the protocol: ";
    assertThat(
            answer(
                (client, scram) -> {
                  String next = first(client, scram);
                  proceed(client, next);
                  proceed(client, next);
                },
                new PasswordMessage(PASSWORD)))
        .matches(error + "unexpected message in a SCRAM login: authentication code 11");
    assertThat(answer((client, scram) -> client.send(ASKED), new Message[0]))
        .matches(error + "authentication code 3 before an answer");
  }

  @Test
  void whatComesWithThePasswordWaitsUntilTheProxyHasLoggedIn() throws Exception {
    assertThat(
            answer(
                (client, scram) -> {
                  logIn(client, scram);
                  assertThat(client.read()).isEqualTo(new Query("SELECT 1"));
                  client.complete("SELECT 1").ready(ReadyForQuery.IDLE);
                },
                new PasswordMessage(PASSWORD),
                new Query("SELECT 1")))
        .isEqualTo("accepted");
  }

  @Test
  void aSecondAnswerIsForTheServerToRefuse() throws Exception {
    assertThat(
            answer(
                (client, scram) -> {
                  logIn(client, scram);
                  assertThat(client.read()).isInstanceOf(SaslResponse.class);
                },
                new PasswordMessage(PASSWORD),
                new PasswordMessage("a second answer")))
        .isEqualTo("accepted");
  }

  @Test
  void aClientAnswersWithAPassword() throws Exception {
    assertThat(
            answer(
                (client, scram) -> {},
                new SaslResponse(ByteBuffer.wrap("ab\0c\0".getBytes(US_ASCII)))))
        .isEqualTo("08P01 invalid password packet size");
    assertThat(
            answer(
                (client, scram) -> {}, new SaslResponse(ByteBuffer.wrap("abc".getBytes(US_ASCII)))))
        .isEqualTo("08P01 invalid password packet size");
    assertThat(answer((client, scram) -> {}, new PasswordMessage("")))
        .isEqualTo("28P01 empty password returned by client");
  }
}
