package dev.pglambda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Flush;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.FrontendMessage.Sync;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyProcess;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The jar in little memory, with sessions that have it hold as much as they can: the process lives,
 * they get SQLSTATE 53200, and others are served.
 */
@Timeout(120)
class HostileSessionsIT {
  private static final int PORTALS = 60;
  private static final int PORTAL_BYTES = 5_000_000;
  private static final int CALLS = 40;
  private static final int CALL_BYTES = 15_000_000;

  @TempDir private Path directory;

  private ProxyProcess proxy(PostgresServer postgres, int megabytes)
      throws IOException, InterruptedException {
    return ProxyProcess.with("--listen", "127.0.0.1:0", "--data-dir", directory.toString())
        .arguments("--backend", postgres.host() + ":" + postgres.port())
        .arguments("--sample-functions", "on")
        .jvm("-Xmx" + megabytes + "m", "-XX:+ExitOnOutOfMemoryError")
        .startAndAwait();
  }

  private static PostgresServer postgres() {
    List<String> versions = PostgresServer.versions();
    return PostgresServer.of(versions.get(versions.size() - 1));
  }

  @Test
  void portalsOfDirectCallsTakeNoMoreThanASessionMayHold() throws Exception {
    PostgresServer postgres = postgres();
    String database = postgres.createDatabase();
    try (ProxyProcess proxy = proxy(postgres, 128);
        Connection other = proxy.connect();
        Peer client = Peer.connect(proxy.port())) {
      client.socket().setSoTimeout(60_000);
      client.send(Peer.startup("user", "postgres", "database", database));
      readThrough(client, BackendMessage.READY_FOR_QUERY);
      String call = "SELECT payload FROM aws_lambda.invoke('simple', $1::json)";
      client.send(new Parse("s", call, List.of())).send(new Query("BEGIN"));
      readThrough(client, BackendMessage.READY_FOR_QUERY);
      String payload = '"' + "x".repeat(PORTAL_BYTES) + '"';
      int bound = 0;
      String error = "";
      while (error.isEmpty() && bound < PORTALS) {
        client.send(
            FrontendMessage.BIND,
            "p" + bound + "\0s\0\0\0\0\1" + int32(payload.length()) + payload + "\0\0");
        client.send(new Flush());
        Peer.Received answer = client.read();
        if (answer.type() == BackendMessage.ERROR_RESPONSE) {
          error = answer.body();
        } else {
          assertThat(answer.type()).isEqualTo(BackendMessage.BIND_COMPLETE);
          bound++;
        }
      }

      assertThat(bound).isBetween(1, PORTALS - 1);
      assertThat(error)
          .contains("SERROR\0", "C53200\0", "Mout of memory\0", "Dpg-lambda-proxy cannot hold ");
      assertAnswers(other);
      client.send(new Sync());
      readThrough(client, BackendMessage.READY_FOR_QUERY);
      client.send(new Query("ROLLBACK"));
      readThrough(client, BackendMessage.READY_FOR_QUERY);
      client.send(
          new Query("SELECT payload FROM aws_lambda.invoke('simple', '{\"body\": 1}'::json)"));
      readThrough(client, BackendMessage.DATA_ROW);
      readThrough(client, BackendMessage.READY_FOR_QUERY);
      assertThat(proxy.isAlive()).isTrue();
      assertThat(proxy.err().lines()).isEmpty();
    }
    postgres.dropDatabase(database);
  }

  @Test
  void callsWithLargePayloadsAreServedOrRefused() throws Exception {
    PostgresServer postgres = postgres();
    String database = postgres.createDatabase();
    ExecutorService callers = Executors.newFixedThreadPool(CALLS);
    try (ProxyProcess proxy = proxy(postgres, 192);
        Connection other = proxy.connectTo(database);
        Statement installing = other.createStatement()) {
      installing.execute("CREATE EXTENSION aws_lambda CASCADE");
      List<Future<String>> outcomes = new ArrayList<>();
      for (int i = 0; i < CALLS; i++) {
        outcomes.add(callers.submit(call(proxy, database)));
      }
      assertAnswers(other);
      List<String> states = new ArrayList<>();
      for (Future<String> outcome : outcomes) {
        states.add(outcome.get());
      }

      assertThat(states).isSubsetOf("served", "53200").contains("served");
      assertThat(proxy.isAlive()).isTrue();
      assertThat(call(proxy, database).call()).isEqualTo("served");
    } finally {
      callers.shutdownNow();
    }
    postgres.dropDatabase(database);
  }

  private static Callable<String> call(ProxyProcess proxy, String database) {
    return () -> {
      try (Connection connection = proxy.connectTo(database);
          Statement statement = connection.createStatement();
          ResultSet row =
              statement.executeQuery(
                  "SELECT octet_length(payload::text) FROM aws_lambda.invoke('simple',"
                      + " json_build_object('body', repeat('x', %d)))".formatted(CALL_BYTES))) {
        row.next();
        return "served";
      } catch (SQLException e) {
        return e.getSQLState();
      }
    };
  }

  private static void assertAnswers(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT 1")) {
      assertThat(row.next()).isTrue();
    }
  }

  private static String int32(int value) {
    byte[] bytes = ByteBuffer.allocate(Integer.BYTES).putInt(value).array();
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private static void readThrough(Peer client, byte type) throws IOException {
    Peer.Received message;
    do {
      message = client.read();
      assertThat(message.type()).as(message.toString()).isNotEqualTo(BackendMessage.ERROR_RESPONSE);
    } while (message.type() != type);
  }
}
