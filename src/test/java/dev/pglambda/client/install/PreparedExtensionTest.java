package dev.pglambda.client.install;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Statements on extensions that are prepared: a server that has the extensions' files, directly,
 * and one that has not, through the proxy, complete the same commands, whatever becomes of the
 * names.
 */
class PreparedExtensionTest {
  private static final String CREATE = "CREATE EXTENSION IF NOT EXISTS aws_commons";
  private static final String DROP = "DROP EXTENSION IF EXISTS aws_commons";
  private static final String OWN = "DO 'BEGIN END'";

  static List<String> versions() {
    return List.of("12", "18");
  }

  /** A conversation; what it reads is compared. */
  private interface Script {
    void say(WireClient client) throws IOException;
  }

  private static final List<Script> SCRIPTS =
      List.of(
          client -> client.parse("c", CREATE).bind("", "c", List.of()).execute("", 0).sync(),
          client -> client.parse("c", OWN).sync(), // there is one
          client -> client.bind("p", "c", List.of()).execute("p", 0).execute("p", 0).sync(),
          client -> client.closeStatement("c").parse("c", OWN).sync(),
          client -> client.parse("c", CREATE).bind("", "c", List.of()).execute("", 0).sync(),
          client -> client.bind("", "c", List.of()).execute("", 0).sync(),
          client -> client.query("DEALLOCATE c").parse("c", DROP).sync(),
          client -> client.bind("", "c", List.of()).execute("", 0).sync(),
          client -> client.query("DISCARD ALL").parse("c", OWN).sync(),
          client -> client.bind("", "c", List.of()).execute("", 0).sync(),
          client -> client.parse("", CREATE).sync().query("SELECT 1"),
          client -> client.bind("", "", List.of()).execute("", 0).sync(), // it is gone
          client -> client.parse("", CREATE).parse("", "wrong").sync(),
          client -> client.bind("", "", List.of()).execute("", 0).sync(), // gone, too
          client -> client.query("BEGIN").parse("d", DROP).bind("p", "d", List.of()).sync(),
          client -> client.query("ROLLBACK").query("BEGIN"),
          client -> client.parse("", OWN).bind("p", "", List.of()).execute("p", 0).sync(),
          client -> client.execute("p", 0).closePortal("p").execute("p", 0).sync(),
          client -> client.query("ROLLBACK").bind("", "d", List.of()).execute("", 0).sync(),
          client -> client.parse("n".repeat(63) + "1", CREATE).sync(),
          client -> client.bind("", "n".repeat(63) + "2", List.of()).execute("", 0).sync(),
          client -> client.query(DROP + ";" + OWN + ";" + CREATE));

  @ParameterizedTest(name = "PostgreSQL {0}")
  @MethodSource("versions")
  void completesTheSameCommandsAsAServerWithTheFiles(String version) throws Exception {
    PostgresServer withFiles = PostgresServer.of(version, true);
    PostgresServer without = PostgresServer.of(version);
    try (ProxyUnderTest proxy = ProxyUnderTest.start(without, "--sample-functions", "on");
        WireClient direct = connect(withFiles.port(), withFiles.createDatabase());
        WireClient proxied = connect(proxy.port(), without.createDatabase())) {
      List<String> all = new ArrayList<>();
      for (Script script : SCRIPTS) {
        List<String> expected = hold(direct, script);
        assertThat(hold(proxied, script)).as("script %d", all.size()).isEqualTo(expected);
        all.addAll(expected);
      }
      assertThat(all).contains("CREATE EXTENSION", "DROP EXTENSION", "DO", "26000", "42P05");
    }
  }

  private static WireClient connect(int port, String database) throws IOException {
    return WireClient.connect("127.0.0.1", port, "postgres", database, null);
  }

  /** Types of the replies; tags and SQLSTATEs. */
  private static List<String> hold(WireClient client, Script script) throws IOException {
    List<String> heard = new ArrayList<>();
    script.say(client);
    client.query(""); // answered in whatever transaction, behind all before it
    boolean end = false;
    while (!end) {
      BackendMessage message = client.read();
      if (message instanceof ErrorResponse error) {
        heard.add("" + error.sqlState());
      } else if (message instanceof CommandComplete complete) {
        heard.add(complete.tag());
      } else if (message instanceof ReadyForQuery ready) {
        heard.add("ready " + ready.status());
      } else if (message instanceof BackendMessage.EmptyQueryResponse) {
        end = true;
      } else {
        heard.add(message == null ? "closed" : message.name());
      }
    }
    client.readUntilReady();
    return heard;
  }
}
