package dev.pglambda.relay;

import static dev.pglambda.testing.Awaiting.await;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.config.Password;
import dev.pglambda.intercept.Interceptor;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage.PasswordMessage;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.FrontendMessage.SaslInitialResponse;
import dev.pglambda.protocol.Message;
import dev.pglambda.protocol.auth.ChannelBinding;
import dev.pglambda.protocol.auth.ScramCredentials;
import dev.pglambda.protocol.auth.ScramServer;
import dev.pglambda.testing.Peer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The login for a user whom the proxy has authenticated, to a server that is on another machine and
 * has no TLS.
 */
class PasswordLoginTest {
  private static final RelaySettings SETTINGS =
      RelayStage.settings("server", 5432, MemoryBudget.unlimited());
  private static final byte[] STARTUP = Peer.startup("user", "app");
  private static final Authentication OK = Authentication.ok();
  private static final ReadyForQuery READY = new ReadyForQuery(ReadyForQuery.IDLE);
  private static final String BROKE = "|C08P01|Mserver at server:5432 broke the protocol: ";
  private static final String CANNOT = "|C28000|Mproxy cannot log in to the server: ";

  private final EmbeddedChannel client = new EmbeddedChannel();
  private final EmbeddedChannel server = new EmbeddedChannel();

  private void begin(@Nullable String password) {
    Session session =
        new Session(
            SETTINGS,
            "token",
            client,
            Interceptor.NONE,
            RelayStage.KEYS,
            LocalExecution.Provider.NONE,
            "",
            new VerifiedUser("app", password == null ? null : new Password(password)));
    client.pipeline().addLast(new ClientHandler(session));
    server.pipeline().addLast(new ServerHandler(session));
    session.connected(server, Unpooled.copiedBuffer(STARTUP));
    assertThat(toServer()).isEqualTo(new String(STARTUP, ISO_8859_1).replace('\0', '|'));
  }

  @AfterEach
  void close() {
    client.finishAndReleaseAll();
    server.finishAndReleaseAll();
  }

  private void serverSends(Message... messages) {
    server.writeInbound(Unpooled.copiedBuffer(Peer.message(messages)));
    client.runPendingTasks();
    server.runPendingTasks();
  }

  private void clientSends(Message... messages) {
    client.writeInbound(Unpooled.copiedBuffer(Peer.message(messages)));
  }

  private String toClient() {
    return sent(client);
  }

  private String toServer() {
    return sent(server);
  }

