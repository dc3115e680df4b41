package dev.pglambda.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.BackendMessage.ParameterStatus;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.protocol.FrontendMessage.Close;
import dev.pglambda.protocol.FrontendMessage.Describe;
import dev.pglambda.protocol.FrontendMessage.Execute;
import dev.pglambda.protocol.FrontendMessage.Flush;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.FrontendMessage.SaslResponse;
import dev.pglambda.protocol.FrontendMessage.Sync;
import dev.pglambda.protocol.StartupPacket.StartupMessage;
import dev.pglambda.protocol.TypeOid;
import dev.pglambda.protocol.auth.ScramClient;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class WireClientTest {

  @Test
  void readsTheAnswerOfASimpleQuery() throws Exception {
    try (ScriptedServer server =
            ScriptedServer.start(
                connection -> {
                  connection.acceptSession();
                  assertThat(connection.read()).isEqualTo(new Query("SELECT '\u00e9'"));
                  connection.textColumn("a").row(Arrays.asList("\u00e9", null));
                  connection.send(new ParameterStatus("TimeZone", "UTC"));
                  connection.complete("SELECT 1").ready('T');
                });
        WireClient client = connect(server, null)) {
      List<BackendMessage> answer = client.query("SELECT '\u00e9'").readUntilReady();

      assertThat(answer)
          .extracting(BackendMessage::name)
          .containsExactly(
              "RowDescription", "DataRow", "ParameterStatus", "CommandComplete", "ReadyForQuery");
      assertThat(((DataRow) answer.get(1)).texts()).containsExactly("\u00e9", null);
      assertThat(answer.get(3)).isEqualTo(new CommandComplete("SELECT 1"));
      assertThat(answer.get(4)).isEqualTo(new ReadyForQuery('T'));
      assertThat(client.parameter("TimeZone")).isEqualTo("UTC");
      assertThat(client.readEnd()).isTrue();
    }
  }

  @Test
  void sendsTheMessagesOfTheExtendedProtocolInOneWrite() throws Exception {
    try (ScriptedServer server =
            ScriptedServer.start(
                connection -> {
                  connection.acceptSession();
                  assertThat(connection.read())
                      .isEqualTo(new Parse("s", "SELECT $1", List.of(TypeOid.TEXT)));
                  assertThat(connection.read())
                      .isEqualTo(
                          new Bind(
                              "p",
                              "s",
                              List.of(),
                              DataRow.of(Arrays.asList("x", null)).values(),
                              List.of(FrontendMessage.BINARY_FORMAT)));
                  assertThat(connection.read()).isEqualTo(Describe.statement("s"));
                  assertThat(connection.read()).isEqualTo(Describe.portal("p"));
                  assertThat(connection.read()).isEqualTo(new Execute("p", 7));
                  assertThat(connection.read()).isEqualTo(Close.portal("p"));
                  assertThat(connection.read()).isEqualTo(Close.statement("s"));
                  assertThat(connection.read()).isEqualTo(new Flush());
                  assertThat(connection.read()).isEqualTo(new Sync());
                  connection.ready('I');
                });
        WireClient client = connect(server, null)) {
      client
          .parse("s", "SELECT $1", TypeOid.TEXT)
          .bind("p", "s", Arrays.asList("x", null), FrontendMessage.BINARY_FORMAT);
      client.describeStatement("s").describePortal("p").execute("p", 7);
      client.closePortal("p").closeStatement("s").flush().sync();

      assertThat(client.readUntilReady()).containsExactly(new ReadyForQuery('I'));
    }
  }

  @Test
  void answersWithAPasswordAsAsked() throws Exception {
    try (ScriptedServer server =
            ScriptedServer.start(
                connection -> {
                  assertThat(connection.readStartup())
                      .isEqualTo(new StartupMessage(Map.of("user", "alice", "database", "shop")));
                  connection.send(new Authentication(Authentication.CLEARTEXT_PASSWORD, ""));
                  assertThat(connection.read()).isEqualTo(password("secret"));
                  connection.send(new Authentication(Authentication.MD5_PASSWORD, "salt"));
                  // md5(md5("secretalice") + "salt"), from PostgreSQL's own rule
                  assertThat(connection.read()).isEqualTo(password(MD5_OF_SECRET));
                  connection.send(Authentication.ok()).ready('I');
                });
        WireClient client = connect(server, "secret")) {
      assertThat(client.key().processId()).isZero();
    }
  }

  /** A PasswordMessage as it is read. */
  private static SaslResponse password(String password) {
    return new SaslResponse(UTF_8.encode(password + "\0"));
  }

  private static final String MD5_OF_SECRET = "md5986e2194384c07f4fd1df4b1351b3e68";

  @Test
  void provesThePasswordAsTheExampleOfRfc7677Does() throws Exception {
    ScramClient scram = new ScramClient("pencil", "n,,", "user", "rOprNGfwEbeRWgbNEkqO");

    assertThat(scram.first()).isEqualTo("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    assertThat(
            scram.last(
                "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                    + "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"))
        .isEqualTo(
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    scram.verify("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    assertThatThrownBy(() -> scram.verify("v=AAAA")).isInstanceOf(IOException.class);
  }

  @Test
  void saysThatTheServerRefusedTheSession() throws Exception {
    try (ScriptedServer server =
        ScriptedServer.start(
            connection -> {
              connection.readStartup();
              connection.error("FATAL", "3D000", "no such database");
            })) {
      assertThatThrownBy(() -> connect(server, null))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("no such database");

      try (WireClient client = WireClient.open(server.host(), server.port())) {
        List<BackendMessage> answer = client.startUp(Map.of("user", "alice"), null);
        assertThat(answer).hasSize(1);
        assertThat(((ErrorResponse) answer.get(0)).fields().isFatal()).isTrue();
        assertThat(client.readEnd()).isTrue();
      }
    }
  }

  @Test
  void failsIfTheConnectionEndsWithinAnAnswer() throws Exception {
    try (ScriptedServer server =
            ScriptedServer.start(
                connection -> {
                  connection.acceptSession();
                  connection.read();
                  connection.complete("SELECT 1");
                });
        WireClient client = connect(server, null)) {
      client.query("SELECT 1");

      assertThatThrownBy(client::readUntilReady)
          .isInstanceOf(EOFException.class)
          .hasMessageContaining("SELECT 1");
    }
  }

  private static WireClient connect(ScriptedServer server, @Nullable String password)
      throws IOException {
    return WireClient.connect(server.host(), server.port(), "alice", "shop", password);
  }
}
