package dev.pglambda.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.testing.ServerMessage.CommandComplete;
import dev.pglambda.testing.ServerMessage.DataRow;
import dev.pglambda.testing.ServerMessage.ErrorResponse;
import dev.pglambda.testing.ServerMessage.ReadyForQuery;
import java.io.EOFException;
import java.io.IOException;
import java.security.GeneralSecurityException;
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
                  assertThat(connection.readMessage()).isEqualTo("QSELECT '\u00c3\u00a9'\0");
                  connection.textColumn("a").row(Arrays.asList("\u00e9", null));
                  connection.parameter("TimeZone", "UTC").complete("SELECT 1").ready('T');
                });
        WireClient client = connect(server, null)) {
      List<ServerMessage> answer = client.query("SELECT '\u00e9'").readUntilReady();

      assertThat(answer)
          .extracting(ServerMessage::name)
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
                  assertThat(connection.readMessage()).isEqualTo("Ps\0SELECT $1\0\0\1\0\0\0\u0019");
                  assertThat(connection.readMessage())
                      .isEqualTo("Bp\0s\0\0\0\0\2\0\0\0\1x\u00ff\u00ff\u00ff\u00ff\0\1\0\1");
                  assertThat(connection.readMessage()).isEqualTo("DSs\0");
                  assertThat(connection.readMessage()).isEqualTo("DPp\0");
                  assertThat(connection.readMessage()).isEqualTo("Ep\0\0\0\0\7");
                  assertThat(connection.readMessage()).isEqualTo("CPp\0");
                  assertThat(connection.readMessage()).isEqualTo("CSs\0");
                  assertThat(connection.readMessage()).isEqualTo("H");
                  assertThat(connection.readMessage()).isEqualTo("S");
                  connection.ready('I');
                });
        WireClient client = connect(server, null)) {
      client.parse("s", "SELECT $1", 25).bind("p", "s", Arrays.asList("x", null), 1);
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
                  assertThat(new String(connection.readStartup(), ISO_8859_1))
                      .isEqualTo("\0\3\0\0user\0alice\0database\0shop\0\0");
                  connection.authentication(3, new byte[0]);
                  assertThat(connection.readMessage()).isEqualTo("psecret\0");
                  connection.authentication(5, "salt".getBytes(US_ASCII));
                  // md5(md5("secretalice") + "salt"), from PostgreSQL's own rule
                  assertThat(connection.readMessage())
                      .matches("pmd5[0-9a-f]{32}\0")
                      .isEqualTo("p" + MD5_OF_SECRET + "\0");
                  connection.authentication(0, new byte[0]).ready('I');
                });
        WireClient client = connect(server, "secret")) {
      assertThat(client.key().processId()).isZero();
    }
  }

  private static final String MD5_OF_SECRET = "md5986e2194384c07f4fd1df4b1351b3e68";

  @Test
  void provesThePasswordAsTheExampleOfRfc7677Does() throws Exception {
    ScramSha256Client scram = new ScramSha256Client("user", "pencil", "rOprNGfwEbeRWgbNEkqO");

    assertThat(scram.first()).isEqualTo("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    assertThat(
            scram.proof(
                "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                    + "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"))
        .isEqualTo(
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    scram.verify("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    assertThatThrownBy(() -> scram.verify("v=AAAA")).isInstanceOf(GeneralSecurityException.class);
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
        List<ServerMessage> answer = client.startUp(Map.of("user", "alice"), null);
        assertThat(answer).hasSize(1);
        assertThat(((ErrorResponse) answer.get(0)).isFatal()).isTrue();
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
                  connection.readMessage();
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