  private static String sent(EmbeddedChannel channel) {
    StringBuilder all = new StringBuilder();
    for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
      all.append(out.toString(ISO_8859_1));
      out.release();
    }
    return all.toString().replace('\0', '|');
  }

  private static String text(Message... messages) {
    return new String(Peer.message(messages), ISO_8859_1).replace('\0', '|');
  }

  @Test
  void aServerThatTrustsTheProxyIsAskedNothing() {
    begin(null);

    serverSends(OK, READY);

    assertThat(toServer()).isEmpty();
    assertThat(toClient()).isEqualTo(text(OK, READY));
  }

  /** The answer is that of PostgreSQL's own client, for this salt. */
  @Test
  void answersMd5() {
    begin("secret");

    serverSends(new Authentication(Authentication.MD5_PASSWORD, "salt"));

    assertThat(toServer())
        .isEqualTo(text(new PasswordMessage("md57f097e06031b34893c20e25a0e68242c")));
    assertThat(toClient()).isEmpty();
    serverSends(OK, READY);
    assertThat(toClient()).isEqualTo(text(OK, READY));
  }

  @Test
  void answersScram() throws Exception {
    begin("secret");
    ScramServer scram =
        new ScramServer(new ScramCredentials("secret", new byte[16]), "nonce", ChannelBinding.NONE);

    serverSends(Authentication.sasl(ScramServer.MECHANISM));
    String serverFirst = scram.first(ScramServer.MECHANISM, initial());
    serverSends(new Authentication(Authentication.SASL_CONTINUE, serverFirst));
    ByteBuf answer = awaitAnswer();
    String clientFinal = answer.toString(5, answer.readableBytes() - 5, ISO_8859_1);
    answer.release();
    String serverFinal = scram.last(clientFinal);
    serverSends(new Authentication(Authentication.SASL_FINAL, String.valueOf(serverFinal)));
    assertThat(toClient()).isEmpty();
    serverSends(OK, READY);

    assertThat(toServer()).isEmpty();
    assertThat(toClient()).isEqualTo(text(OK, READY));
  }

  private String initial() throws Exception {
    ByteBuf message = awaitAnswer();
    byte[] body = ByteBufUtil.getBytes(message, 5, message.readableBytes() - 5);
    message.release();
    SaslInitialResponse initial = SaslInitialResponse.read(body, ISO_8859_1);
    assertThat(initial.mechanism()).isEqualTo(ScramServer.MECHANISM);
    ByteBuffer data = initial.data();
    assertThat(data).isNotNull();
    return ISO_8859_1.decode(data).toString();
  }

  private ByteBuf awaitAnswer() {
    await("an answer")
        .until(
            () -> {
              client.runPendingTasks();
              return !server.outboundMessages().isEmpty();
            });
    return server.readOutbound();
  }

  @ParameterizedTest
  @CsvSource({
    "3, '', it asks for the password in clear (expected: --backend-sslmode verify-full)",
    "7, '', it asks for more than a password: authentication code 7",
    "10, 'SCRAM-SHA-1||', it offers no SCRAM-SHA-256",
    "10, 'SCRAM-SHA-256-PLUS||', it offers no SCRAM-SHA-256",
  })
  void saysWhyItCannotLogIn(int code, String data, String reason) {
    begin("secret");

    serverSends(new Authentication(code, data.replace('|', '\0')));

    assertThat(toServer()).isEmpty();
    assertThat(toClient()).contains(CANNOT + reason + "||");
    assertThat(client.isOpen()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5, 7, 10})
  void saysThatThereIsNoPassword(int code) {
    begin(null);

    serverSends(new Authentication(code, "salt"));

    assertThat(toServer()).isEmpty();
    assertThat(toClient())
        .contains(CANNOT + "it asks for a password, and there is none (expected: --iam-password)");
  }

  @Test
  void aServerAsksOnce() {
    begin("secret");

    serverSends(new Authentication(Authentication.MD5_PASSWORD, "salt"));
    toServer();
    serverSends(new Authentication(Authentication.MD5_PASSWORD, "talk"));

    assertThat(toServer()).isEmpty();
    assertThat(toClient()).contains(BROKE + "a second request for a password");
  }

  @Test
  void aSaltHasFourBytes() {
    begin("secret");

    serverSends(new Authentication(Authentication.MD5_PASSWORD, "salty"));

    assertThat(toServer()).isEmpty();
    assertThat(toClient()).contains(BROKE + "invalid salt of an MD5 login");
  }

  @Test
  void whatTheClientSendsWaitsUntilTheServerHasAccepted() {
    PasswordMessage guess = new PasswordMessage("guess");
    Query query = new Query("SELECT 1");
    begin("secret");

    clientSends(guess);
    serverSends(new Authentication(Authentication.MD5_PASSWORD, "salt"));
    assertThat(toServer()).startsWith("p").doesNotContain("guess");
    clientSends(query);
    assertThat(toServer()).isEmpty();
    serverSends(OK);

    assertThat(toServer()).isEqualTo(text(guess, query));
    assertThat(toClient()).isEqualTo(text(OK));
  }

  @Test
  void aClientThatSendsMuchIsNotReadUntilThen() {
    Query query = new Query("x".repeat(60_000));
    begin(null);

    clientSends(query, query);
    assertThat(client.config().isAutoRead()).isFalse();
    serverSends(OK);

    assertThat(client.config().isAutoRead()).isTrue();
    assertThat(toServer()).isEqualTo(text(query, query));
  }

  @Test
  void theServersRefusalIsTold() {
    begin("secret");
    serverSends(new Authentication(Authentication.MD5_PASSWORD, "salt"));

    serverSends(Peer.error("SFATAL", "C28P01", "Mpassword authentication failed for user \"app\""));

    assertThat(toClient()).contains("C28P01|Mpassword authentication failed for user \"app\"");
  }
}
